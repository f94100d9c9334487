package io.nightshift.kernels.encoding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.kernels.BlockInputs;
import io.nightshift.kernels.CorrelatedInputs;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.dequantize.Dequantizers;
import io.nightshift.kernels.linear.GramMatrix;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.quantize.Quantizers;
import io.nightshift.kernels.rounding.Damping;
import io.nightshift.kernels.rounding.ErrorFeedback;
import io.nightshift.kernels.rounding.FeedbackFactor;
import io.nightshift.kernels.rounding.Grid;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class BlockLayoutTest {
    private static final int ROWS = 19;
    private static final int COLUMNS = 512;

    static List<GgmlType> types() {
        return Arrays.stream(GgmlType.values()).filter(BlockLayout::supports).toList();
    }

    static List<Arguments> typesAndInputs() {
        List<Arguments> cases = new ArrayList<>();
        for (GgmlType type : types()) {
            for (BlockInputs inputs : BlockInputs.values()) {
                cases.add(Arguments.of(type, inputs));
            }
        }
        return cases;
    }

    @ParameterizedTest
    @MethodSource("typesAndInputs")
    void readerGetsExactlyWhatLevelsStandFor(GgmlType type, BlockInputs inputs) {
        byte[] blocks = quantized(type, inputs.rows(ROWS, COLUMNS, 3));
        BlockLayout layout = BlockLayout.of(type);
        Grid grid = layout.grid(blocks, 0, ROWS, COLUMNS);
        byte[] levels = new byte[ROWS * COLUMNS];
        SplittableRandom random = new SplittableRandom(type.id());
        for (int i = 0; i < levels.length; i++) {
            levels[i] = (byte) random.nextInt(layout.levels().least(), layout.levels().largest() + 1);
        }
        layout.replaceLevels(levels, blocks, 0, ROWS, COLUMNS);
        assertArrayEquals(grid.scales(), layout.grid(blocks, 0, ROWS, COLUMNS).scales());
        assertArrayEquals(grid.offsets(), layout.grid(blocks, 0, ROWS, COLUMNS).offsets());
        float[] expected = new float[levels.length];
        grid.dequantize(levels, expected, 0);
        assertSameNumbers(expected, dequantized(type, blocks));
    }

    @ParameterizedTest
    @MethodSource("types")
    void nearestLevelsAreNoWorseThanTheQuantizers(GgmlType type) {
        float[] weights = BlockInputs.NORMAL.rows(ROWS, COLUMNS, 4);
        byte[] blocks = quantized(type, weights);
        float[] before = dequantized(type, blocks);
        BlockLayout layout = BlockLayout.of(type);
        byte[] levels = new byte[weights.length];
        layout.grid(blocks, 0, ROWS, COLUMNS).nearest(weights, 0, levels);
        layout.replaceLevels(levels, blocks, 0, ROWS, COLUMNS);
        float[] after = dequantized(type, blocks);
        for (int i = 0; i < weights.length; i++) {
            assertTrue(Math.abs(after[i] - weights[i]) <= Math.abs(before[i] - weights[i]) + 1e-7f);
        }
    }

    @ParameterizedTest
    @MethodSource("types")
    void errorFeedbackLosesLessAtTheSameScales(GgmlType type) {
        GramMatrix gram = CorrelatedInputs.gram(600, COLUMNS, 7);
        float[] weights = BlockInputs.NORMAL.rows(ROWS, COLUMNS, 5);
        byte[] blocks = new byte[Math.toIntExact(ROWS * type.rowBytes(COLUMNS))];
        Quantizers.create(type).quantize(weights, 0, ROWS, COLUMNS, gram.diagonal(), 0, blocks, 0);
        double before = loss(gram, weights, dequantized(type, blocks));
        BlockLayout layout = BlockLayout.of(type);
        byte[] levels = new byte[weights.length];
        try (Workers workers = new Workers(2)) {
            FeedbackFactor factor = FeedbackFactor.of(gram, null, Damping.DEFAULT, workers);
            ErrorFeedback.round(
                    factor, weights, 0, layout.grid(blocks, 0, ROWS, COLUMNS), levels, workers);
        }
        layout.replaceLevels(levels, blocks, 0, ROWS, COLUMNS);
        double after = loss(gram, weights, dequantized(type, blocks));
        assertTrue(after < 0.7 * before, after + " of " + before);
    }

    @Test
    void typesWithoutSuchAGridAreRefusedByName() {
        for (GgmlType type : List.of(GgmlType.IQ2_XXS, GgmlType.IQ3_S, GgmlType.TQ1_0, GgmlType.F16)) {
            assertFalse(BlockLayout.supports(type));
            IllegalArgumentException refusal =
                    assertThrows(IllegalArgumentException.class, () -> BlockLayout.of(type));
            assertTrue(refusal.getMessage().contains(type.name()));
        }
    }

    private static byte[] quantized(GgmlType type, float[] weights) {
        byte[] blocks = new byte[Math.toIntExact(ROWS * type.rowBytes(COLUMNS))];
        Quantizers.create(type).quantize(weights, 0, ROWS, COLUMNS, null, 0, blocks, 0);
        return blocks;
    }

    private static float[] dequantized(GgmlType type, byte[] blocks) {
        float[] weights = new float[ROWS * COLUMNS];
        Dequantizers.of(type).dequantize(blocks, 0, weights, 0, weights.length);
        return weights;
    }

    /** Equal as numbers: a zero may have either sign. */
    private static void assertSameNumbers(float[] expected, float[] actual) {
        for (int i = 0; i < expected.length; i++) {
            assertTrue(expected[i] == actual[i] || Float.isNaN(expected[i]) && Float.isNaN(actual[i]),
                    i + ": " + expected[i] + " and " + actual[i]);
        }
    }

    private static double loss(GramMatrix gram, float[] weights, float[] rounded) {
        for (int i = 0; i < weights.length; i++) {
            rounded[i] -= weights[i];
        }
        return CorrelatedInputs.loss(rounded, ROWS, gram);
    }
}
