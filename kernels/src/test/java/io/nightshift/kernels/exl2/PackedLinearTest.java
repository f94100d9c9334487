package io.nightshift.kernels.exl2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.kernels.HalfFloat;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PackedLinearTest {
    private static final int OUTPUTS = 64;
    private static final GroupLayout MIXED =
            GroupLayout.of(416, new int[] {8, 6, 5, 4, 3, 2}, new int[] {32, 64, 96, 64, 96, 128});

    private final SplittableRandom random = new SplittableRandom(1);
    private final int[] order = order(416);
    private final byte[] levels = levels(MIXED);
    private final byte[] codes = codes(MIXED);
    private final short[] maxima = maxima(MIXED);

    @Test
    void weightsAreThoseOfTheBitString() {
        byte[] words = words(MIXED, levels);
        byte[] scales = scales(MIXED, codes);
        float[] weights = new float[OUTPUTS * 416];
        PackedLinear.dequantize(MIXED, PackedLinear.inverse(order), words, 0, OUTPUTS * 4, scales, 0, OUTPUTS / 2, 0,
                OUTPUTS, maxima, weights, 0);
        float[] expected = new float[weights.length];
        for (int output = 0; output < OUTPUTS; output++) {
            for (int g = 0; g < MIXED.groups().size(); g++) {
                GroupLayout.Group group = MIXED.groups().get(g);
                for (int place = group.first(); place < group.end(); place++) {
                    int value = bits(words, group, place - group.first(), output);
                    assertEquals(levels[output * 416 + order[place]] + group.zero(), value);
                    expected[output * 416 + order[place]] = value(value - group.zero(), codes[output * 6 + g], maxima[g]);
                }
            }
        }
        assertArrayEquals(expected, weights);
    }

    /** The decoder's formula, as shared/tools/exl2_decode.py has it. */
    private static float value(int step, int code, short maximum) {
        float scale = half((code + 1) * (code + 1) * half(HalfFloat.toFloat(maximum) / 256));
        return half(step * scale);
    }

    private static float half(float value) {
        return HalfFloat.toFloat(HalfFloat.fromFloat(value));
    }

    /** Value i of a group, bit for bit. */
    private static int bits(byte[] words, GroupLayout.Group group, int i, int output) {
        ByteBuffer buffer = ByteBuffer.wrap(words).order(ByteOrder.LITTLE_ENDIAN);
        int value = 0;
        for (int bit = 0; bit < group.bits(); bit++) {
            int at = i * group.bits() + bit;
            int word = buffer.getInt(4 * ((group.packedRow() + at / 32) * OUTPUTS + output));
            value |= (word >>> at % 32 & 1) << bit;
        }
        return value;
    }

    @Test
    void outputsMayBePackedAndReadInBlocks() {
        byte[] words = words(MIXED, levels);
        byte[] scales = scales(MIXED, codes);
        byte[] inBlocks = new byte[words.length];
        byte[] scalesInBlocks = new byte[scales.length];
        for (int from = 0; from < OUTPUTS; from += 24) {
            int count = Math.min(24, OUTPUTS - from);
            PackedLinear.packWeights(MIXED, order, levels, from * 416, count, inBlocks, 4 * from, OUTPUTS * 4);
            PackedLinear.packScales(codes, from * 6, count, 6, scalesInBlocks, from / 2, OUTPUTS / 2);
        }
        assertArrayEquals(words, inBlocks);
        assertArrayEquals(scales, scalesInBlocks);
        float[] whole = new float[OUTPUTS * 416];
        PackedLinear.dequantize(MIXED, PackedLinear.inverse(order), words, 0, OUTPUTS * 4, scales, 0, OUTPUTS / 2, 0,
                OUTPUTS, maxima, whole, 0);
        float[] some = new float[10 * 416];
        PackedLinear.dequantize(MIXED, PackedLinear.inverse(order), words, 0, OUTPUTS * 4, scales, 0, OUTPUTS / 2, 13, 10,
                maxima, some, 0);
        assertArrayEquals(Arrays.copyOfRange(whole, 13 * 416, 23 * 416), some);
    }

    @Test
    void theTableGivesTheLayoutBack() {
        assertEquals(MIXED, GroupLayout.ofTable(416, MIXED.table(), MIXED.packedRows()));
        assertEquals(8 + 12 + 15 + 8 + 9 + 4, MIXED.packedRows());
        GroupLayout shortened = GroupLayout.of(96, new int[] {4}, new int[] {128});
        assertEquals(96, shortened.groups().get(0).size());
        assertEquals(shortened, GroupLayout.ofTable(96, shortened.table(), 12));
    }

    @Test
    void whatDoesNotFitIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> GroupLayout.of(100, new int[] {4}, new int[] {128}));
        assertThrows(IllegalArgumentException.class, () -> GroupLayout.of(128, new int[] {7}, new int[] {128}));
        assertThrows(IllegalArgumentException.class, () -> GroupLayout.of(256, new int[] {4}, new int[] {128}));
        assertThrows(IllegalArgumentException.class, () -> GroupLayout.ofTable(128, new short[] {4, 1}, 17));
        assertThrows(IllegalArgumentException.class, () -> GroupLayout.ofTable(128, new short[] {4, 0, 4, 8}, 12));
        assertThrows(IllegalArgumentException.class, () -> PackedLinear.inverse(new int[] {0, 0}));
        levels[0] = 127;
        levels[416] = 127;
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> words(
                GroupLayout.of(416, new int[] {4}, new int[] {416}), levels));
        assertTrue(refused.getMessage().contains("4 bits"));
    }

    private byte[] words(GroupLayout layout, byte[] values) {
        byte[] words = new byte[layout.packedRows() * OUTPUTS * 4];
        PackedLinear.packWeights(layout, order, values, 0, OUTPUTS, words, 0, OUTPUTS * 4);
        return words;
    }

    private static byte[] scales(GroupLayout layout, byte[] codes) {
        int groups = layout.groups().size();
        byte[] words = new byte[groups * OUTPUTS / 2];
        PackedLinear.packScales(codes, 0, OUTPUTS, groups, words, 0, OUTPUTS / 2);
        return words;
    }

    private int[] order(int channels) {
        int[] shuffled = IntStream.range(0, channels).toArray();
        for (int i = channels - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swapped = shuffled[i];
            shuffled[i] = shuffled[j];
            shuffled[j] = swapped;
        }
        return shuffled;
    }

    private byte[] levels(GroupLayout layout) {
        byte[] made = new byte[OUTPUTS * layout.channels()];
        for (GroupLayout.Group group : layout.groups()) {
            for (int place = group.first(); place < group.end(); place++) {
                for (int output = 0; output < OUTPUTS; output++) {
                    made[output * layout.channels() + order[place]] =
                            (byte) (random.nextInt(group.largest() + 1) - group.zero());
                }
            }
        }
        return made;
    }

    private byte[] codes(GroupLayout layout) {
        byte[] made = new byte[OUTPUTS * layout.groups().size()];
        for (int i = 0; i < made.length; i++) {
            made[i] = (byte) random.nextInt(16);
        }
        return made;
    }

    /** From denormal scales to large ones. */
    private short[] maxima(GroupLayout layout) {
        short[] made = new short[layout.groups().size()];
        for (int i = 0; i < made.length; i++) {
            made[i] = HalfFloat.fromFloat((float) (random.nextDouble() * Math.pow(10, 1 - i)));
        }
        return made;
    }
}
