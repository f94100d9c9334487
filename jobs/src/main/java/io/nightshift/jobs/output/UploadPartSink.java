package io.nightshift.jobs.output;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * Uploads parts as tasks write them. S3 keeps the last upload under a part number, and
 * refuses to complete with the tag of an earlier one; so each attempt has a number of its own, and only the numbers of
 * the attempts that won are listed in the completion.
 *
 * @param upload where parts go
 * @param parts number of parts of the file
 * @param numbersPerPart how many numbers each part has; attempts beyond take turns at them
 */
record UploadPartSink(PartUpload upload, int parts, int numbersPerPart) implements PartSink {
    /** S3's limit. */
    static final int MAX_PART_NUMBER = 10_000;

    /** Each attempt of a task that is tried up to four times has a number of its own. */
    private static final int LEAST_NUMBERS_PER_PART = 4;

    /** The most parts that a file may have, so that each has as many numbers as it needs. */
    static final int MAX_PARTS = MAX_PART_NUMBER / LEAST_NUMBERS_PER_PART;

    /** As many numbers as a file has room for, a power of two: then early attempts do not share one. */
    static int numbersPerPart(int parts) {
        return Integer.highestOneBit(MAX_PART_NUMBER / parts);
    }

    @Override
    public PartWriter open(Part part, int attempt) {
        return new Writer(part, attempt);
    }

    /** What the attempts that won were given for their bytes, by the numbers that complete the upload. */
    Map<Integer, byte[]> handles(List<PartReceipt> receipts) {
        Map<Integer, byte[]> handles = new TreeMap<>();
        receipts.forEach(receipt -> handles.put(number(receipt.part(), receipt.attempt()), receipt.handle()));
        return handles;
    }

    /** The part number of an attempt, from 1; in the order of the parts. */
    int number(Part part, int attempt) {
        return 1 + part.index() * numbersPerPart + attempt % numbersPerPart;
    }

    private final class Writer implements PartWriter {
        private final Part part;
        private final int attempt;
        private final CRC32C crc = new CRC32C();
        private BlockBuffer buffer = new BlockBuffer();

        Writer(Part part, int attempt) {
            this.part = part;
            this.attempt = attempt;
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            PartLength.requireRoom(part, buffer.length(), length);
            buffer.append(bytes, offset, length);
            crc.update(bytes, offset, length);
        }

        @Override
        public PartReceipt finish() throws IOException {
            PartLength.requireFull(part, buffer.length());
            byte[] handle = upload.put(number(part, attempt), part.index() == parts - 1, buffer);
            return new PartReceipt(part, attempt, handle, crc.getValue());
        }

        @Override
        public void close() {
            buffer = null;
        }
    }
}
