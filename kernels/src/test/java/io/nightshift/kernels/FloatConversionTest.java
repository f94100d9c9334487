package io.nightshift.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.nightshift.kernels.reference.ScalarHalf;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** F32, F16 and BF16 bytes to floats and back, on every number, every length and with what is not finite. */
class FloatConversionTest {
    private static final int WORDS = 1 << 16;
    private static final byte[] ALL_WORDS = allWords();

    @Test
    void everyHalfBecomesTheFloatThatEqualsIt() {
        float[] floats = new float[WORDS];
        assertEquals(0x7c00, F16.toFloats(ALL_WORDS, 0, floats, 0, WORDS));
        for (int word = 0; word < WORDS; word++) {
            assertSameFloat(ScalarHalf.fromF16((short) word), floats[word]);
        }
    }

    @Test
    void everyBrainFloatBecomesTheFloatThatEqualsIt() {
        float[] floats = new float[WORDS];
        assertEquals(0x7f80, BF16.toFloats(ALL_WORDS, 0, floats, 0, WORDS));
        for (int word = 0; word < WORDS; word++) {
            assertSameFloat(ScalarHalf.fromBF16((short) word), floats[word]);
        }
    }

    @Test
    void everyBrainFloatBecomesTheNearestHalf() {
        byte[] halves = new byte[2 * WORDS];
        assertEquals(0x7f80, BF16.toF16(ALL_WORDS, 0, halves, 0, WORDS));
        for (int word = 0; word < WORDS; word++) {
            assertEquals(ScalarHalf.toF16(ScalarHalf.fromBF16((short) word)), word(halves, word));
        }
    }

    @Test
    void floatsRoundToTheNearestHalfAndBrainFloat() {
        float[] floats = floatsNearTies();
        byte[] halves = new byte[2 * floats.length];
        byte[] brain = new byte[2 * floats.length];
        F16.fromFloats(floats, 0, halves, 0, floats.length);
        BF16.fromFloats(floats, 0, brain, 0, floats.length);
        for (int i = 0; i < floats.length; i++) {
            float value = floats[i];
            assertEquals(ScalarHalf.toF16(value), word(halves, i), () -> Float.toHexString(value));
            assertEquals(ScalarHalf.toBF16(value), word(brain, i), () -> Float.toHexString(value));
        }
    }

