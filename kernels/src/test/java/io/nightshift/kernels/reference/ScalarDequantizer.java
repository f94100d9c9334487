package io.nightshift.kernels.reference;

import io.nightshift.kernels.Codebooks;
import io.nightshift.kernels.Codebooks.Grid;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.dequantize.RowDequantizer;
import java.util.EnumSet;
import java.util.Set;

/** One weight of a block at a time, from the bits that say what it is. */
public record ScalarDequantizer(GgmlType type) implements RowDequantizer {
    /** The types that have weights. */
    public static Set<GgmlType> types() {
        return EnumSet.complementOf(
                EnumSet.of(GgmlType.I8, GgmlType.I16, GgmlType.I32, GgmlType.I64, GgmlType.F64));
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        for (int i = 0; i < count; i++) {
            int block = i / type.blockSize();
            Block bytes = new Block(blocks, blocksOffset + block * type.blockBytes());
            weights[weightsOffset + i] = weight(bytes, i % type.blockSize());
        }
    }

    private record Block(byte[] bytes, int offset) {
        int s8(int i) {
            return bytes[offset + i];
        }

        int u8(int i) {
            return s8(i) & 255;
        }

        int u16(int i) {
            return u8(i) | u8(i + 1) << 8;
        }

        int i32(int i) {
            return u16(i) | u16(i + 2) << 16;
        }

        /** A bit of the string of bits that starts at byte {@code i}. */
        int bit(int i, int bit) {
            return u8(i + bit / 8) >> bit % 8 & 1;
        }

        /** The low half of byte {@code i} plus {@code n} for n below {@code half}, from there on the high half. */
        int nibble(int i, int n, int half) {
            return n < half ? u8(i + n) & 15 : u8(i + n - half) >> 4;
        }

        float f16(int i) {
            return half(u16(i));
        }
    }

    private static float half(int bits) {
        int exponent = bits >> 10 & 31;
        int mantissa = bits & 1023;
        double magnitude = exponent == 0
                ? Math.scalb((double) mantissa, -24)
                : exponent == 31
                        ? (mantissa == 0 ? Double.POSITIVE_INFINITY : Double.NaN)
                        : Math.scalb(1024.0 + mantissa, exponent - 25);
        return (float) (bits >> 15 == 0 ? magnitude : -magnitude);
    }

    private float weight(Block b, int j) {
        return switch (type) {
            case F32 -> Float.intBitsToFloat(b.i32(0));
            case F16 -> b.f16(0);
            case BF16 -> Float.intBitsToFloat(b.u16(0) << 16);
            case Q8_0 -> b.s8(2 + j) * b.f16(0);
            case Q4_0 -> (b.nibble(2, j, 16) - 8) * b.f16(0);
            case Q4_1 -> b.nibble(4, j, 16) * b.f16(0) + b.f16(2);
            case Q5_0 -> (b.nibble(6, j, 16) + 16 * b.bit(2, j) - 16) * b.f16(0);
            case Q5_1 -> (b.nibble(8, j, 16) + 16 * b.bit(4, j)) * b.f16(0) + b.f16(2);
            case Q1_0 -> b.bit(2, j) == 1 ? b.f16(0) : -b.f16(0);
            case Q2_0 -> ((b.u8(2 + j / 4) >> 2 * (j % 4) & 3) - 1) * b.f16(0);
            case Q2_K -> q2k(b, j);
            case Q3_K -> q3k(b, j);
            case Q4_K -> q4k(b, j, b.nibble(16 + 32 * (j / 64), j % 64, 32));
            case Q5_K -> q4k(
                    b, j, b.nibble(48 + 32 * (j / 64), j % 64, 32) + 16 * (b.u8(16 + j % 32) >> j / 32 & 1));
            case Q6_K -> q6k(b, j);
            case TQ1_0 -> tq1(b, j);
            case TQ2_0 -> ((b.u8(32 * (j / 128) + j % 32) >> 2 * (j % 128 / 32) & 3) - 1) * b.f16(64);
            case IQ2_XXS -> iq2xxs(b, j);
            case IQ2_XS -> iq2xs(b, j);
            case IQ2_S -> iq2s(b, j);
            case IQ3_XXS -> iq3xxs(b, j);
            case IQ3_S -> iq3s(b, j);
            case IQ1_S -> iq1s(b, j);
            case IQ1_M -> iq1m(b, j);
            case IQ4_NL -> b.f16(0) * Codebooks.iq4nl()[b.nibble(2, j, 16)];
            case IQ4_XS -> iq4xs(b, j);
            case MXFP4 -> Codebooks.mxfp4()[b.nibble(1, j, 16)] * (float) Math.scalb(1.0, b.u8(0) - 128);
            default -> throw new IllegalArgumentException("no scalar reference of " + type);
        };
    }

    private static float q2k(Block b, int j) {
        int scales = b.u8(j / 16);
        int number = b.u8(16 + 32 * (j / 128) + j % 32) >> 2 * (j % 128 / 32) & 3;
        return b.f16(80) * (scales & 15) * number - b.f16(82) * (scales >> 4);
    }

    private static float q3k(Block b, int j) {
        int sub = j / 16;
        int scale = b.nibble(96, sub, 8) | (b.u8(104 + sub % 4) >> 2 * (sub / 4) & 3) << 4;
        int number = b.u8(32 + 32 * (j / 128) + j % 32) >> 2 * (j % 128 / 32) & 3;
        int third = b.u8(j % 32) >> j / 32 & 1;
        return b.f16(108) * (scale - 32) * (number + 4 * third - 4);
    }

