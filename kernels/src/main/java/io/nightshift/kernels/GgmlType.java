package io.nightshift.kernels;

/**
 * A tensor type of GGUF: how many weights make a block, and how many bytes that block takes.
 *
 * <p>Identifiers and block layouts are those of {@code ggml.h} and {@code ggml-common.h} of llama.cpp.
 */
public enum GgmlType {
    F32(0, 1, 4),
    F16(1, 1, 2),
    Q4_0(2, 32, 18),
    Q4_1(3, 32, 20),
    Q5_0(6, 32, 22),
    Q5_1(7, 32, 24),
    Q8_0(8, 32, 34),
    Q2_K(10, 256, 84),
    Q3_K(11, 256, 110),
    Q4_K(12, 256, 144),
    Q5_K(13, 256, 176),
    Q6_K(14, 256, 210),
    IQ2_XXS(16, 256, 66),
    IQ2_XS(17, 256, 74),
    IQ3_XXS(18, 256, 98),
    IQ1_S(19, 256, 50),
    IQ4_NL(20, 32, 18),
    IQ3_S(21, 256, 110),
    IQ2_S(22, 256, 82),
    IQ4_XS(23, 256, 136),
    I8(24, 1, 1),
    I16(25, 1, 2),
    I32(26, 1, 4),
    I64(27, 1, 8),
    F64(28, 1, 8),
    IQ1_M(29, 256, 56),
    BF16(30, 1, 2),
    TQ1_0(34, 256, 54),
    TQ2_0(35, 256, 66),
    MXFP4(39, 32, 17),
    Q1_0(41, 128, 18),
    Q2_0(42, 64, 18);

    private static final GgmlType[] BY_ID = new GgmlType[64];

    static {
        for (GgmlType type : values()) {
            BY_ID[type.id] = type;
        }
    }

    private final int id;
    private final int blockSize;
    private final int blockBytes;

    GgmlType(int id, int blockSize, int blockBytes) {
        this.id = id;
        this.blockSize = blockSize;
        this.blockBytes = blockBytes;
    }

    /** The number that stands for this type in a GGUF file. */
    public int id() {
        return id;
    }

    /** Weights a block. */
    public int blockSize() {
        return blockSize;
    }

    /** Bytes a block. */
    public int blockBytes() {
        return blockBytes;
    }

    /** Whether weights are stored in blocks with scales, rather than one by one. */
    public boolean isQuantized() {
        return blockSize > 1;
    }

    /** Whether it holds weights: floats or blocks, not the integer types or F64. */
    public boolean holdsWeights() {
        return switch (this) {
            case I8, I16, I32, I64, F64 -> false;
            default -> true;
        };
    }

    /** Bits a weight takes, scales included. */
    public double bitsPerWeight() {
        return 8.0 * blockBytes / blockSize;
    }

    /**
     * Bytes of a row.
     *
     * @param columns weights in the row, a multiple of {@link #blockSize()}
     * @throws IllegalArgumentException if the row is not whole blocks
     * @throws ArithmeticException if it has 2^63 bytes or more
     */
    public long rowBytes(long columns) {
        if (columns % blockSize != 0) {
            throw new IllegalArgumentException(
                    "a row of " + columns + " weights is not whole blocks of " + this + " (" + blockSize + " weights)");
        }
        return Math.multiplyExact(columns / blockSize, (long) blockBytes);
    }

    /**
     * The type with an identifier.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static GgmlType fromId(int id) {
        GgmlType type = id >= 0 && id < BY_ID.length ? BY_ID[id] : null;
        if (type == null) {
            throw new IllegalArgumentException("unknown ggml type " + id);
        }
        return type;
    }
}
