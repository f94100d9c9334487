package io.nightshift.kernels.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.kernels.Codebooks.Grid;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NearestPointTest {
    private static final float[] VALUES = {1, 3, 5, 7, 9, 11, 13, 15};

    /** Codes of the nearest levels, which short lists are made for, codes with one level off, and weights that lie alike. */
    @ParameterizedTest
    @EnumSource(Grid.class)
    void findsTheFirstOfTheNearestInTheWholeList(Grid grid) {
        Lattice lattice = Lattice.of(grid);
        NearestPoint nearestPoint = new NearestPoint(lattice);
        SplittableRandom random = new SplittableRandom(7);
        float[] x = new float[grid.dimensions()];
        float[] w = new float[grid.dimensions()];
        for (int checked = 0; checked < 3000; ) {
            int code = 0;
            int off = checked % 3 == 1 ? random.nextInt(x.length) : -1;
            for (int i = 0; i < x.length; i++) {
                x[i] = checked % 3 == 2
                        ? random.nextInt(2 * lattice.levels() + 1)
                        : (float) random.nextDouble(-1, 2 * lattice.levels() + 1);
                w[i] = checked % 3 == 2 ? random.nextInt(3) : (float) random.nextDouble();
                int level = i == off ? random.nextInt(lattice.levels()) : Math.round((x[i] - 1) / 2);
                code |= Math.max(0, Math.min(lattice.levels() - 1, level)) << grid.bits() * i;
            }
            if (lattice.point(code) < 0) {
                assertEquals(first(lattice, code, x, w), nearestPoint.find(code, x, w, 0, 1, VALUES));
                checked++;
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = Grid.class, names = {"IQ1S", "IQ2XS"})
    void shortListsAreShort(Grid grid) {
        Lattice lattice = Lattice.of(grid);
        long all = 0;
        long some = 0;
        for (int code = 0; code < lattice.lists().length; code++) {
            all += Lattice.length(lattice.lists()[code]);
            some += Lattice.length(lattice.shortLists()[code]);
        }
        assertTrue(some < 0.6 * all, some + " of " + all);
    }

    private static int first(Lattice lattice, int code, float[] x, float[] w) {
        int list = lattice.lists()[code];
        float least = Float.MAX_VALUE;
        int first = -1;
        for (int j = Lattice.first(list); j < Lattice.first(list) + Lattice.length(list); j++) {
            int rest = lattice.neighbours()[j];
            float sum = 0;
            for (int i = 0; i < x.length; i++) {
                float difference = VALUES[rest & (1 << lattice.bits()) - 1] - x[i];
                sum += w[i] * difference * difference;
                rest >>>= lattice.bits();
            }
            if (sum < least) {
                least = sum;
                first = lattice.neighbours()[j];
            }
        }
        return first;
    }
}
