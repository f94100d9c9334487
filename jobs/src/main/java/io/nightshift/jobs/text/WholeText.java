package io.nightshift.jobs.text;

import io.nightshift.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** A file of text, which is one document. */
final class WholeText implements TextReader {
    private final InputStream in;
    private boolean read;

    /**
     * Opens a file.
     *
     * @throws IOException if it cannot be read
     */
    WholeText(DataFile file, HadoopSettings settings) throws IOException {
        in = file.open(settings);
    }

    @Override
    public String next() throws IOException {
        if (read) {
            return null;
        }
        read = true;
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
