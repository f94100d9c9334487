package io.nightshift.kernels.quantize;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.kernels.Codebooks.Grid;
import io.nightshift.kernels.GgmlType;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LatticeTest {
    /** How many distances a list covers (nwant in iq2xs_init_impl and iq3xs_init_impl). */
    private static final Map<Grid, Integer> DISTANCES =
            Map.of(Grid.IQ2XXS, 2, Grid.IQ2XS, 2, Grid.IQ2S, 1, Grid.IQ1S, 3, Grid.IQ3XXS, 2, Grid.IQ3S, 3);

    @ParameterizedTest
    @EnumSource(Grid.class)
    void pointsAnswerForThemselves(Grid grid) {
        Lattice lattice = Lattice.of(grid);
        assertSame(lattice, Lattice.of(grid));
        for (int point = 0; point < grid.size(); point++) {
            assertEquals(point, lattice.point(grid.code(point)));
            assertEquals(0, lattice.lists()[grid.code(point)]);
        }
    }

    @ParameterizedTest
    @EnumSource(Grid.class)
    void listsHoldThePointsAtTheSmallestDistances(Grid grid) {
        Lattice lattice = Lattice.of(grid);
        SplittableRandom random = new SplittableRandom(5);
        int checked = 0;
        while (checked < 200) {
            int code = 0;
            for (int i = 0; i < grid.dimensions(); i++) {
                code = code << grid.bits() | random.nextInt(lattice.levels());
            }
            if (lattice.point(code) >= 0) {
                continue;
            }
            int list = lattice.lists()[code];
            char[] actual = Arrays.copyOfRange(
                    lattice.neighbours(), Lattice.first(list), Lattice.first(list) + Lattice.length(list));
            assertArrayEquals(expected(grid, code), actual);
            checked++;
        }
    }

    @ParameterizedTest
    @EnumSource(value = GgmlType.class, names = {"IQ1_S", "IQ2_XXS", "IQ2_XS"})
    void someTypesNeedImportance(GgmlType type) {
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, () -> Quantizers.create(type)
                .quantize(new float[256], 0, 1, 256, null, 0, new byte[256], 0));
        assertTrue(refusal.getMessage().contains(type + " cannot be made without importance"), refusal.getMessage());
    }

    @ParameterizedTest
    @EnumSource(value = GgmlType.class, names = {"IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS", "IQ3_S"})
    void errorsThatOverflowAreRefused(GgmlType type) {
        float[] weights = new float[256];
        float[] importance = new float[256];
        SplittableRandom random = new SplittableRandom(6);
        for (int i = 0; i < 256; i++) {
            weights[i] = (float) (1e17 * random.nextDouble(-1, 1));
            importance[i] = 1e20f;
        }
        assertThrows(IllegalArgumentException.class, () -> Quantizers.create(type)
                .quantize(weights, 0, 1, 256, importance, 0, new byte[256], 0));
    }

    /** By plain sorting. */
    private static char[] expected(Grid grid, int code) {
        int[] distances = IntStream.range(0, grid.size())
                .map(point -> IntStream.range(0, grid.dimensions())
                        .map(i -> (code >> grid.bits() * i & (1 << grid.bits()) - 1) - grid.level(point, i))
                        .map(difference -> difference * difference)
                        .sum())
                .toArray();
        int[] smallest = Arrays.stream(distances).sorted().distinct().limit(DISTANCES.get(grid)).toArray();
        StringBuilder codes = new StringBuilder();
        for (int distance : smallest) {
            for (int point = 0; point < grid.size(); point++) {
                if (distances[point] == distance) {
                    codes.append((char) grid.code(point));
                }
            }
        }
        return codes.toString().toCharArray();
    }
}
