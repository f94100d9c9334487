package io.nightshift.kernels;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Rows of weights that quantizers find easy and hard, the same in every run: what the golden digests were taken from
 * and what differential tests use.
 */
public enum BlockInputs {
    /** A normal distribution of the size that weights have. */
    NORMAL {
        @Override
        float weight(SplittableRandom random, int row, int column) {
            return (float) (0.02 * gaussian(random));
        }
    },
    /** BF16 values of a normal distribution: few distinct magnitudes, many ties. */
    BF16_NORMAL {
        @Override
        float weight(SplittableRandom random, int row, int column) {
            return Float.intBitsToFloat(Float.floatToRawIntBits((float) (0.02 * gaussian(random))) & 0xffff0000);
        }
    },
    /** Nothing but zeros, of both signs. */
    ZEROS {
        @Override
        float weight(SplittableRandom random, int row, int column) {
            return random.nextInt(8) == 0 ? -0f : 0f;
        }
    },
    /** One value in a row, another in the next. */
    CONSTANT {
        @Override
        float weight(SplittableRandom random, int row, int column) {
            return (row % 7 - 3) * 0.37f;
        }
    },
    /** Small weights and one large one in each 256. */
    OUTLIER {
        @Override
        float weight(SplittableRandom random, int row, int column) {
            double g = gaussian(random);
            return column % 256 == (row * 37) % 256 ? (float) (100 * g) : (float) (0.01 * g);
        }
    },
    /** Denormal floats and zeros. */
    DENORMAL {
        @Override
        float weight(SplittableRandom random, int row, int column) {
            int sign = random.nextInt(2) << 31;
            int bits = random.nextInt(4) == 0 ? 0 : random.nextInt(1 << (1 + random.nextInt(23)));
            return Float.intBitsToFloat(sign | bits);
        }
    },
    /** Exponents from tiny to large within one block. */
    WIDE_RANGE {
        @Override
        float weight(SplittableRandom random, int row, int column) {
            double magnitude = Math.pow(2, random.nextInt(-40, 12));
            return (float) (gaussian(random) * magnitude);
        }
    },
    /** Large weights, near the largest half-precision number in the scales. */
    HUGE {
        @Override
        float weight(SplittableRandom random, int row, int column) {
            return (float) (3e4 * gaussian(random));
        }
    },
    /** Equal magnitudes, alternating signs. */
    ALTERNATING {
        @Override
        float weight(SplittableRandom random, int row, int column) {
            float magnitude = 0.25f * (1 + row % 5);
            return (column & 1) == 0 ? magnitude : -magnitude;
        }
    },
    /** A few values on a coarse grid: ties everywhere. */
    TIES {
        @Override
        float weight(SplittableRandom random, int row, int column) {
            return (random.nextInt(9) - 4) * 0.5f;
        }
    },
    /** Whole sub-blocks of zeros between sub-blocks of normal weights. */
    SPARSE {
        @Override
        float weight(SplittableRandom random, int row, int column) {
            double g = gaussian(random);
            return ((column >> 4) + row) % 3 == 0 ? 0f : (float) (0.05 * g);
        }
    },
    /** All weights of one sign. */
    POSITIVE {
        @Override
        float weight(SplittableRandom random, int row, int column) {
            return 0.5f + 0.5f * (float) random.nextDouble();
        }
    },
    /** All weights negative. */
    NEGATIVE {
        @Override
        float weight(SplittableRandom random, int row, int column) {
            return -0.1f - 0.9f * (float) random.nextDouble();
        }
    };

    /** Rows of each kind. */
    public static final int ROWS = 24;

    /** Weights a row: three super-blocks at least, and not a multiple of any lane count of super-blocks. */
    public static final int COLUMNS = 2816;

    abstract float weight(SplittableRandom random, int row, int column);

    /** The rows of this kind, row-major, {@link #ROWS} by {@link #COLUMNS}. */
    public float[] rows() {
        return rows(ROWS, COLUMNS, 1);
    }

    /** Rows of this kind of any shape and seed. */
    public float[] rows(int rows, int columns, long seed) {
        SplittableRandom random = new SplittableRandom(seed * 1000 + ordinal());
        float[] weights = new float[rows * columns];
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                weights[row * columns + column] = weight(random, row, column);
            }
        }
        return weights;
    }

    /** An importance for each column: squares of activations, a few columns large, some zero. */
    public static float[] importance(int columns, long seed) {
        SplittableRandom random = new SplittableRandom(seed * 7919 + 3);
        float[] importance = new float[columns];
        for (int column = 0; column < columns; column++) {
            double g = gaussian(random);
            double scale = random.nextInt(50) == 0 ? 400 : 1;
            importance[column] = random.nextInt(40) == 0 ? 0f : (float) (scale * g * g);
        }
        return importance;
    }

    /** The importance that the golden digests of this kind were taken with: all zeros for one kind, ones for another. */
    public float[] importance() {
        float[] importance = importance(COLUMNS, 1 + ordinal());
        if (this == CONSTANT) {
            Arrays.fill(importance, 0f);
        } else if (this == POSITIVE) {
            Arrays.fill(importance, 1f);
        }
        return importance;
    }

    // Not Random.nextGaussian, whose algorithm differs between JDKs.
    private static double gaussian(SplittableRandom random) {
        double sum = 0;
        for (int i = 0; i < 12; i++) {
            sum += random.nextDouble();
        }
        return sum - 6;
    }
}
