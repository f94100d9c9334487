package io.nightshift.jobs.evaluation;

import io.nightshift.jobs.text.TextData;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What the user wants.
 *
 * @param model where the original checkpoint is
 * @param quantized what was made of it: quantized models of any registered format, and checkpoints
 * @param data held-out text
 * @param context tokens of a chunk; the second half of each is scored
 * @param chunks most chunks; empty for all
 * @param preTokenizer name of the BPE pre-tokenizer, where it is not to be recognised
 */
public record EvaluateRequest(
        String model,
        List<String> quantized,
        TextData data,
        int context,
        OptionalInt chunks,
        Optional<String> preTokenizer) {
    /** Context where the user gives none: that of llama-perplexity. */
    public static final int DEFAULT_CONTEXT = 512;
}
