package io.nightshift.jobs.output;

import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Bytes kept in blocks that are taken as they arrive: no growing array is copied, no large one has to be found. */
final class BlockBuffer {
    private static final int BLOCK = 256 << 10;

    private final List<byte[]> blocks = new ArrayList<>();
    private long length;

    long length() {
        return length;
    }

    void append(byte[] bytes, int offset, int count) {
        Objects.checkFromIndexSize(offset, count, bytes.length);
        for (int done = 0; done < count; ) {
            int at = (int) (length % BLOCK);
            if (at == 0) {
                blocks.add(new byte[BLOCK]);
            }
            int step = Math.min(BLOCK - at, count - done);
            System.arraycopy(bytes, offset + done, blocks.get(blocks.size() - 1), at, step);
            done += step;
            length += step;
        }
    }

    /** The bytes from the first one on. It can be reset to any mark, so that a client can send them again. */
    InputStream stream() {
        return new Blocks();
    }

    private final class Blocks extends InputStream {
        private long position;
        private long mark;

        @Override
        public int read() {
            if (position == length) {
                return -1;
            }
            int value = blocks.get((int) (position / BLOCK))[(int) (position % BLOCK)] & 0xff;
            position++;
            return value;
        }

        @Override
        public int read(byte[] into, int offset, int count) {
            Objects.checkFromIndexSize(offset, count, into.length);
            if (position == length) {
                return count == 0 ? 0 : -1;
            }
            int at = (int) (position % BLOCK);
            int step = (int) Math.min(Math.min(count, BLOCK - at), length - position);
            System.arraycopy(blocks.get((int) (position / BLOCK)), at, into, offset, step);
            position += step;
            return step;
        }

        @Override
        public long skip(long count) {
            long step = Math.max(0, Math.min(count, length - position));
            position += step;
            return step;
        }

        @Override
        public int available() {
            return (int) Math.min(Integer.MAX_VALUE, length - position);
        }

        @Override
        public boolean markSupported() {
            return true;
        }

        @Override
        public void mark(int limit) {
            mark = position;
        }

        @Override
        public void reset() {
            position = mark;
        }
    }
}
