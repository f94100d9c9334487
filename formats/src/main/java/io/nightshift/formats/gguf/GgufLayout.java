package io.nightshift.formats.gguf;

/** Where tensors stand in a GGUF file: behind each other, padded. */
public final class GgufLayout {
    /** Alignment of tensors in every file that we write, GGUF's default. */
    public static final int ALIGNMENT = 32;

    private GgufLayout() {}

    /** Bytes with the padding that makes them a multiple of the alignment. */
    public static long padded(long bytes) {
        return Math.addExact(bytes, ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}
