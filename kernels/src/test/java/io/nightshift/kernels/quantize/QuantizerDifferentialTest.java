package io.nightshift.kernels.quantize;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.nightshift.kernels.BlockInputs;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Golden;
import io.nightshift.kernels.MachineLanes;
import io.nightshift.kernels.reference.ScalarQuantizers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every vector quantizer against its scalar reference, on rows of many shapes. */
class QuantizerDifferentialTest {
    /** Rows and blocks a row: one block, groups of lanes that are not full, groups that span rows. */
    private static final int[][] SHAPES = {{1, 1}, {1, 7}, {3, 1}, {5, 3}, {17, 2}, {2, 33}};

    private static final int SEEDS = MachineLanes.missing() ? 1 : 2;
    private static final int ROUNDS = MachineLanes.missing() ? 15 : 60;

    private static final byte UNTOUCHED = 0x5a;

    static Set<GgmlType> types() {
        return ScalarQuantizers.types();
    }

    static List<Arguments> cases() {
        List<Arguments> cases = new ArrayList<>();
        for (GgmlType type : types()) {
            Golden golden = new Golden(type);
            for (boolean importance : new boolean[] {false, true}) {
                if (golden.has(BlockInputs.NORMAL, importance)) {
                    cases.add(Arguments.of(type, importance));
                }
            }
        }
        return cases;
    }

    @ParameterizedTest(name = "{0}, importance {1}")
    @MethodSource("cases")
    void agreesWithTheScalarReference(GgmlType type, boolean withImportance) {
        RowQuantizer vector = Quantizers.create(type);
        RowQuantizer scalar = ScalarQuantizers.create(type);
        for (BlockInputs kind : BlockInputs.values()) {
            for (int[] shape : SHAPES) {
                int rows = shape[0];
                int columns = shape[1] * type.blockSize();
                int bytes = Math.toIntExact(rows * type.rowBytes(columns));
                for (int seed = 2; seed < 2 + SEEDS; seed++) {
                    // Offsets of every array are exercised too, and what stands around the result stays.
                    float[] weights = padded(kind.rows(rows, columns, seed), 5);
                    float[] importance = withImportance ? padded(BlockInputs.importance(columns, seed), 3) : null;
                    byte[] expected = untouched(bytes + 9);
                    byte[] actual = untouched(bytes + 9);
                    scalar.quantize(weights, 5, rows, columns, importance, 3, expected, 4);
                    vector.quantize(weights, 5, rows, columns, importance, 3, actual, 4);
                    assertArrayEquals(expected, actual, kind + " " + rows + "x" + columns + " seed " + seed);
                    assertEquals(UNTOUCHED, actual[3]);
                    assertEquals(UNTOUCHED, actual[4 + bytes]);
                }
            }
        }
    }

    /** Scales so small, or so far from the largest weight, that inverses overflow and products are not numbers. */
    @ParameterizedTest(name = "{0}, importance {1}")
    @MethodSource("cases")
    void agreesWithTheScalarReferenceOnAnyExponents(GgmlType type, boolean withImportance) {
        if (!type.isQuantized()) {
            return;
        }
        RowQuantizer vector = Quantizers.create(type);
        RowQuantizer scalar = ScalarQuantizers.create(type);
        SplittableRandom random = new SplittableRandom(type.id());
        int columns = 9 * type.blockSize();
        for (int round = 0; round < ROUNDS; round++) {
            int least = round % 3 == 0 ? 0 : round % 3 == 1 ? 60 : 100;
            int greatest = round % 3 == 0 ? 3 : round % 3 == 1 ? 90 : 140;
            float[] weights = new float[2 * columns];
            for (int i = 0; i < weights.length; i++) {
                boolean outlier = random.nextInt(32) == 0;
                int exponent = outlier ? random.nextInt(90, 140) : random.nextInt(least, greatest);
                weights[i] = Float.intBitsToFloat(random.nextInt(2) << 31 | exponent << 23 | random.nextInt(1 << 23));
            }
            float[] importance = withImportance ? new float[columns] : null;
            for (int i = 0; withImportance && i < columns; i++) {
                importance[i] = Math.max(0, random.nextInt(-3, 2));
            }
            byte[] expected = new byte[Math.toIntExact(2 * type.rowBytes(columns))];
            byte[] actual = new byte[expected.length];
            scalar.quantize(weights, 0, 2, columns, importance, 0, expected, 0);
            vector.quantize(weights, 0, 2, columns, importance, 0, actual, 0);
            assertArrayEquals(expected, actual, "round " + round);
        }
    }

    @ParameterizedTest
    @MethodSource("types")
    void refusesRowsThatAreNotWholeBlocks(GgmlType type) {
        if (type.blockSize() == 1) {
            return;
        }
        int columns = type.blockSize() + 1;
        float[] importance = new float[columns];
        assertThrows(IllegalArgumentException.class, () -> Quantizers.create(type)
                .quantize(new float[columns], 0, 1, columns, importance, 0, new byte[4096], 0));
    }

    private static float[] padded(float[] values, int before) {
        float[] padded = new float[values.length + before + 2];
        Arrays.fill(padded, 1e30f);
        System.arraycopy(values, 0, padded, before, values.length);
        return padded;
    }

    private static byte[] untouched(int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, UNTOUCHED);
        return bytes;
    }
}
