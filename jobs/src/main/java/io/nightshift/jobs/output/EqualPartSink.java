package io.nightshift.jobs.output;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * Uploads to stores that take parts of equal length with consecutive numbers alone, such as Cloudflare R2. A task's part is cut
 * along that grid: what it has the whole of is uploaded as it is written; what it has at its two ends is kept beside the file,
 * and joined with the neighbours' before the commit ({@link Seam}). So tasks work as they do for other stores, several targets
 * at once, and no row is encoded twice; the price is that the ends are written and read once more.
 *
 * <p>All attempts at a part share its number, and write the same bytes. Memory of a writer: one part of the grid.
 *
 * @param upload where parts go
 * @param grid the parts that the store wants
 */
record EqualPartSink(PartUpload upload, PartGrid grid) implements PartSink {
    @Override
    public PartWriter open(Part part, int attempt) {
        return new Writer(part, attempt);
    }

    /**
     * What parts of the grid were given for their bytes, by the numbers that complete the upload.
     *
     * @param seams those of {@link #seams}, joined
     * @throws IllegalStateException if one is missing
     */
    Map<Integer, byte[]> handles(List<PartReceipt> receipts, List<SeamReceipt> seams) throws IOException {
        Map<Integer, byte[]> handles = new TreeMap<>();
        uploaded(receipts).forEach((index, handle) -> handles.put(index + 1, handle));
        seams.forEach(seam -> handles.put(seam.index() + 1, seam.handle()));
        if (handles.size() != grid.parts()) {
            throw new IllegalStateException(upload.name() + ": " + handles.size() + " equal parts, where " + grid.parts()
                    + " make up the file");
        }
        return handles;
    }

    /** The parts of the grid that tasks had the whole of, by their indexes. */
    private static Map<Integer, byte[]> uploaded(List<PartReceipt> receipts) throws IOException {
        Map<Integer, byte[]> uploaded = new TreeMap<>();
        for (PartReceipt receipt : receipts) {
            DataInputStream in = new DataInputStream(new ByteArrayInputStream(receipt.handle()));
            for (int left = in.readInt(); left > 0; left--) {
                int index = in.readInt();
                uploaded.put(index, in.readNBytes(in.readInt()));
            }
        }
        return uploaded;
    }

    /** What is left to be joined. */
    List<Seam> seams(List<PartReceipt> receipts) throws IOException {
        Map<Integer, List<String>> pieces = new TreeMap<>();
        for (PartReceipt receipt : receipts) {
            Part part = receipt.part();
            int last = grid.index(part.position() + part.length() - 1);
            for (int index = grid.index(part.position()); index <= last; index++) {
                pieces.computeIfAbsent(index, key -> new ArrayList<>()).add(SeamFiles.name(index, part, receipt.attempt()));
            }
        }
        pieces.keySet().removeAll(uploaded(receipts).keySet());
        return pieces.entrySet().stream().map(seam -> new Seam(upload, grid, seam.getKey(), seam.getValue())).toList();
    }

    private final class Writer implements PartWriter {
        private final Part part;
        private final int attempt;
        private final CRC32C crc = new CRC32C();
        private final Map<Integer, byte[]> uploaded = new TreeMap<>();
        private BlockBuffer buffer = new BlockBuffer();
        private long written;

        Writer(Part part, int attempt) {
            this.part = part;
            this.attempt = attempt;
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            PartLength.requireRoom(part, written, length);
            crc.update(bytes, offset, length);
            for (int done = 0; done < length; ) {
                int index = grid.index(part.position() + written);
                long end = Math.min(grid.end(index), part.position() + part.length());
                int count = (int) Math.min(length - done, end - part.position() - written);
                buffer.append(bytes, offset + done, count);
                done += count;
                written += count;
                if (part.position() + written == end) {
                    flush(index, end);
                }
            }
        }

        /** Everything of a part of the grid is there that this task has of it. */
        private void flush(int index, long end) throws IOException {
            if (buffer.length() == grid.end(index) - grid.start(index)) {
                uploaded.put(index, upload.put(index + 1, index == grid.parts() - 1, buffer));
            } else {
                new SeamFiles(upload).write(SeamFiles.name(index, part, attempt), buffer);
            }
            buffer = new BlockBuffer();
        }

        @Override
        public PartReceipt finish() throws IOException {
            PartLength.requireFull(part, written);
            ByteArrayOutputStream handle = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(handle);
            out.writeInt(uploaded.size());
            for (Map.Entry<Integer, byte[]> each : uploaded.entrySet()) {
                out.writeInt(each.getKey());
                out.writeInt(each.getValue().length);
                out.write(each.getValue());
            }
            return new PartReceipt(part, attempt, handle.toByteArray(), crc.getValue());
        }

        @Override
        public void close() {
            buffer = null;
        }
    }
}
