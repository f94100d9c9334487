package io.nightshift.kernels.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MXFP4ExponentTest {
    /**
     * How many floats below a power of two count as that power already, for their logarithm is rounded up to it: taken
     * from log2f of glibc.
     */
    @ParameterizedTest
    @CsvSource({
        "-125, 44", "-65, 44", "-64, 44", "-63, 22", "-33, 22", "-32, 22", "-31, 11", "-10, 5", "-8, 5", "-7, 2",
        "-4, 2", "-3, 1", "-2, 1", "-1, 0", "0, 0", "1, 0", "2, 0", "3, 1", "4, 1", "5, 2", "8, 2", "9, 5", "16, 5", "17, 11",
        "32, 11", "33, 22", "64, 22", "65, 44", "127, 44"
    })
    void isTakenFromALogarithmThatIsRounded(int power, int floats) {
        int bits = Float.floatToRawIntBits(Math.scalb(1f, power));
        assertEquals(power + 125, MXFP4Quantizer.exponent(Float.intBitsToFloat(bits)));
        assertEquals(power + 125, MXFP4Quantizer.exponent(Float.intBitsToFloat(bits - floats)));
        assertEquals(power + 124 & 0xff, MXFP4Quantizer.exponent(Float.intBitsToFloat(bits - floats - 1)));
    }
}
