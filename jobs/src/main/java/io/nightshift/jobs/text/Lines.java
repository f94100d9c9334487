package io.nightshift.jobs.text;

import io.nightshift.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.util.LineReader;

/** The lines of a file, ended by LF, CR or both, without a byte order mark: those that Spark makes of it. */
final class Lines implements TextReader {
    private static final String BYTE_ORDER_MARK = "\ufeff";

    private final LineReader lines;
    private final Text line = new Text();
    private long number;

    /**
     * Opens a file.
     *
     * @throws IOException if it cannot be read
     */
    Lines(DataFile file, HadoopSettings settings) throws IOException {
        lines = new LineReader(file.open(settings));
    }

    @Override
    public String next() throws IOException {
        if (lines.readLine(line) == 0) {
            return null;
        }
        String text = new String(line.getBytes(), 0, line.getLength(), StandardCharsets.UTF_8);
        number++;
        return number == 1 && text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text;
    }

    /** The number of the line that was read last, from 1. */
    long number() {
        return number;
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
