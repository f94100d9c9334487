package io.nightshift.kernels;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Objects;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Finds blocks that no weights can be made of: infinities and NaNs in numbers that stand by themselves or scale others.
 * What {@code ggml_validate_row_data} checks when a file is loaded, for every type.
 */
public final class BlockValidator {
    private static final VarHandle SHORT =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle DOUBLE =
            MethodHandles.byteArrayViewVarHandle(double[].class, ByteOrder.LITTLE_ENDIAN);

    /** The exponents of infinities and NaNs. */
    private static final int F16_EXPONENT = 0x7c00;

    private static final int BF16_EXPONENT = 0x7f80;
    private static final int F32_EXPONENT = 0x7f800000;
    private static final byte E8M0_NAN = (byte) 0xff;

    private BlockValidator() {}

    /**
     * The first block that is not valid.
     *
     * @param type the type of the blocks
     * @param blocks whole blocks, one after another
     * @param offset index of the first byte
     * @param length bytes, a multiple of the type's block
     * @return the index of a block, from 0, or -1 if all are valid
     * @throws IllegalArgumentException if {@code length} is not whole blocks
     * @throws IndexOutOfBoundsException if the array is too short
     */
    public static int firstInvalidBlock(GgmlType type, byte[] blocks, int offset, int length) {
        if (length % type.blockBytes() != 0) {
            throw new IllegalArgumentException(
                    length + " bytes are not whole blocks of " + type + " (" + type.blockBytes() + " bytes)");
        }
        Objects.checkFromIndexSize(offset, length, blocks.length);
        int end = offset + length;
        int at = switch (type) {
            case I8, I16, I32, I64 -> -1;
            case F16 -> firstSpecial16(F16_EXPONENT, blocks, offset, end);
            case BF16 -> firstSpecial16(BF16_EXPONENT, blocks, offset, end);
            case F32 -> firstSpecial32(blocks, offset, end);
            case F64 -> firstSpecial64(blocks, offset, end);
            case MXFP4 -> firstNanExponent(type.blockBytes(), blocks, offset, end);
            case IQ1_M -> firstSpecialIq1m(blocks, offset, end);
            case Q4_1, Q5_1, Q4_K, Q5_K -> firstSpecialScale(type, 0, 2, blocks, offset, end);
            case Q2_K -> firstSpecialScale(type, 80, 82, blocks, offset, end);
            case Q3_K, Q6_K, TQ1_0, TQ2_0 -> {
                int last = type.blockBytes() - 2;
                yield firstSpecialScale(type, last, last, blocks, offset, end);
            }
            case Q1_0, Q2_0, Q4_0, Q5_0, Q8_0, IQ1_S, IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS, IQ3_S, IQ4_NL, IQ4_XS ->
                firstSpecialScale(type, 0, 0, blocks, offset, end);
        };
        return at < 0 ? -1 : (at - offset) / type.blockBytes();
    }

    private static int firstSpecialScale(GgmlType type, int scale, int other, byte[] blocks, int offset, int end) {
        int step = type.blockBytes();
        for (int at = offset; at < end; at += step) {
            if (isSpecial(int16(blocks, at + scale)) || isSpecial(int16(blocks, at + other))) {
                return at;
            }
        }
        return -1;
    }

    private static boolean isSpecial(int half) {
        return (half & F16_EXPONENT) == F16_EXPONENT;
    }

    /** IQ1_M has a quarter of its scale in the upper bits of each of the last four 16-bit numbers. */
    private static int firstSpecialIq1m(byte[] blocks, int offset, int end) {
        int step = GgmlType.IQ1_M.blockBytes();
        for (int at = offset; at < end; at += step) {
            // The exponent's five bits: the upper two of the third quarter, the lower three of the fourth.
            if ((int16(blocks, at + 52) & 0xc000) == 0xc000 && (int16(blocks, at + 54) & 0x7000) == 0x7000) {
                return at;
            }
        }
        return -1;
    }

    private static int firstNanExponent(int step, byte[] blocks, int offset, int end) {
        for (int at = offset; at < end; at += step) {
            if (blocks[at] == E8M0_NAN) {
                return at;
            }
        }
        return -1;
    }

    private static int firstSpecial16(int exponent, byte[] numbers, int offset, int end) {
        int at = offset;
        short bits = (short) exponent;
        int step = Lanes.BYTE.length();
        while (at <= end - step
                && !ByteVector.fromArray(Lanes.BYTE, numbers, at)
                        .reinterpretAsShorts()
                        .and(bits)
                        .compare(VectorOperators.EQ, bits)
                        .anyTrue()) {
            at += step;
        }
        for (; at < end; at += Short.BYTES) {
            if ((int16(numbers, at) & exponent) == exponent) {
                return at;
            }
        }
        return -1;
    }

    private static int firstSpecial32(byte[] numbers, int offset, int end) {
        int at = offset;
        int step = Lanes.BYTE.length();
        while (at <= end - step
                && !ByteVector.fromArray(Lanes.BYTE, numbers, at)
                        .reinterpretAsInts()
                        .and(F32_EXPONENT)
                        .compare(VectorOperators.EQ, F32_EXPONENT)
                        .anyTrue()) {
            at += step;
        }
        for (; at < end; at += Integer.BYTES) {
            if (((int) INT.get(numbers, at) & F32_EXPONENT) == F32_EXPONENT) {
                return at;
            }
        }
        return -1;
    }

    /** As ggml does it: a double that is infinite as a float is not valid. */
    private static int firstSpecial64(byte[] numbers, int offset, int end) {
        for (int at = offset; at < end; at += Double.BYTES) {
            if (!Float.isFinite((float) (double) DOUBLE.get(numbers, at))) {
                return at;
            }
        }
        return -1;
    }

    private static int int16(byte[] bytes, int offset) {
        return (short) SHORT.get(bytes, offset);
    }
}
