package io.nightshift.kernels.exl2;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * The words of a linear layer: {@code q_weight}, [rows of words, outputs], and {@code q_scale}, [groups, outputs / 8], both
 * little-endian words of 32 bits. Down a column of {@code q_weight} each group's values are one string of bits, lowest first.
 *
 * <p>Functions take a run of outputs and the place of its words, so that outputs may be packed in blocks and read in blocks.
 */
public final class PackedLinear {
    /** Outputs are padded to a multiple of this. */
    public static final int OUTPUTS = 32;

    private static final VarHandle WORD = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int CODES_A_WORD = 8;

    /** Outputs whose words are written side by side: a cache line of them. */
    private static final int TILE = 16;

    private PackedLinear() {}

    /** Outputs with their padding. */
    public static long paddedOutputs(long outputs) {
        return (outputs + OUTPUTS - 1) / OUTPUTS * OUTPUTS;
    }

    /**
     * The inverse of an order, as {@code q_invperm} has it.
     *
     * @param order channel at each place
     * @return place of each channel
     * @throws IllegalArgumentException if a number from 0 to their count is missing
     */
    public static int[] inverse(int[] order) {
        int[] inverse = new int[order.length];
        boolean[] seen = new boolean[order.length];
        for (int place = 0; place < order.length; place++) {
            int channel = order[place];
            if (channel < 0 || channel >= order.length || seen[channel]) {
                throw new IllegalArgumentException("place " + place + " holds " + channel + ": that is no permutation of "
                        + order.length + " channels");
            }
            seen[channel] = true;
            inverse[channel] = place;
        }
        return inverse;
    }

    /**
     * Packs values.
     *
     * @param order channel at each place of activation order
     * @param levels row-major, {@code outputs * channels} from {@code at}: for each weight its step, from -2^(bits-1) to
     *     2^(bits-1) - 1; channels in their own order
     * @param words receives the word of output o in row r at {@code wordsAt + r * rowBytes + 4 * o}
     * @throws IllegalArgumentException if a level does not fit its group's bits
     * @throws IndexOutOfBoundsException if an array is too short
     */
    public static void packWeights(GroupLayout layout, int[] order, byte[] levels, int at, int outputs, byte[] words,
            int wordsAt, int rowBytes) {
        int channels = layout.channels();
        Objects.checkFromIndexSize(at, Math.multiplyExact(outputs, channels), levels.length);
        for (int from = 0; from < outputs; from += TILE) {
            int to = Math.min(outputs, from + TILE);
            for (GroupLayout.Group group : layout.groups()) {
                int seen = 0;
                for (int place = group.first(); place < group.end(); place += GroupLayout.WORD_VALUES) {
                    int row = group.packedRow() + (place - group.first()) / GroupLayout.WORD_VALUES * group.bits();
                    for (int output = from; output < to; output++) {
                        seen |= packColumn(group, order, place, levels, at + output * channels, words,
                                wordsAt + row * rowBytes + Integer.BYTES * output, rowBytes);
                    }
                }
                if ((seen & ~group.largest()) != 0) {
                    throw new IllegalArgumentException("a level does not fit " + group.bits() + " bits");
                }
            }
        }
    }

    private static int packColumn(GroupLayout.Group group, int[] order, int place, byte[] levels, int at, byte[] words,
            int wordAt, int rowBytes) {
        int bits = group.bits();
        int zero = group.zero();
        long pending = 0;
        int filled = 0;
        int seen = 0;
        int to = wordAt;
        for (int i = place; i < place + GroupLayout.WORD_VALUES; i++) {
            int value = levels[at + order[i]] + zero;
            seen |= value;
            pending |= (long) value << filled;
            filled += bits;
            if (filled >= Integer.SIZE) {
                WORD.set(words, to, (int) pending);
                to += rowBytes;
                pending >>>= Integer.SIZE;
                filled -= Integer.SIZE;
            }
        }
        return seen;
    }

