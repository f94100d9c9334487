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
        workers.run(Panels.count(count, PANELS_A_PIECE), piece -> {
            int first = piece * PANELS_A_PIECE * width;
            Panels.transpose(Math.min(PANELS_A_PIECE * width, tokens - first), channels, activations,
                    at + first * channels, channels, width, panels, first * channels, width * channels);
        });
        return new PackedActivations(tokens, channels, panels);
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

    /** Where the terms from {@code channel} on of the panel that starts with {@code token} are. */
    int position(int token, int channel) {
        return token * channels + channel * TileKernel.ROWS;
    }

    /** Distance of two panels. */
    int distance() {
        return TileKernel.ROWS * channels;
    }
}
