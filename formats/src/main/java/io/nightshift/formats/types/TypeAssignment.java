package io.nightshift.formats.types;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.kernels.GgmlType;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Gives every tensor of a model its type, as llama-quantize does (llama-quant.cpp, llama_tensor_get_type). */
public final class TypeAssignment {
    /** Parts of names of tensors that stay as converted (llama-quant.cpp, tensor_allows_quantization). */
    private static final List<String> LEFT_ALONE = List.of("_norm.weight", "ffn_gate_inp.weight",
            "ffn_gate_tid2eid.weight", "altup", "laurel", "per_layer_model_proj", "ssm_conv1d", "shortconv.conv.weight",
            "indexer.k_proj.weight", "indexer.q_proj.weight");

    private final FileType fileType;
    private final TypeOptions options;
    private final TypePolicy policy;

    /** An assignment for one model, one file type and one set of options. */
    public TypeAssignment(FileType fileType, ModelFacts model, TypeOptions options) {
        this.fileType = fileType;
        this.options = options;
        this.policy = new TypePolicy(fileType, model, options);
    }

    /**
     * The type of each tensor.
     *
     * @param tensors in llama-quantize's order: by layer, then by name
     * @throws InvalidModelException if a tensor cannot have the type that it should, or an option has no effect
     */
    public List<AssignedType> assign(List<TensorRecipe> tensors) {
        refuseOptionsWithoutEffect(tensors);
        boolean tied = tensors.stream().noneMatch(tensor -> tensor.name().equals("output.weight"));
        int attentionVs = (int) tensors.stream()
                .filter(tensor -> TensorCategory.of(tensor.name()) == TensorCategory.ATTENTION_V)
                .count();
        // How many tensors of a category the policy has decided so far: overridden ones do not count.
        Map<TensorCategory, Integer> decided = new EnumMap<>(TensorCategory.class);
        List<AssignedType> types = new ArrayList<>(tensors.size());
        for (TensorRecipe tensor : tensors) {
            TensorCategory category = TensorCategory.of(tensor.name());
            GgmlType fixed = fixedType(tensor, category);
            if (fixed == null) {
                int earlier = decided.merge(category, 1, Integer::sum) - 1;
                fixed = policy.typeOf(new TensorFacts(
                        tensor.name(),
                        category,
                        tensor.columns(),
                        tensor.shape().size() > 2 ? tensor.shape().get(2) : 1,
                        tensor.layer(),
                        earlier,
                        attentionVs,
                        tied));
            }
            types.add(fitted(tensor, category, fixed));
        }
        return types;
    }

    /** Whether llama-quantize changes the type of a tensor at all (llama-quant.cpp, tensor_allows_quantization). */
    public static boolean isQuantized(TensorRecipe tensor) {
        String name = tensor.name();
        return tensor.writtenShape().size() >= 2
                && name.endsWith("weight")
                && LEFT_ALONE.stream().noneMatch(name::contains);
    }

    private boolean isQuantizable(TensorRecipe tensor) {
        return isQuantized(tensor) && !(options.leaveOutputTensor() && tensor.name().equals("output.weight"));
    }

    /** The type that is settled without the policy, or null. */
    private GgmlType fixedType(TensorRecipe tensor, TensorCategory category) {
        if (!isQuantizable(tensor)) {
            return tensor.type();
        }
        if (category == TensorCategory.TOKEN_EMBEDDING && options.tokenEmbeddingType().isPresent()) {
            return options.tokenEmbeddingType().get();
        }
        if (category == TensorCategory.OUTPUT && options.outputTensorType().isPresent()) {
            return options.outputTensorType().get();
        }
        GgmlType standard = fileType.defaultType();
        if (!standard.isQuantized()) {
            return standard;
        }
        return options.override(tensor.name()).orElse(options.pure() ? standard : null);
    }