    private static float q4k(Block b, int j, int number) {
        int sub = j / 32;
        int scale = sub < 4 ? b.u8(4 + sub) & 63 : b.u8(8 + sub) & 15 | b.u8(sub) >> 6 << 4;
        int minimum = sub < 4 ? b.u8(8 + sub) & 63 : b.u8(8 + sub) >> 4 | b.u8(4 + sub) >> 6 << 4;
        return b.f16(0) * scale * number - b.f16(2) * minimum;
    }

    private static float q6k(Block b, int j) {
        int half = j / 128;
        int n = j % 128;
        int low = b.nibble(64 * half, n, 64);
        int upper = b.u8(128 + 32 * half + n % 32) >> 2 * (n / 32) & 3;
        return b.f16(208) * b.s8(192 + j / 16) * ((low | upper << 4) - 32);
    }

    private static float tq1(Block b, int j) {
        int digit = j < 160 ? j / 32 : j < 240 ? (j - 160) / 16 : (j - 240) / 4;
        int at = j < 160 ? j % 32 : j < 240 ? 32 + (j - 160) % 16 : 48 + (j - 240) % 4;
        int shifted = b.u8(at);
        for (int i = 0; i < digit; i++) {
            shifted = shifted * 3 & 255;
        }
        return ((shifted * 3 >> 8) - 1) * b.f16(52);
    }

    private static float sign(int signs, int weight) {
        return (signs >> weight & 1) == 1 ? -1f : 1f;
    }

    private static float iq2xxs(Block b, int j) {
        int at = 2 + 8 * (j / 32);
        int l = j % 32 / 8;
        int signs = Codebooks.signs(b.i32(at + 4) >>> 7 * l & 127);
        float scale = b.f16(0) * (0.5f + (b.i32(at + 4) >>> 28)) * 0.25f;
        return scale * Grid.IQ2XXS.value(b.u8(at + l), j % 8) * sign(signs, j % 8);
    }

    private static float iq2xs(Block b, int j) {
        int bits = b.u16(2 + 2 * (j / 8));
        float scale = b.f16(0) * (0.5f + (b.u8(66 + j / 32) >> 4 * (j % 32 / 16) & 15)) * 0.25f;
        return scale * Grid.IQ2XS.value(bits & 511, j % 8) * sign(Codebooks.signs(bits >> 9), j % 8);
    }

    private static float iq2s(Block b, int j) {
        int point = b.u8(2 + j / 8) | (b.u8(66 + j / 32) >> 2 * (j % 32 / 8) & 3) << 8;
        float scale = b.f16(0) * (0.5f + (b.u8(74 + j / 32) >> 4 * (j % 32 / 16) & 15)) * 0.25f;
        return scale * Grid.IQ2S.value(point, j % 8) * sign(b.u8(34 + j / 8), j % 8);
    }

    private static float iq3xxs(Block b, int j) {
        int signs = b.i32(66 + 4 * (j / 32));
        float scale = b.f16(0) * (0.5f + (signs >>> 28)) * 0.5f;
        int minus = Codebooks.signs(signs >>> 7 * (j % 32 / 8) & 127);
        return scale * Grid.IQ3XXS.value(b.u8(2 + j / 4), j % 4) * sign(minus, j % 8);
    }

    private static float iq3s(Block b, int j) {
        int point = b.u8(2 + j / 4) | b.bit(66, j / 4) << 8;
        float scale = b.f16(0) * (1 + 2 * (b.u8(106 + j / 64) >> 4 * (j % 64 / 32) & 15));
        return scale * Grid.IQ3S.value(point, j % 4) * sign(b.u8(74 + j / 8), j % 8);
    }

    private static float iq1s(Block b, int j) {
        int upper = b.u16(34 + 2 * (j / 32));
        int point = b.u8(2 + j / 8) | (upper >> 3 * (j % 32 / 8) & 7) << 8;
        float shift = upper >> 15 == 1 ? -0.125f : 0.125f;
        return b.f16(0) * (2 * (upper >> 12 & 7) + 1) * (Grid.IQ1S.value(point, j % 8) + shift);
    }

    private static float iq1m(Block b, int j) {
        float d = half(b.u16(48) >> 12 | b.u16(50) >> 12 << 4 | b.u16(52) >> 12 << 8 | b.u16(54) >> 12 << 12);
        int scale = b.u16(48 + 2 * (j / 64)) >> 3 * (j % 64 / 16) & 7;
        int upper = b.u8(32 + j / 16) >> 4 * (j % 16 / 8) & 15;
        float shift = upper >> 3 == 1 ? -0.125f : 0.125f;
        return d * (2 * scale + 1) * (Grid.IQ1S.value(b.u8(j / 8) | (upper & 7) << 8, j % 8) + shift);
    }

    private static float iq4xs(Block b, int j) {
        int sub = j / 32;
        int scale = (b.u8(4 + sub / 2) >> 4 * (sub % 2) & 15) | (b.u16(2) >> 2 * sub & 3) << 4;
        return b.f16(0) * (scale - 32) * Codebooks.iq4nl()[b.nibble(8 + 16 * sub, j % 32, 16)];
    }
}
