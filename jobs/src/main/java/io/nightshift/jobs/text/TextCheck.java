package io.nightshift.jobs.text;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.storage.FileSignature;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageErrors;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Whether a file is text at all. Reading puts a replacement character where bytes are no UTF-8; a text with such a
 * character, or one that no text has, gives rise to reading its file again, to say where it ceases to be text. A
 * Parquet file is none: its texts are taken as they are.
 */
final class TextCheck {
    private static final char REPLACEMENT = '\ufffd';

    private TextCheck() {}

    /** Whether a text looks as if its file were none. */
    static boolean isSuspicious(DataFile.Format format, String text) {
        return format != DataFile.Format.PARQUET && text.indexOf(REPLACEMENT) >= 0
                || format == DataFile.Format.TEXT && (text.indexOf(0) >= 0
                || FileSignature.of(text.substring(0, Math.min(text.length(), FileSignature.LENGTH))
                        .getBytes(StandardCharsets.UTF_8)).isPresent());
    }

    /**
     * Reads a file through, decompressed where its name says so.
     *
     * @throws InvalidModelException if it is not UTF-8, or holds a zero byte; the message names the place
     * @throws IOException if it cannot be read
     */
    static void require(DataFile file, HadoopSettings settings) throws IOException {
        try (InputStream in = file.open(settings)) {
            new Scan(file).run(in);
        } catch (IOException e) {
            throw StorageErrors.explain(file.path(), e);
        }
    }

    private static final class Scan {
        private final DataFile file;
        private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        private final ByteBuffer bytes = ByteBuffer.allocate(1 << 16);
        private final CharBuffer characters = CharBuffer.allocate(1 << 16);
        private long before;

        Scan(DataFile file) {
            this.file = file;
        }

        void run(InputStream in) throws IOException {
            boolean first = true;
            for (boolean ended = false; !ended; ) {
                int read = in.readNBytes(bytes.array(), bytes.position(), bytes.remaining());
                ended = read < bytes.remaining();
                bytes.position(bytes.position() + read).flip();
                if (first) {
                    refuseOther();
                    first = false;
                }
                refuseZero();
                decode(ended);
                before += bytes.position();
                bytes.compact();
            }
        }

        private void refuseOther() {
            byte[] start = new byte[Math.min(bytes.limit(), FileSignature.LENGTH)];
            bytes.duplicate().get(start);
            Optional<String> other = FileSignature.of(start);
            if (other.isPresent() && file.format() == DataFile.Format.TEXT) {
                throw new InvalidModelException(file.path() + ": is no text, but " + other.get());
            }
        }

        private void refuseZero() {
            for (int i = bytes.position(); i < bytes.limit(); i++) {
                if (bytes.get(i) == 0 && file.format() == DataFile.Format.TEXT) {
                    throw new InvalidModelException(file.path() + ": is no text: there is a zero byte at offset "
                            + (before + i) + "; give text in UTF-8");
                }
            }
        }

        private void decode(boolean ended) {
            CoderResult result;
            do {
                characters.clear();
                result = decoder.decode(bytes, characters, ended);
            } while (result.isOverflow());
            if (result.isError()) {
                throw new InvalidModelException(file.path() + ": is no text in UTF-8: byte 0x%02x at offset %d begins no"
                        .formatted(bytes.get(bytes.position()), before + bytes.position())
                        + " character; convert it (iconv -f LATIN1 -t UTF-8 for texts of western languages)");
            }
        }
    }
}
