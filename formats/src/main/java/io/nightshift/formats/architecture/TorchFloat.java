package io.nightshift.formats.architecture;

/**
 * Powers of 32-bit floats as PyTorch computes them on a CPU with vector units: by SLEEF's {@code powf} of 1.0 units in
 * the last place, which differs from the correctly rounded power once in a hundred. A power is exp(y log x), where the
 * logarithm and its multiple are sums of two floats (head and tail).
 */
final class TorchFloat {
    /** Elements that a vector loop of PyTorch takes at once; what is left over goes through the C library. */
    private static final int VECTOR_LOOP = 32;

    private static final float LOG2_E = 1.442695040888963407f;
    /** ln 2 as a sum whose first part is short enough for exact products with exponents. */
    private static final float LN2_SHORT = 0.693145751953125f;
    private static final float LN2_REST = 1.428606765330187045e-06f;
    private static final Pair LN2 = new Pair(0.69314718246459960938f, -1.904654323148236017e-09f);
    private static final Pair TWO_THIRDS = new Pair(0.66666662693023681640625f, 3.69183861259614332084311e-09f);

    private TorchFloat() {}

    /** base ** exponents[i], for a base and exponents from 0 to 1 as rope frequencies have them. */
    static float[] pow(float base, float[] exponents) {
        float[] powers = new float[exponents.length];
        int vectorized = exponents.length - exponents.length % VECTOR_LOOP;
        Pair logarithm = log(base);
        for (int i = 0; i < powers.length; i++) {
            powers[i] = i < vectorized
                    ? exp(logarithm.times(exponents[i]))
                    : (float) Math.pow(base, exponents[i]);
        }
        return powers;
    }

    private static Pair log(float x) {
        int exponent = Math.getExponent(x * (1 / 0.75f));
        float mantissa = Math.scalb(x, -exponent);
        Pair ratio = Pair.sum(-1, mantissa).over(Pair.sum(1, mantissa));
        Pair square = ratio.squared();
        float series = 0.240320354700088500976562f;
        series = Math.fma(series, square.head, 0.285112679004669189453125f);
        series = Math.fma(series, square.head, 0.400007992982864379882812f);
        Pair tail = square.times(ratio).times(square.times(series).plus(TWO_THIRDS));
        return LN2.times(exponent).plusSmaller(new Pair(ratio.head * 2, ratio.tail * 2)).plusSmaller(tail);
    }

    private static float exp(Pair x) {
        int exponent = (int) Math.rint((x.head + x.tail) * LOG2_E);
        Pair rest = x.plus(exponent * -LN2_SHORT).plus(exponent * -LN2_REST).normalized();
        float series = 0.00136324646882712841033936f;
        series = Math.fma(series, rest.head, 0.00836596917361021041870117f);
        series = Math.fma(series, rest.head, 0.0416710823774337768554688f);
        series = Math.fma(series, rest.head, 0.166665524244308471679688f);
        series = Math.fma(series, rest.head, 0.499999850988388061523438f);
        Pair sum = new Pair(1, 0).plusSmaller(rest.plusSmaller(rest.squared().times(series)));
        return Math.scalb(sum.head + sum.tail, exponent);
    }

    /** An unevaluated sum of two floats, in the operations that SLEEF has for processors with fused multiply-add. */
    private record Pair(float head, float tail) {
        static Pair sum(float x, float y) {
            return new Pair(x, 0).plus(y);
        }

        Pair plus(float y) {
            float sum = head + y;
            float part = sum - head;
            return new Pair(sum, head - (sum - part) + (y - part) + tail);
        }

        Pair plus(Pair y) {
            float sum = head + y.head;
            float part = sum - head;
            return new Pair(sum, head - (sum - part) + (y.head - part) + (tail + y.tail));
        }

        /** The sum, where the other is no larger in magnitude. */
        Pair plusSmaller(Pair y) {
            float sum = head + y.head;
            return new Pair(sum, head - sum + y.head + tail + y.tail);
        }

        Pair normalized() {
            float sum = head + tail;
            return new Pair(sum, head - sum + tail);
        }

        Pair times(float y) {
            float product = head * y;
            return new Pair(product, Math.fma(tail, y, Math.fma(head, y, -product)));
        }

        Pair times(Pair y) {
            float product = head * y.head;
            return new Pair(product, Math.fma(head, y.tail, Math.fma(tail, y.head, Math.fma(head, y.head, -product))));
        }

        Pair squared() {
            float product = head * head;
            return new Pair(product, Math.fma(head + head, tail, Math.fma(head, head, -product)));
        }

        Pair over(Pair y) {
            float inverse = 1 / y.head;
            float quotient = head * inverse;
            float error = Math.fma(inverse, head, -quotient);
            float correction = Math.fma(-y.tail, inverse, Math.fma(-y.head, inverse, 1));
            return new Pair(quotient, Math.fma(quotient, correction, Math.fma(tail, inverse, error)));
        }
    }
}
