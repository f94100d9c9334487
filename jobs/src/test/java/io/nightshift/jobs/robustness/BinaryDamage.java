package io.nightshift.jobs.robustness;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;

/**
 * Damages files of numbers.
 *
 * @param header bytes at the beginning that tell what the rest is
 * @param hasLengths whether the file says how long it is, so that no part of it can be missing
 */
record BinaryDamage(int header, boolean hasLengths) implements Damage.Damager {
    private static final long[] ODD = {
        0, 1, -1, Long.MAX_VALUE, Long.MIN_VALUE, Integer.MAX_VALUE, 1L << 32, 1L << 40, 1L << 62, 0x100000001L
    };

    @Override
    public Damage damage(byte[] content, Random random, int number) {
        int head = Math.min(header, content.length);
        switch (number % 10) {
            case 0 -> {
                int length = random.nextInt(content.length);
                return new Damage("cut", "to " + length + " bytes", Arrays.copyOf(content, length),
                        hasLengths || length == 0);
            }
            case 1 -> {
                int length = random.nextInt(head);
                return new Damage("cut in its header", "to " + length + " bytes", Arrays.copyOf(content, length),
                        hasLengths || length == 0);
            }
            case 2 -> {
                int length = Math.max(0, content.length - 1 - random.nextInt(8));
                return new Damage("cut at its end", "to " + length + " bytes", Arrays.copyOf(content, length), hasLengths);
            }
            case 3 -> {
                int at = random.nextInt(Math.max(1, head - Long.BYTES));
                long odd = ODD[random.nextInt(ODD.length)];
                byte[] damaged = content.clone();
                ByteBuffer.wrap(damaged).order(ByteOrder.LITTLE_ENDIAN).putLong(at, odd);
                return new Damage("an odd number in its header", odd + " at " + at, damaged, false);
            }
            case 4 -> {
                int at = random.nextInt(Math.max(1, head - Integer.BYTES));
                int odd = (int) ODD[random.nextInt(6)];
                byte[] damaged = content.clone();
                ByteBuffer.wrap(damaged).order(ByteOrder.LITTLE_ENDIAN).putInt(at, odd);
                return new Damage("an odd short number in its header", odd + " at " + at, damaged, false);
            }
            case 5 -> {
                int length = 1 + random.nextInt(Math.min(4096, content.length - 1));
                int from = random.nextInt(content.length - length);
                byte[] damaged = new byte[content.length - length];
                System.arraycopy(content, 0, damaged, 0, from);
                System.arraycopy(content, from + length, damaged, from, damaged.length - from);
                return new Damage("a piece missing", length + " bytes from " + from, damaged, hasLengths);
            }
            case 6 -> {
                byte[] damaged = new byte[content.length];
                boolean zeros = random.nextBoolean();
                if (!zeros) {
                    random.nextBytes(damaged);
                }
                return new Damage("other bytes", zeros ? "zeros" : "random ones", damaged, true);
            }
            case 7 -> {
                byte[] damaged = Arrays.copyOf(content, content.length + 1 + random.nextInt(100));
                return new Damage("bytes after its end", (damaged.length - content.length) + " of them", damaged, false);
            }
            default -> {
                byte[] damaged = content.clone();
                int count = 1 + random.nextInt(4);
                StringBuilder detail = new StringBuilder();
                for (int i = 0; i < count; i++) {
                    int at = random.nextInt(head);
                    damaged[at] ^= (byte) (1 << random.nextInt(8));
                    detail.append(' ').append(at);
                }
                return new Damage("flipped bits in its header", "at" + detail, damaged, false);
            }
        }
    }
}
