package io.nightshift.kernels.pack;

/** Which of eight values each four bits of a word hold, from the lowest bits on. */
public enum NibbleOrder {
    /** Value i in the i-th four bits: compressed-tensors (pack_quantized.py, pack_to_int32). */
    SEQUENTIAL(0, 1, 2, 3, 4, 5, 6, 7),
    /** Even values in the low half, odd ones in the high half: AutoAWQ (gemm.py, WQLinear_GEMM.from_linear). */
    INTERLEAVED(0, 2, 4, 6, 1, 3, 5, 7);

    private final int[] shifts = new int[8];

    NibbleOrder(int... values) {
        for (int i = 0; i < values.length; i++) {
            shifts[values[i]] = 4 * i;
        }
    }

    /** The lowest of a value's bits within the word. */
    int shift(int value) {
        return shifts[value];
    }
}
