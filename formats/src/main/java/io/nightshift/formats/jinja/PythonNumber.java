package io.nightshift.formats.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;

/** Python's numbers: a Long, a BigInteger where a Long does not do (it is written, not computed with), or a Double. */
final class PythonNumber {
    private static final int MOST_DIGITS = 17;
    private static final int LARGEST_PLAIN = 16;
    private static final int SMALLEST_PLAIN = -4;

    private PythonNumber() {}

    /** An integer as this package keeps it. */
    static Object integer(BigInteger value) {
        return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
    }

    /** Whether a value is a number; True and False are. */
    static boolean is(Object value) {
        return value instanceof Long || value instanceof Double || value instanceof Boolean || value instanceof BigInteger;
    }

    /** Whether a value is an integer, or True or False, which count as one. */
    static boolean isInteger(Object value) {
        return value instanceof Long || value instanceof Boolean;
    }

    /** The value of what {@link #isInteger is an integer}. */
    static long toLong(Object value) {
        return value instanceof Boolean truth ? (truth ? 1 : 0) : (Long) value;
    }

    /** The value of a number, as a float. */
    static double toDouble(Object value) {
        if (value instanceof BigInteger) {
            throw JinjaException.unsupported("computing with a number of more than 64 bits");
        }
        return value instanceof Double number ? number : toLong(value);
    }

    /** A float as Python writes it: the shortest digits that are read as the same number. */
    static String text(double value) {
        if (!Double.isFinite(value)) {
            throw JinjaException.unsupported("writing a number that is not finite");
        }
        if (value == 0) {
            return 1 / value < 0 ? "-0.0" : "0.0";
        }
        BigDecimal exact = new BigDecimal(value);
        BigDecimal shortest = exact;
        for (int digits = 1; digits <= MOST_DIGITS; digits++) {
            shortest = exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
            if (shortest.doubleValue() == value) {
                break;
            }
        }
        shortest = shortest.stripTrailingZeros();
        int exponent = shortest.precision() - shortest.scale() - 1;
        if (exponent >= SMALLEST_PLAIN && exponent < LARGEST_PLAIN) {
            String plain = shortest.toPlainString();
            return plain.indexOf('.') < 0 ? plain + ".0" : plain;
        }
        String digits = shortest.unscaledValue().abs().toString();
        return (value < 0 ? "-" : "") + digits.charAt(0) + (digits.length() > 1 ? "." + digits.substring(1) : "")
                + "e%s%02d".formatted(exponent < 0 ? "-" : "+", Math.abs(exponent));
    }
}
