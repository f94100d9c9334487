package io.nightshift.formats.architecture;

/** Functions of 32-bit floats as PyTorch computes them on a CPU. */
final class TorchFloat {
    private TorchFloat() {}

    static float pow(float base, float exponent) {
        return (float) Math.pow(base, exponent);
    }
}
