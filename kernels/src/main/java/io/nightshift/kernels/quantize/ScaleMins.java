package io.nightshift.kernels.quantize;

/**
 * What {@link ScaleMinSearch} found for the sub-blocks of a group of super-blocks: that of sub-block i in lane j at
 * {@code i * lanes + j}.
 */
final class ScaleMins {
    final float[] scales;

    /** What is subtracted. */
    final float[] mins;

    /** The inverse scales which the levels that won were rounded with; a fit changes the scale after that. */
    final float[] inverses;

    /** What those levels were counted from. */
    final float[] bases;

    final float[] errorWeightSums;

    ScaleMins(int size) {
        scales = new float[size];
        mins = new float[size];
        inverses = new float[size];
        bases = new float[size];
        errorWeightSums = new float[size];
    }
}
