package io.nightshift.formats.types;

import static io.nightshift.kernels.GgmlType.IQ2_S;
import static io.nightshift.kernels.GgmlType.IQ2_XXS;
import static io.nightshift.kernels.GgmlType.IQ3_S;
import static io.nightshift.kernels.GgmlType.IQ3_XXS;
import static io.nightshift.kernels.GgmlType.MXFP4;
import static io.nightshift.kernels.GgmlType.Q2_K;
import static io.nightshift.kernels.GgmlType.Q3_K;
import static io.nightshift.kernels.GgmlType.Q4_1;
import static io.nightshift.kernels.GgmlType.Q4_K;
import static io.nightshift.kernels.GgmlType.Q5_1;
import static io.nightshift.kernels.GgmlType.Q5_K;
import static io.nightshift.kernels.GgmlType.Q6_K;
import static io.nightshift.kernels.GgmlType.Q8_0;

import io.nightshift.kernels.GgmlType;

/**
 * The mixture of types that makes up a file type: which tensors get more bits, and which fewer (llama-quant.cpp,
 * llama_tensor_get_type_impl). A function of facts alone.
 */
final class TypePolicy {
    private final FileType fileType;
    private final ModelFacts model;
    private final TypeOptions options;

    TypePolicy(FileType fileType, ModelFacts model, TypeOptions options) {
        this.fileType = fileType;
        this.model = model;
        this.options = options;
    }

    GgmlType typeOf(TensorFacts tensor) {
        GgmlType standard = fileType.defaultType();
        TensorCategory category = tensor.category();
        if (category == TensorCategory.OUTPUT || tensor.tied() && category == TensorCategory.TOKEN_EMBEDDING) {
            return options.outputTensorType().orElseGet(() -> output(tensor));
        }
        if (fileType == FileType.MXFP4_MOE) {
            return tensor.experts() > 1 ? MXFP4 : Q8_0;
        }
        if (category == TensorCategory.TOKEN_EMBEDDING) {
            return options.tokenEmbeddingType().orElseGet(this::tokenEmbedding);
        }
        if (isOneOrTwoBits()) {
            return oneOrTwoBits(tensor);
        }
        return switch (category) {
            case ATTENTION_V -> attentionV(tensor);
            case ATTENTION_K -> model.experts() == 8 ? Q8_0 : attentionQ();
            case ATTENTION_Q -> attentionQ();
            case ATTENTION_OUTPUT -> attentionOutput();
            case FFN_DOWN -> ffnDown(tensor);
            case FFN_GATE, FFN_UP -> ffnGateOrUp(tensor);
            default -> standard;
        };
    }

    private GgmlType output(TensorFacts tensor) {
        GgmlType standard = fileType.defaultType();
        if (fileType == FileType.MXFP4_MOE || tensor.columns() % standard.blockSize() != 0 || standard == Q8_0) {
            return Q8_0;
        }
        return switch (fileType) {
            case IQ1_S, IQ1_M, IQ2_XXS, IQ2_XS, IQ2_S, IQ2_M, IQ3_XXS -> Q5_K;
            default -> Q6_K;
        };
    }

    private GgmlType tokenEmbedding() {
        return switch (fileType) {
            case IQ1_S, IQ1_M, IQ2_XXS, IQ2_XS -> Q2_K;
            case IQ2_S, IQ2_M, IQ3_XXS -> IQ3_S;
            case TQ1_0, TQ2_0, Q2_0 -> Q4_K;
            default -> fileType.defaultType();
        };
    }

    private boolean isOneOrTwoBits() {
        return switch (fileType) {
            case IQ1_S, IQ1_M, IQ2_XXS, IQ2_XS, IQ2_S, IQ2_M -> true;
            default -> false;
        };
    }

    private GgmlType oneOrTwoBits(TensorFacts tensor) {
        boolean larger = fileType == FileType.IQ2_S || fileType == FileType.IQ2_M;
        boolean oneBit = fileType == FileType.IQ1_S || fileType == FileType.IQ1_M;
        GgmlType standard = fileType.defaultType();
        return switch (tensor.category()) {
            case ATTENTION_V -> model.groupedQueries() >= 4 || model.experts() >= 4 ? Q4_K : larger ? IQ3_S : Q2_K;
            case ATTENTION_K -> model.experts() == 8 ? Q4_K : standard;
            case FFN_DOWN -> tensor.earlier() < model.layers() / 8 ? (larger ? IQ3_S : Q2_K) : standard;
            case ATTENTION_OUTPUT -> model.experts() == 8 ? Q5_K : oneBit ? IQ2_XXS : larger ? IQ3_S : standard;
            default -> standard;
        };
    }