    private AssignedType fitted(TensorRecipe tensor, TensorCategory category, GgmlType wanted) {
        if (tensor.type().isQuantized() && wanted != tensor.type()) {
            throw new InvalidModelException(tensor.name() + " is " + tensor.type() + " in the checkpoint, and " + fileType
                    + " would make it " + wanted + ": it is not quantized a second time. Choose MXFP4_MOE, which keeps it");
        }
        if (!isQuantizable(tensor)) {
            return new AssignedType(wanted, wanted, false);
        }
        GgmlType type = wanted;
        if (tensor.columns() % wanted.blockSize() != 0) {
            boolean asked = category == TensorCategory.TOKEN_EMBEDDING && options.tokenEmbeddingType().isPresent()
                    || category == TensorCategory.OUTPUT && options.outputTensorType().isPresent();
            type = asked ? null : fallback(wanted);
            if (type == null) {
                throw new InvalidModelException(tensor.name() + ": rows of " + tensor.columns()
                        + " weights are not whole blocks of " + wanted + " (" + wanted.blockSize()
                        + " weights) and no other type takes its place; choose another type");
            }
            if (tensor.columns() % type.blockSize() != 0) {
                type = GgmlType.F16;
            }
        }
        return new AssignedType(type, wanted, needsImportance(category, type));
    }

    private static GgmlType fallback(GgmlType wanted) {
        return switch (wanted) {
            case IQ1_S, IQ1_M, IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS, IQ3_S, IQ4_XS -> GgmlType.IQ4_NL;
            case Q2_0, Q2_K, Q3_K, TQ1_0, TQ2_0 -> GgmlType.Q4_0;
            case Q4_K -> GgmlType.Q5_0;
            case Q5_K -> GgmlType.Q5_1;
            case Q6_K -> GgmlType.Q8_0;
            default -> wanted.blockSize() <= 32 ? wanted : null;
        };
    }

    private boolean needsImportance(TensorCategory category, GgmlType type) {
        boolean smallest = fileType == FileType.Q2_K_S && type == GgmlType.Q2_K && category != TensorCategory.TOKEN_EMBEDDING
                && category != TensorCategory.OUTPUT;
        return smallest || refusedWithoutImportance(category, type);
    }

    /** Whether a tensor of that name can have a type only with an importance, whatever the file's type. */
    public static boolean needsImportance(String tensor, GgmlType type) {
        return refusedWithoutImportance(TensorCategory.of(tensor), type);
    }

    /** Whether llama-quantize refuses a type without importance (llama-quant.cpp, tensor_requires_imatrix). */
    private static boolean refusedWithoutImportance(TensorCategory category, GgmlType type) {
        if (category == TensorCategory.TOKEN_EMBEDDING || category == TensorCategory.OUTPUT) {
            // Not refused there, but ggml has no algorithm for them and aborts (ggml_quantize_requires_imatrix).
            return type == GgmlType.IQ2_XXS || type == GgmlType.IQ2_XS || type == GgmlType.IQ1_S;
        }
        return switch (type) {
            case IQ3_XXS, IQ2_XXS, IQ2_XS, IQ2_S, IQ1_M, IQ1_S -> true;
            default -> false;
        };
    }

    private void refuseOptionsWithoutEffect(List<TensorRecipe> tensors) {
        boolean quantized = fileType.defaultType().isQuantized();
        if (!quantized && (options.pure() || !options.overrides().isEmpty())) {
            throw new InvalidModelException((options.pure() ? "--pure" : "--tensor-type") + " has no effect on " + fileType
                    + ", which has no mixture of types; leave it out");
        }
        for (TypeOverride override : options.overrides()) {
            if (tensors.stream().noneMatch(tensor -> isQuantizable(tensor)
                    && override.pattern().matcher(tensor.name()).find())) {
                throw new InvalidModelException(
                        override.option() + " " + override.expression() + ": no tensor that can be quantized has such a name");
            }
        }
        boolean hasOutput = tensors.stream().anyMatch(tensor -> tensor.name().equals("output.weight"));
        if (options.leaveOutputTensor() && !hasOutput) {
            throw new InvalidModelException("--leave-output-tensor: the model has no output.weight (its embedding is tied)");
        }
        if (options.outputTensorType().isPresent() && options.leaveOutputTensor()) {
            throw new InvalidModelException("--output-tensor-type and --leave-output-tensor exclude each other");
        }
        if (options.outputTensorType().isPresent() && !hasOutput
                && (options.tokenEmbeddingType().isPresent() || options.pure() || !quantized)) {
            throw new InvalidModelException("--output-tensor-type: the model has no output.weight (its embedding is tied)");
        }
    }
}
