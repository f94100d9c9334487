package io.nightshift.kernels.quantize;

import io.nightshift.kernels.Codebooks.Grid;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/**
 * A grid among all the codes that rounding weights one by one can give, with the points near each code that is no point
 * itself (ggml-quants.c, iq2xs_init_impl and iq3xs_init_impl).
 *
 * <p>A code holds the levels of 4 or 8 weights, {@link Grid#bits()} each, the first weight's lowest. Made once per JVM,
 * when first asked for.
 */
final class Lattice {
    private static final Map<Grid, Lattice> MADE = new EnumMap<>(Grid.class);

    /** Bits of an entry of {@link #lists} that hold the length. */
    private static final int LENGTH_BITS = 9;

    private final Grid grid;
    private final int levels;
    private final short[] points;
    private final int[] lists;
    private final int[] shortLists;
    private final byte[] halfDistances;
    private char[] neighbours = new char[1 << 15];

    private Lattice(Grid grid, int distances) {
        this.grid = grid;
        levels = grid.bits() == 2 ? 3 : 8;
        points = new short[1 << grid.bits() * grid.dimensions()];
        lists = new int[points.length];
        shortLists = levels == 3 ? new int[points.length] : lists;
        halfDistances = halfDistances(grid.bits(), grid.bits() * grid.dimensions() / 2);
        Arrays.fill(points, (short) -1);
        for (int point = 0; point < grid.size(); point++) {
            points[grid.code(point)] = (short) point;
        }
        fillLists(distances);
    }

    /** The lattice of a grid. */
    static Lattice of(Grid grid) {
        synchronized (MADE) {
            return MADE.computeIfAbsent(grid, missing -> new Lattice(missing, switch (missing) {
                case IQ2S -> 1;
                case IQ2XXS, IQ2XS, IQ3XXS -> 2;
                case IQ1S, IQ3S -> 3;
            }));
        }
    }

    /** Weights a code. */
    int dimensions() {
        return grid.dimensions();
    }

    /** Bits a weight. */
    int bits() {
        return grid.bits();
    }

    /** Levels a weight. */
    int levels() {
        return levels;
    }

    /** The index of the point with this code, or -1. */
    int point(int code) {
        return points[code];
    }

    /** The code of the first point. */
    int firstCode() {
        return grid.code(0);
    }

    /** For each code a list of points: what {@link #first} and {@link #length} take apart. Not to be written to. */
    int[] lists() {
        return lists;
    }

    /**
     * For each code the part of its list that holds the first of the nearest points, where no level is nearer than the
     * code's: without points that have another between them and the code, weight by weight, as that one comes first and is
     * no farther. Where there are eight levels it would save little: there these are the whole lists.
     */
    int[] shortLists() {
        return shortLists;
    }

    /** Where a list begins in {@link #neighbours}. */
    static int first(int list) {
        return list >>> LENGTH_BITS;
    }

    /** The length of a list: 0 for a code that is a point. */
    static int length(int list) {
        return list & (1 << LENGTH_BITS) - 1;
    }

    /** The codes of the points of all lists, in each the nearest first, then by index. Not to be written to. */
    char[] neighbours() {
        return neighbours;
    }

    private void fillLists(int distances) {
        int end = 0;
        int[] distance = new int[grid.size()];
        for (int code = 0; code < points.length; code++) {
            if (points[code] >= 0 || !canBeAsked(code)) {
                continue;
            }
            long occurring = 0;
            for (int point = 0; point < distance.length; point++) {
                int d = distance(code, grid.code(point));
                distance[point] = d;
                // All lists end well before a distance of 64; the last bit stands for what is farther.
                occurring |= 1L << Math.min(d, 63);
            }
            int first = end;
            for (int i = 0; i < distances; i++) {
                int nearest = Long.numberOfTrailingZeros(occurring);
                occurring &= occurring - 1;
                end = append(distance, nearest, end);
            }
            if (end - first >= 1 << LENGTH_BITS) {
                throw new IllegalStateException(grid + " has " + (end - first) + " points near code " + code);
            }
            lists[code] = first << LENGTH_BITS | end - first;
            if (shortLists != lists) {
                int all = end;
                end = appendUnobstructed(code, first, end);
                shortLists[code] = all << LENGTH_BITS | end - all;
            }
        }
        neighbours = Arrays.copyOf(neighbours, end);
    }

    private int append(int[] distance, int wanted, int end) {
        if (neighbours.length < end + distance.length) {
            neighbours = Arrays.copyOf(neighbours, 2 * neighbours.length);
        }
        int to = end;
        for (int point = 0; point < distance.length; point++) {
            if (distance[point] == wanted) {
                neighbours[to++] = (char) grid.code(point);
            }
        }
        return to;
    }

    /** Appends the points of a list that have no other between them and the code. */
    private int appendUnobstructed(int code, int first, int all) {
        if (neighbours.length < 2 * all - first) {
            neighbours = Arrays.copyOf(neighbours, 2 * neighbours.length);
        }
        int end = all;
        for (int j = first; j < all; j++) {
            int i = all;
            while (i < end && !isBetween(neighbours[i], code, neighbours[j])) {
                i++;
            }
            if (i == end) {
                neighbours[end++] = neighbours[j];
            }
        }
        return end;
    }

    /** Whether each level of a point is one of two codes' or between them. */
    private boolean isBetween(int point, int code, int other) {
        int mask = (1 << grid.bits()) - 1;
        for (int shift = 0; shift < grid.bits() * grid.dimensions(); shift += grid.bits()) {
            int from = code >>> shift & mask;
            int to = other >>> shift & mask;
            int level = point >>> shift & mask;
            if ((level - from) * (level - to) > 0) {
                return false;
            }
        }
        return true;
    }

    /** Rounding gives the levels of the grid only, not all that its bits can hold. */
    private boolean canBeAsked(int code) {
        for (int rest = code; rest != 0; rest >>>= grid.bits()) {
            if ((rest & (1 << grid.bits()) - 1) >= levels) {
                return false;
            }
        }
        return true;
    }

    private int distance(int code, int point) {
        int halfBits = grid.bits() * grid.dimensions() / 2;
        int low = (1 << halfBits) - 1;
        return (halfDistances[(code & low) << halfBits | point & low] & 0xff)
                + (halfDistances[code >>> halfBits << halfBits | point >>> halfBits] & 0xff);
    }

    /** The squared distance between any two halves of codes. */
    private static byte[] halfDistances(int bits, int halfBits) {
        byte[] distances = new byte[1 << 2 * halfBits];
        for (int i = 0; i < distances.length; i++) {
            for (int shift = 0; shift < halfBits; shift += bits) {
                int difference = (i >>> halfBits + shift & (1 << bits) - 1) - (i >>> shift & (1 << bits) - 1);
                distances[i] += (byte) (difference * difference);
            }
        }
        return distances;
    }
}
