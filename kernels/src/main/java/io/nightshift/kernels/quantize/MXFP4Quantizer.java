package io.nightshift.kernels.quantize;

import io.nightshift.kernels.Codebooks;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * MXFP4: blocks of 32 numbers of 4 bits, a sign over one of eight magnitudes, and the exponent of their unit;
 * importance has no say (ggml-quants.c, quantize_row_mxfp4_ref).
 *
 * <p>Of two magnitudes equally near the lower is taken, and what is rounded to zero has no sign.
 */
final class MXFP4Quantizer implements RowQuantizer {
    private static final int SIZE = BlockExtremes.SIZE;
    private static final int LANES = Lanes.COUNT;
    private static final int CHUNK = 64;

    /** The middles between magnitudes, in units. */
    private static final float[] BOUNDS = bounds();

    private static final int SMALLEST_NORMAL = 0x00800000;
    private static final int NEARLY_TWICE = 0x007fff00;

    private final float[] magnitudes = new float[CHUNK];
    private final float[] units = new float[CHUNK];
    private final byte[] exponents = new byte[CHUNK];

    /** The numbers, 32 a block, and room for the last vector, which may be wider than what it holds. */
    private final byte[] levels = new byte[CHUNK * SIZE + Long.BYTES];

    @Override
    public GgmlType type() {
        return GgmlType.MXFP4;
    }

    @Override
    public void quantize(
            float[] weights,
            int weightsOffset,
            int rows,
            int columns,
            float[] importance,
            int importanceOffset,
            byte[] blocks,
            int blocksOffset) {
        int blockBytes = type().blockBytes();
        int count = Math.toIntExact(rows * type().rowBytes(columns) / blockBytes);
        for (int first = 0; first < count; first += CHUNK) {
            int chunk = Math.min(CHUNK, count - first);
            int from = weightsOffset + first * SIZE;
            int to = blocksOffset + first * blockBytes;
            BlockExtremes.magnitudes(weights, from, chunk, magnitudes);
            for (int block = 0; block < chunk; block++) {
                int exponent = exponent(magnitudes[block]);
                exponents[block] = (byte) exponent;
                units[block] = unit(exponent);
                round(weights, from + block * SIZE, units[block], levels, block * SIZE);
            }
            for (int block = 0; block < chunk; block++) {
                blocks[to] = exponents[block];
                LevelBlocks.writeNibbles(levels, block, 1, blocks, to + 1);
                to += blockBytes;
            }
        }
    }

    /**
     * The exponent, 127 more than it is, of the unit of a block with this largest magnitude: two less than that of the
     * magnitude, but that ggml takes it from a logarithm which is rounded to a float first, and that below 0 the low
     * eight bits are left.
     */
    static int exponent(float magnitude) {
        int bits = Float.floatToRawIntBits(magnitude);
        if (bits == 0) {
            return 0;
        }
        boolean near = bits < SMALLEST_NORMAL || (bits & NEARLY_TWICE) == NEARLY_TWICE;
        int exponent = near ? (int) Math.floor((float) (Math.log(magnitude) / Math.log(2))) : (bits >> 23) - 127;
        return exponent - 2 + 127 & 0xff;
    }

    /** Half of two to the exponent (ggml-impl.h, ggml_e8m0_to_fp32_half). */
    private static float unit(int exponent) {
        return Float.intBitsToFloat(exponent < 2 ? 0x00200000 << exponent : exponent - 1 << 23);
    }

    private static void round(float[] weights, int from, float unit, byte[] levels, int to) {
        for (int i = 0; i < SIZE; i += LANES) {
            IntVector bits = FloatVector.fromArray(Lanes.FLOAT, weights, from + i).reinterpretAsInts();
            IntVector magnitude = bits.and(Integer.MAX_VALUE);
            IntVector level = IntVector.zero(Lanes.INT);
            for (int k = 0; k < BOUNDS.length; k++) {
                // Bits of positive floats have the order of the floats.
                int bound = Float.floatToRawIntBits(BOUNDS[k] * unit);
                level = level.sub(magnitude.neg().add(bound).lanewise(VectorOperators.ASHR, 31));
            }
            IntVector used = level.neg().lanewise(VectorOperators.ASHR, 31);
            IntVector sign = bits.lanewise(VectorOperators.ASHR, 31).and(used).and(BOUNDS.length + 1);
            ((ByteVector) level.or(sign).convertShape(VectorOperators.I2B, Lanes.QUARTER_BYTE, 0))
                    .intoArray(levels, to + i);
        }
    }

    private static float[] bounds() {
        byte[] values = Codebooks.mxfp4();
        float[] bounds = new float[values.length / 2 - 1];
        for (int i = 0; i < bounds.length; i++) {
            bounds[i] = 0.5f * (values[i] + values[i + 1]);
        }
        return bounds;
    }
}