    @Test
    void theFirstNumberThatIsNotFiniteIsFoundAtEveryPlace() {
        float[] bad = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.intBitsToFloat(0xffc00001)};
        for (int count = 0; count < 150; count++) {
            for (int place = -1; place < count; place++) {
                float[] floats = new float[count + 4];
                // What stands around the range is no concern.
                Arrays.fill(floats, Float.NaN);
                Arrays.fill(floats, 2, 2 + count, -65504f);
                if (place >= 0) {
                    floats[2 + place] = bad[count % bad.length];
                    floats[2 + place + (count - place) / 2] = Float.NaN;
                }
                byte[] f32 = new byte[4 * floats.length];
                byte[] f16 = new byte[2 * floats.length];
                byte[] bf16 = new byte[2 * floats.length];
                ByteBuffer.wrap(f32).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(floats);
                F16.fromFloats(floats, 0, f16, 0, floats.length);
                BF16.fromFloats(floats, 0, bf16, 0, floats.length);
                float[] target = new float[count + 4];
                byte[] words = new byte[2 * floats.length];
                assertEquals(place, F32.firstNonFinite(floats, 2, count));
                assertEquals(place, F32.toFloats(f32, 8, target, 2, count));
                assertEquals(place, F16.firstNonFinite(f16, 4, count));
                assertEquals(place, F16.toFloats(f16, 4, target, 2, count));
                assertEquals(place, BF16.firstNonFinite(bf16, 4, count));
                assertEquals(place, BF16.toFloats(bf16, 4, target, 2, count));
                assertEquals(place, BF16.toF16(bf16, 4, words, 4, count));
            }
        }
    }

    @Test
    void onlyTheRangeAskedForIsWritten() {
        float[] source = BlockInputs.NORMAL.rows(1, 100, 1);
        for (int count = 0; count < 80; count++) {
            byte[] f32 = new byte[4 * 100];
            ByteBuffer.wrap(f32).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(source);
            float[] floats = new float[100];
            F32.toFloats(f32, 3 * 4, floats, 5, count);
            float[] expected = new float[100];
            System.arraycopy(source, 3, expected, 5, count);
            assertArrayEquals(expected, floats);

            byte[] words = new byte[200];
            F16.fromFloats(source, 3, words, 9, count);
            byte[] brain = new byte[200];
            BF16.fromFloats(source, 3, brain, 9, count);
            byte[] both = new byte[200];
            BF16.toF16(brain, 9, both, 11, count);
            float[] fromWords = new float[100];
            F16.toFloats(words, 9, fromWords, 7, count);
            float[] fromBrain = new float[100];
            BF16.toFloats(brain, 9, fromBrain, 7, count);
            for (int i = 0; i < 100; i++) {
                boolean inside = i >= 7 && i < 7 + count;
                short half = ScalarHalf.toF16(source[Math.floorMod(i - 4, 100)]);
                short bf16 = ScalarHalf.toBF16(source[Math.floorMod(i - 4, 100)]);
                assertEquals(inside ? ScalarHalf.fromF16(half) : 0f, fromWords[i]);
                assertEquals(inside ? ScalarHalf.fromBF16(bf16) : 0f, fromBrain[i]);
            }
            for (byte[] target : new byte[][] {words, brain}) {
                assertEquals(0, target[8]);
                assertEquals(0, target[9 + 2 * count]);
            }
            assertEquals(0, both[10]);
            assertEquals(0, both[11 + 2 * count]);
        }
    }

    @Test
    void everyWordIsFiniteOrFoundWhereItIs() {
        int count = 7;
        for (int word = 0; word < 1 << 16; word++) {
            int place = word % count;
            byte[] words = new byte[2 * count];
            words[2 * place] = (byte) word;
            words[2 * place + 1] = (byte) (word >> 8);
            int infiniteBf16 = (word & 0x7f80) == 0x7f80 ? place : -1;
            int infiniteF16 = (word & 0x7c00) == 0x7c00 ? place : -1;
            assertEquals(infiniteBf16, BF16.firstNonFinite(words, 0, count));
            assertEquals(infiniteF16, F16.firstNonFinite(words, 0, count));
        }
    }

    @Test
    void arraysThatAreTooShortAreRefused() {
        assertThrows(IndexOutOfBoundsException.class, () -> BF16.toFloats(new byte[99], 0, new float[50], 0, 50));
        assertThrows(IndexOutOfBoundsException.class, () -> F16.toFloats(new byte[100], 0, new float[49], 0, 50));
        assertThrows(IndexOutOfBoundsException.class, () -> F32.toFloats(new byte[200], 4, new float[50], 0, 50));
        assertThrows(IndexOutOfBoundsException.class, () -> F16.firstNonFinite(new byte[99], 0, 50));
    }

    /** Every half and brain float, the floats midway between neighbours, and those just beside these. */
    private static float[] floatsNearTies() {
        float[] floats = new float[2 * WORDS * 9 + WORDS];
        int n = 0;
        for (int word = 0; word < WORDS; word++) {
            int half = Float.floatToRawIntBits(ScalarHalf.fromF16((short) word));
            int brain = word << 16;
            for (int midway : new int[] {0, 0x1000, 0x8000}) {
                for (int beside = -1; beside <= 1; beside++) {
                    floats[n++] = Float.intBitsToFloat(half + midway + beside);
                    floats[n++] = Float.intBitsToFloat(brain + midway + beside);
                }
            }
        }
        SplittableRandom random = new SplittableRandom(5);
        while (n < floats.length) {
            // Around the denormal halves too.
            floats[n++] = Float.intBitsToFloat(random.nextInt(0x32000000, 0x39000000) | random.nextInt(2) << 31);
        }
        return floats;
    }

    private static byte[] allWords() {
        byte[] bytes = new byte[2 * WORDS];
        for (int word = 0; word < WORDS; word++) {
            bytes[2 * word] = (byte) word;
            bytes[2 * word + 1] = (byte) (word >> 8);
        }
        return bytes;
    }

    private static short word(byte[] bytes, int index) {
        return (short) (bytes[2 * index] & 0xff | bytes[2 * index + 1] << 8);
    }

    private static void assertSameFloat(float expected, float actual) {
        if (Float.isNaN(expected)) {
            assertEquals(true, Float.isNaN(actual));
        } else {
            assertEquals(Float.floatToRawIntBits(expected), Float.floatToRawIntBits(actual));
        }
    }
}
