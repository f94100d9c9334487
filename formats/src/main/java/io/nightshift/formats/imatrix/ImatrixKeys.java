package io.nightshift.formats.imatrix;

/** Names in GGUF importance matrices (common/imatrix-loader.h). */
final class ImatrixKeys {
    static final String DATASETS = "imatrix.datasets";
    static final String CHUNK_COUNT = "imatrix.chunk_count";
    static final String CHUNK_SIZE = "imatrix.chunk_size";

    /** Follows the name of a tensor: its sums of squares. */
    static final String SUMS = ".in_sum2";

    /** Follows the name of a tensor: its counts of tokens. */
    static final String COUNTS = ".counts";

    private ImatrixKeys() {}
}
