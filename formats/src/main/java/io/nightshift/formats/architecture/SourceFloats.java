package io.nightshift.formats.architecture;

import io.nightshift.kernels.BF16;
import io.nightshift.kernels.BlockValidator;
import io.nightshift.kernels.F16;
import io.nightshift.kernels.F32;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.dequantize.Dequantizers;

/** Weights as {@link RowReader} gives them, as floats; each is checked on the way. */
public final class SourceFloats {
    private SourceFloats() {}

    /**
     * Turns weights into floats.
     *
     * @param type BF16, F16, F32 or MXFP4
     * @param source bytes from an offset
     * @param target receives so many floats from an offset; of MXFP4 whole blocks
     * @return index of the first that is infinite or NaN (of MXFP4 the first of its block), or -1 if all are finite
     */
    public static int read(GgmlType type, byte[] source, int offset, float[] target, int targetOffset, int count) {
        return switch (type) {
            case BF16 -> BF16.toFloats(source, offset, target, targetOffset, count);
            case F16 -> F16.toFloats(source, offset, target, targetOffset, count);
            case F32 -> F32.toFloats(source, offset, target, targetOffset, count);
            case MXFP4 -> {
                Dequantizers.of(type).dequantize(source, offset, target, targetOffset, count);
                yield firstNonFinite(type, source, offset, count);
            }
            default -> throw new IllegalArgumentException("weights are not read as " + type);
        };
    }

    /** Index of the first weight that is infinite or NaN, or -1 if all are finite; bytes stay bytes. */
    public static int firstNonFinite(GgmlType type, byte[] source, int offset, int count) {
        return switch (type) {
            case BF16 -> BF16.firstNonFinite(source, offset, count);
            case F16 -> F16.firstNonFinite(source, offset, count);
            default -> {
                int block = BlockValidator.firstInvalidBlock(type, source, offset, Math.toIntExact(type.rowBytes(count)));
                yield block < 0 ? -1 : block * type.blockSize();
            }
        };
    }
}