    private GgmlType attentionV(TensorFacts tensor) {
        // For the price of a small tensor: 8 bits in models of 8 experts, and no less than 5 in 70B models.
        if (model.experts() == 8) {
            return Q8_0;
        }
        GgmlType type = mixedAttentionV(tensor);
        return model.isSeventyBillion() && (type == Q3_K || type == Q4_K) ? Q5_K : type;
    }

    private GgmlType mixedAttentionV(TensorFacts tensor) {
        GgmlType standard = fileType.defaultType();
        boolean grouped = model.groupedQueries() >= 4;
        int index = tensor.earlier();
        return switch (fileType) {
            case Q2_K -> grouped ? Q4_K : Q3_K;
            case Q2_K_S, IQ3_XS, IQ3_S -> grouped ? Q4_K : standard;
            case IQ3_XXS -> grouped ? Q4_K : options.importance() ? IQ3_XXS : IQ3_S;
            case IQ3_M -> Q4_K;
            case Q3_K_M -> index < 2 ? Q5_K : Q4_K;
            case Q3_K_L -> Q5_K;
            case IQ4_NL, IQ4_XS -> grouped ? Q5_K : standard;
            case Q4_K_M, Q5_K_M -> usesMoreBits(index, tensor.attentionVs()) ? Q6_K : standard;
            case Q4_K_S -> index < 4 ? Q5_K : standard;
            default -> standard;
        };
    }

    private GgmlType attentionQ() {
        return switch (fileType) {
            case IQ3_XS -> IQ3_XXS;
            case IQ3_XXS -> IQ2_S;
            default -> fileType.defaultType();
        };
    }

    private GgmlType attentionOutput() {
        GgmlType standard = fileType.defaultType();
        if (model.experts() == 8) {
            return switch (fileType) {
                case Q2_K, IQ3_XS, IQ3_XXS, Q3_K_S, Q3_K_M, IQ4_NL, Q4_K_S, Q4_K_M, IQ3_S, IQ3_M, IQ4_XS -> Q5_K;
                default -> standard;
            };
        }
        return switch (fileType) {
            case Q2_K -> Q3_K;
            case IQ3_XXS -> IQ3_S;
            case Q3_K_M, IQ3_M -> Q4_K;
            case Q3_K_L -> Q5_K;
            default -> standard;
        };
    }

    private GgmlType ffnDown(TensorFacts tensor) {
        GgmlType standard = fileType.defaultType();
        int layer = layer(tensor);
        int layers = model.layers();
        boolean firstEighth = layer < layers / 8;
        boolean moreBits = usesMoreBits(layer, layers);
        return switch (fileType) {
            case Q2_K -> Q3_K;
            case Q2_K_S -> firstEighth ? Q4_K : standard;
            case IQ3_XXS -> options.importance() ? standard : firstEighth ? Q4_K : Q3_K;
            case Q3_K_M -> layer < layers / 16 ? Q5_K : Q4_K;
            case IQ3_M -> firstEighth || model.experts() == 8 && moreBits ? Q4_K : standard;
            case Q3_K_L -> Q5_K;
            case Q4_K_M, Q5_K_M -> moreBits ? Q6_K : standard;
            case IQ4_NL, IQ4_XS -> firstEighth && !options.importance() ? Q5_K : standard;
            case Q4_K_S -> firstEighth ? Q5_K : standard;
            case Q4_0 -> firstEighth && options.importance() ? Q4_1 : standard;
            case Q5_0 -> firstEighth && options.importance() ? Q5_1 : standard;
            default -> standard;
        };
    }

    private GgmlType ffnGateOrUp(TensorFacts tensor) {
        int layer = layer(tensor);
        int layers = model.layers();
        boolean middle = layer >= layers / 8 && layer < 7 * layers / 8;
        return fileType == FileType.IQ3_XS && middle ? IQ3_XXS : fileType.defaultType();
    }

    // In mixtures of experts the order of the tensors says nothing of the layer, so the name does.
    private int layer(TensorFacts tensor) {
        return model.experts() > 1 ? tensor.layer() : tensor.earlier();
    }

    // The first and last eighth, and every third between.
    private static boolean usesMoreBits(int layer, int layers) {
        return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
    }
}