    /**
     * Packs codes of scales.
     *
     * @param codes [outputs, groups] from {@code at}, 0 to 15
     * @param outputs a multiple of 8
     * @param words receives the word of outputs 8w to 8w + 7 in group g at {@code wordsAt + g * rowBytes + 4 * w}
     * @throws IllegalArgumentException if a code is not from 0 to 15, or the outputs are no whole words
     */
    public static void packScales(byte[] codes, int at, int outputs, int groups, byte[] words, int wordsAt, int rowBytes) {
        if (outputs % CODES_A_WORD != 0) {
            throw new IllegalArgumentException(outputs + " outputs are no whole words of " + CODES_A_WORD);
        }
        int seen = 0;
        for (int group = 0; group < groups; group++) {
            for (int output = 0; output < outputs; output += CODES_A_WORD) {
                int word = 0;
                for (int i = 0; i < CODES_A_WORD; i++) {
                    int code = codes[at + (output + i) * groups + group];
                    seen |= code;
                    word |= code << 4 * i;
                }
                WORD.set(words, wordsAt + group * rowBytes + output / CODES_A_WORD * Integer.BYTES, word);
            }
        }
        if ((seen & ~15) != 0) {
            throw new IllegalArgumentException("a code is not from 0 to 15: four bits cannot hold it");
        }
    }

    /**
     * The weights of some outputs, exactly those that ExLlamaV2 computes with: halves as floats.
     *
     * @param inverse place of each channel in activation order, {@code q_invperm}
     * @param words of {@code q_weight}: output o in row r is at {@code wordsAt + r * rowBytes + 4 * o}
     * @param scales words of {@code q_scale}: those of group g begin at {@code scalesAt + g * scaleRowBytes}
     * @param firstOutput number of the first output within both, for its code's place within a word
     * @param maxima {@code q_scale_max}, a half a group
     * @param into receives {@code outputs * channels} weights, row-major, from {@code intoAt}
     * @throws IndexOutOfBoundsException if an array is too short
     */
    public static void dequantize(GroupLayout layout, int[] inverse, byte[] words, int wordsAt, int rowBytes, byte[] scales,
            int scalesAt, int scaleRowBytes, int firstOutput, int outputs, short[] maxima, float[] into, int intoAt) {
        int channels = layout.channels();
        int[] order = inverse(inverse);
        for (int g = 0; g < layout.groups().size(); g++) {
            GroupLayout.Group group = layout.groups().get(g);
            float[] table = SquaredScales.of(maxima[g]);
            for (int output = firstOutput; output < firstOutput + outputs; output++) {
                int word = (int) WORD.get(
                        scales, scalesAt + g * scaleRowBytes + output / CODES_A_WORD * Integer.BYTES);
                float scale = table[word >>> 4 * (output % CODES_A_WORD) & 15];
                int from = wordsAt + group.packedRow() * rowBytes + Integer.BYTES * output;
                int row = intoAt + (output - firstOutput) * channels;
                dequantizeColumn(group, order, words, from, rowBytes, scale, into, row);
            }
        }
    }

    private static void dequantizeColumn(GroupLayout.Group group, int[] order, byte[] words, int wordAt, int rowBytes,
            float scale, float[] into, int row) {
        float[] values = new float[group.largest() + 1];
        for (int value = 0; value < values.length; value++) {
            values[value] = SquaredScales.half((value - group.zero()) * scale);
        }
        long pending = 0;
        int filled = 0;
        int from = wordAt;
        for (int place = group.first(); place < group.end(); place++) {
            if (filled < group.bits()) {
                pending |= ((int) WORD.get(words, from) & 0xffffffffL) << filled;
                from += rowBytes;
                filled += Integer.SIZE;
            }
            into[row + order[place]] = values[(int) pending & group.largest()];
            pending >>>= group.bits();
            filled -= group.bits();
        }
    }
}
