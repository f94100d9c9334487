package io.nightshift.formats.architecture;

/** What llama.cpp's converter does to a source tensor to make an output tensor. */
enum Transform {
    COPY,
    /** The halves of each query or key head interleaved (conversion/llama.py, permute). */
    INTERLEAVE_HALVES,
    /** One source tensor an expert, stacked. */
    STACK_EXPERTS,
    /** The gate half of a tensor that holds, for each expert, gate rows and then up rows. */
    GATE_HALF,
    /** The up half of such a tensor. */
    UP_HALF,
    /** One added to each weight: norms of Gemma, which multiply by 1 + weight. */
    ADD_ONE,
    /** Rows beyond the tokenizer's vocabulary cut off (conversion/gemma.py, Gemma3Model). */
    CUT_TO_TOKENS
}
