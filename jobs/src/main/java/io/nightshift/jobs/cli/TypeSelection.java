package io.nightshift.jobs.cli;

import io.nightshift.formats.types.TypeOptions;
import io.nightshift.formats.types.TypeOverride;
import io.nightshift.kernels.GgmlType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The options that change the types of tensors, as llama-quantize has them. */
final class TypeSelection {
    @Option(names = "--pure", description = "No mixture: every tensor becomes the same type.")
    private boolean pure;

    @Option(names = "--leave-output-tensor", description = "Leave output.weight as it is.")
    private boolean leaveOutputTensor;

    @Option(names = "--output-tensor-type", paramLabel = "TYPE", description = "Type of output.weight.")
    private String outputTensorType;

    @Option(names = "--token-embedding-type", paramLabel = "TYPE", description = "Type of token_embd.weight.")
    private String tokenEmbeddingType;

    @Option(
            names = "--tensor-type",
            paramLabel = "REGEX=TYPE",
            description = "Type of the tensors whose name the expression finds, such as attn_v=q8_0. May be given again;"
                    + " the first that matches counts.")
    private List<String> tensorTypes = new ArrayList<>();

    TypeOptions options() {
        return new TypeOptions(
                pure,
                leaveOutputTensor,
                type("--output-tensor-type", outputTensorType),
                type("--token-embedding-type", tokenEmbeddingType),
                tensorTypes.stream().map(TypeOverride::parse).toList(),
                false);
    }

    /** The first option that was given, for targets that have no use for them. */
    String given() {
        return pure ? "--pure"
                : leaveOutputTensor ? "--leave-output-tensor"
                : outputTensorType != null ? "--output-tensor-type"
                : tokenEmbeddingType != null ? "--token-embedding-type"
                : !tensorTypes.isEmpty() ? "--tensor-type"
                : null;
    }

    private static Optional<GgmlType> type(String option, String name) {
        return Optional.ofNullable(name).map(given -> TypeOverride.parseType(option, given));
    }
}
