package io.nightshift.kernels.linear;

import io.nightshift.kernels.parallel.Workers;
import java.util.Objects;

/** The left factor of a matrix product, packed once for all the matrices that it is multiplied by. */
public final class PackedActivations {
    private static final int PANELS_A_PIECE = 16;

    private final int tokens;
    private final int channels;
    private final float[] panels;

    private PackedActivations(int tokens, int channels, float[] panels) {
        this.tokens = tokens;
        this.channels = channels;
        this.panels = panels;
    }

    /**
     * Packs activations, as many floats again as they are.
     *
     * @param activations row-major, one row a token, from {@code at} on
     * @throws IndexOutOfBoundsException if the array is too short
     * @throws ArithmeticException if there are 2^31 floats or more
     */
    public static PackedActivations of(float[] activations, int at, int tokens, int channels, Workers workers) {
        int width = TileKernel.ROWS;
        Objects.checkFromIndexSize(at, Math.multiplyExact(tokens, channels), activations.length);
        int count = Panels.count(tokens, width);
        float[] panels = new float[Math.multiplyExact(count, Math.multiplyExact(width, channels))];
        PackedActivations packed = new PackedActivations(tokens, channels, panels);
        workers.run(Panels.count(count, PANELS_A_PIECE), piece -> {
            int first = piece * PANELS_A_PIECE * width;
            int vectors = Math.min(PANELS_A_PIECE * width, tokens - first);
            for (int channel = 0; channel < channels; channel += Gemm.RUN) {
                int depth = Math.min(Gemm.RUN, channels - channel);
                Panels.transpose(vectors, depth, activations, at + first * channels + channel, channels, width, panels,
                        packed.position(first, channel), width * depth);
            }
        });
        return packed;
    }

    /** Number of rows. */
    public int tokens() {
        return tokens;
    }

    /** Activations a row. */
    public int channels() {
        return channels;
    }

    float[] panels() {
        return panels;
    }

    /**
     * Where the panel that starts with {@code token} has the run of terms that starts with {@code channel}. All panels of
     * a run stand one after another, so that a block of tokens is one stream.
     */
    int position(int token, int channel) {
        int padded = Panels.count(tokens, TileKernel.ROWS) * TileKernel.ROWS;
        return channel * padded + token * Math.min(Gemm.RUN, channels - channel);
    }
}
