package io.nightshift.jobs.evaluation;

import io.nightshift.jobs.text.TextData;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What the user wants.
 *
 * @param model where the original checkpoint is
 * @param quantized what was made of it: quantized models of any registered format, checkpoints, and base-logits files with
 *     what such models predicted
 * @param data held-out text
 * @param context tokens of a chunk; the second half of each is scored; empty for that of the base-logits files, or
 *     {@link #DEFAULT_CONTEXT} where there are none; of chats, most tokens of a conversation, of which the assistant's are
 *     scored, empty for {@link #DEFAULT_CHAT_CONTEXT}
 * @param chunks most chunks, or conversations; empty for all
 * @param preTokenizer name of the BPE pre-tokenizer, where it is not to be recognised
 * @param baseLogits a base-logits file with what the original predicts, so that it need not be run
 * @param savedLogits where the original's predictions are written to
 * @param base what the original is a fine-tune of: a checkpoint, or a base-logits file with what it predicts
 */
public record EvaluateRequest(
        String model,
        List<String> quantized,
        TextData data,
        OptionalInt context,
        OptionalInt chunks,
        Optional<String> preTokenizer,
        Optional<String> baseLogits,
        Optional<SavedLogits> savedLogits,
        Optional<String> base) {
    /** Context where the user gives none: that of llama-perplexity. */
    public static final int DEFAULT_CONTEXT = 512;

    /** Most tokens of a conversation where the user gives none and the model takes as many. */
    public static final int DEFAULT_CHAT_CONTEXT = 2048;

    /** A comparison without base-logits files and base. */
    public EvaluateRequest(
            String model,
            List<String> quantized,
            TextData data,
            int context,
            OptionalInt chunks,
            Optional<String> preTokenizer) {
        this(model, quantized, data, OptionalInt.of(context), chunks, preTokenizer, Optional.empty(), Optional.empty(),
                Optional.empty());
    }

    /**
     * A base-logits file that is to be made.
     *
     * @param location where to
     * @param overwrite whether it may take the place of a file that no run of nightshift made
     */
    public record SavedLogits(String location, boolean overwrite) {}
}
