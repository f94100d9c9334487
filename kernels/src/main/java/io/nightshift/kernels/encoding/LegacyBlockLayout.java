package io.nightshift.kernels.encoding;

import io.nightshift.kernels.Codebooks;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.rounding.IntegerLevels;
import io.nightshift.kernels.rounding.Levels;
import io.nightshift.kernels.rounding.TableLevels;
import java.util.Arrays;
import java.util.List;

/**
 * Blocks of 32 weights: a scale, with Q4_1 and Q5_1 a minimum, then, of 5-bit types, a word of fifth bits, then the lower
 * four bits, those of weights 16 apart in a byte. Q8_0 has a byte a weight.
 */
final class LegacyBlockLayout extends BlockLayout {
    private static final int SIZE = 32;

    private final boolean minimum;
    private final int bits;
    private final int bias;

    private LegacyBlockLayout(GgmlType type, int bits, boolean minimum, int bias, Levels levels) {
        super(type, SIZE, levels);
        this.bits = bits;
        this.minimum = minimum;
        this.bias = bias;
    }

    static List<BlockLayout> all() {
        return List.of(
                new LegacyBlockLayout(GgmlType.Q4_0, 4, false, 8, new IntegerLevels(-8, 7)),
                new LegacyBlockLayout(GgmlType.Q4_1, 4, true, 0, new IntegerLevels(0, 15)),
                new LegacyBlockLayout(GgmlType.Q5_0, 5, false, 16, new IntegerLevels(-16, 15)),
                new LegacyBlockLayout(GgmlType.Q5_1, 5, true, 0, new IntegerLevels(0, 31)),
                new LegacyBlockLayout(GgmlType.Q8_0, 8, false, 0, new IntegerLevels(-128, 127)),
                new LegacyBlockLayout(GgmlType.IQ4_NL, 4, false, 0, nonlinearLevels()));
    }

    /** The sixteen numbers of IQ4_NL and IQ4_XS. */
    static Levels nonlinearLevels() {
        byte[] table = Codebooks.iq4nl();
        float[] numbers = new float[table.length];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = table[i];
        }
        return new TableLevels(numbers);
    }

    @Override
    void readScales(byte[] blocks, int block, float[] scales, float[] offsets, int group) {
        scales[group] = BlockFields.half(blocks, block);
        offsets[group] = minimum ? BlockFields.half(blocks, block + 2) : 0;
    }

    @Override
    void writeLevels(byte[] levels, int first, byte[] blocks, int block) {
        int at = block + (minimum ? 4 : 2);
        if (bits == 8) {
            System.arraycopy(levels, first, blocks, at, SIZE);
            return;
        }
        if (bits == 5) {
            Arrays.fill(blocks, at, at + 4, (byte) 0);
            for (int i = 0; i < SIZE; i++) {
                blocks[at + i / 8] |= (byte) ((levels[first + i] + bias >> 4) << i % 8);
            }
            at += 4;
        }
        for (int i = 0; i < SIZE / 2; i++) {
            int low = levels[first + i] + bias & 15;
            int high = levels[first + SIZE / 2 + i] + bias & 15;
            blocks[at + i] = (byte) (low | high << 4);
        }
    }
}
