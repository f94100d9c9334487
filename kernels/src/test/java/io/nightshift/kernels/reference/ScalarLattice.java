package io.nightshift.kernels.reference;

import io.nightshift.kernels.Codebooks.Grid;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The points of a grid and the nearest of them (iq2xs_init_impl, iq3xs_init_impl, iq2_find_best_neighbour and the
 * like).
 */
final class ScalarLattice {
    private static final Map<Grid, ScalarLattice> LATTICES = new EnumMap<>(Grid.class);

    final Grid grid;
    private final int distances;
    private final int[] points;
    private final int[][] neighbours;

    private ScalarLattice(Grid grid, int distances) {
        this.grid = grid;
        this.distances = distances;
        points = new int[1 << grid.bits() * grid.dimensions()];
        Arrays.fill(points, -1);
        for (int point = 0; point < grid.size(); point++) {
            points[grid.code(point)] = point;
        }
        neighbours = new int[points.length][];
    }

    static synchronized ScalarLattice of(Grid grid) {
        return LATTICES.computeIfAbsent(grid, g -> new ScalarLattice(g, switch (g) {
            case IQ2S -> 1;
            case IQ2XXS, IQ2XS, IQ3XXS -> 2;
            case IQ1S, IQ3S -> 3;
        }));
    }

    /** The point with these levels, or -1. */
    int point(int[] levels, int offset) {
        return points[code(levels, offset)];
    }

    /**
     * Replaces levels by those of the neighbour nearest to {@code x}, where level l stands for {@code scale *
     * values[l]}.
     */
    void moveToNearest(int[] levels, int at, float[] x, int xAt, float[] w, int wAt, float scale, float[] values) {
        float least = Float.MAX_VALUE;
        int nearest = -1;
        for (int point : neighbours(code(levels, at))) {
            float sum = 0;
            for (int i = 0; i < grid.dimensions(); i++) {
                float difference = scale * values[grid.level(point, i)] - x[xAt + i];
                sum += w[wAt + i] * difference * difference;
            }
            if (sum < least) {
                least = sum;
                nearest = point;
            }
        }
        for (int i = 0; i < grid.dimensions(); i++) {
            levels[at + i] = grid.level(nearest, i);
        }
    }

    private int code(int[] levels, int offset) {
        int code = 0;
        for (int i = 0; i < grid.dimensions(); i++) {
            code |= levels[offset + i] << grid.bits() * i;
        }
        return code;
    }

    /** All points at one of the few smallest distances from a code, the nearest first. */
    private synchronized int[] neighbours(int code) {
        if (neighbours[code] == null) {
            int[] distance =
                    IntStream.range(0, grid.size()).map(point -> distance(code, point)).toArray();
            int farthest = Arrays.stream(distance).sorted().distinct().skip(distances - 1).findFirst().getAsInt();
            neighbours[code] = IntStream.range(0, grid.size())
                    .filter(point -> distance[point] <= farthest)
                    .boxed()
                    .sorted(Comparator.comparingInt((Integer point) -> distance[point]))
                    .mapToInt(Integer::intValue)
                    .toArray();
        }
        return neighbours[code];
    }

    private int distance(int code, int point) {
        int sum = 0;
        for (int i = 0; i < grid.dimensions(); i++) {
            int difference = (code >> grid.bits() * i & (1 << grid.bits()) - 1) - grid.level(point, i);
            sum += difference * difference;
        }
        return sum;
    }
}
