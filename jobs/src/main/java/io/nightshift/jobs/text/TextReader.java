package io.nightshift.jobs.text;

import java.io.Closeable;
import java.io.IOException;

/** The texts of a file, one after the other: what is wanted of a corpus is mostly its beginning. */
interface TextReader extends Closeable {
    /**
     * The next text.
     *
     * @return null behind the last
     * @throws IOException if the file cannot be read
     * @throws io.nightshift.formats.InvalidModelException if it cannot be understood
     */
    String next() throws IOException;
}
