package io.nightshift.jobs.output;

import io.nightshift.jobs.storage.LocalErrors;
import io.nightshift.jobs.storage.StorageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import org.apache.spark.SparkEnv;

/**
 * Writes parts to a file that the driver made. The first attempt at a part writes at its place; a later one, which is
 * rare, into a file of its own beside it, which the commit copies to that place if that attempt won.
 *
 * @param file the file's absolute path
 * @param target where it will be, for messages
 */
record LocalPartSink(String file, String target) implements PartSink {
    /** What is given to the channel at once: tasks that write one file in small pieces wait for each other. */
    private static final int BUFFER = 1 << 20;

    /** SparkContext.DRIVER_IDENTIFIER. */
    private static final String DRIVER = "driver";

    /** What a run is told whose upload is gone. */
    static final String TAKEN_OVER =
            "another run makes the same output and took over; let it end, then run again where something is missing";

    @Override
    public PartWriter open(Part part, int attempt) throws IOException {
        Path whole = Path.of(file);
        try {
            if (attempt == 0) {
                return new Writer(part, attempt, FileChannel.open(whole, StandardOpenOption.WRITE), part.position());
            }
            whole.getFileSystem().provider().checkAccess(whole);
            FileChannel own = FileChannel.open(
                    ofAttempt(whole, part, attempt),
                    StandardOpenOption.WRITE,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING);
            return new Writer(part, attempt, own, 0);
        } catch (NoSuchFileException e) {
            if (isDriver() || Files.isDirectory(whole.getParent())) {
                throw new StorageException(target, TAKEN_OVER, e);
            }
            // Its name is the driver's secret until it is renamed: a token for seeing the driver's folder.
            throw new StorageException(target, "an executor does not see the file that the driver began; write to a folder "
                    + "that all executors share, or to s3a:// or hdfs://", e);
        } catch (IOException e) {
            throw LocalErrors.explain(target, e);
        }
    }

    /** Whether tasks run in the driver, which sees its own folder. */
    private static boolean isDriver() {
        return SparkEnv.get() == null || SparkEnv.get().executorId().equals(DRIVER);
    }

    /** The file of its own that an attempt after the first one writes. */
    static Path ofAttempt(Path whole, Part part, int attempt) {
        return whole.resolveSibling(whole.getFileName() + "." + part.index() + "-" + attempt);
    }

    private final class Writer implements PartWriter {
        private final Part part;
        private final int attempt;
        private final FileChannel channel;
        private final long position;
        private final CRC32C crc = new CRC32C();
        private final ByteBuffer buffer;
        private long appended;
        private long written;

        Writer(Part part, int attempt, FileChannel channel, long position) {
            this.part = part;
            this.attempt = attempt;
            this.channel = channel;
            this.position = position;
            this.buffer = ByteBuffer.allocateDirect((int) Math.min(BUFFER, part.length()));
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            PartLength.requireRoom(part, appended, length);
            crc.update(bytes, offset, length);
            for (int done = 0; done < length; ) {
                int step = Math.min(length - done, buffer.remaining());
                buffer.put(bytes, offset + done, step);
                done += step;
                if (!buffer.hasRemaining()) {
                    flush();
                }
            }
            appended += length;
        }

        private void flush() throws IOException {
            buffer.flip();
            try {
                while (buffer.hasRemaining()) {
                    written += channel.write(buffer, position + written);
                }
            } catch (IOException e) {
                throw LocalErrors.explain(target, e);
            }
            buffer.clear();
        }

        @Override
        public PartReceipt finish() throws IOException {
            PartLength.requireFull(part, appended);
            flush();
            channel.close();
            return new PartReceipt(part, attempt, new byte[0], crc.getValue());
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
