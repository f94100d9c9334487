package io.nightshift.jobs.quantize;

import io.nightshift.formats.types.FileType;
import io.nightshift.formats.types.TypeOptions;
import java.util.List;
import java.util.Optional;

/**
 * What the user wants.
 *
 * @param model where the checkpoint is
 * @param fileTypes the GGUF files to be made
 * @param output folder they go to
 * @param types options that change the types of tensors
 * @param importance the importance matrix to be used
 * @param rounding how linear layers are scaled and rounded; empty for llama-quantize's way
 * @param preTokenizer name of the BPE pre-tokenizer, where it is not to be recognised
 * @param partSize most bytes of a part, about
 * @param overwrite whether files that are complete already are made again
 * @param strict whether warnings that an output differs from what the checkpoint says are refusals
 */
public record QuantizeRequest(
        String model,
        List<FileType> fileTypes,
        String output,
        TypeOptions types,
        ImportanceOptions importance,
        Optional<RoundingRequest> rounding,
        Optional<String> preTokenizer,
        long partSize,
        boolean overwrite,
        boolean strict) {
    /** The option for {@code strict}. */
    public static final String STRICT_OPTION = "--strict";

    /** Part size where the user gives none: 64 MiB. */
    public static final long DEFAULT_PART_SIZE = 64L << 20;

    /** A request for files as llama-quantize makes them. */
    public QuantizeRequest(
            String model,
            List<FileType> fileTypes,
            String output,
            TypeOptions types,
            ImportanceOptions importance,
            Optional<String> preTokenizer,
            long partSize,
            boolean overwrite) {
        this(model, fileTypes, output, types, importance, Optional.empty(), preTokenizer, partSize, overwrite);
    }

    /** A request that is not strict. */
    public QuantizeRequest(
            String model,
            List<FileType> fileTypes,
            String output,
            TypeOptions types,
            ImportanceOptions importance,
            Optional<RoundingRequest> rounding,
            Optional<String> preTokenizer,
            long partSize,
            boolean overwrite) {
        this(model, fileTypes, output, types, importance, rounding, preTokenizer, partSize, overwrite, false);
    }
}
