package io.nightshift.formats.types;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.quantize.Quantizers;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What a GGUF file is called: the mixture of tensor types that llama-quantize makes under that name (llama.h, llama_ftype). */
public enum FileType {
    F32(0, GgmlType.F32),
    F16(1, GgmlType.F16),
    BF16(32, GgmlType.BF16),
    Q8_0(7, GgmlType.Q8_0),
    Q6_K(18, GgmlType.Q6_K),
    Q5_K_M(17, GgmlType.Q5_K),
    Q5_K_S(16, GgmlType.Q5_K),
    Q5_1(9, GgmlType.Q5_1),
    Q5_0(8, GgmlType.Q5_0),
    Q4_K_M(15, GgmlType.Q4_K),
    Q4_K_S(14, GgmlType.Q4_K),
    Q4_1(3, GgmlType.Q4_1),
    Q4_0(2, GgmlType.Q4_0),
    MXFP4_MOE(38, GgmlType.MXFP4),
    IQ4_NL(25, GgmlType.IQ4_NL),
    IQ4_XS(30, GgmlType.IQ4_XS),
    Q3_K_L(13, GgmlType.Q3_K),
    Q3_K_M(12, GgmlType.Q3_K),
    Q3_K_S(11, GgmlType.Q3_K),
    IQ3_M(27, GgmlType.IQ3_S),
    IQ3_S(26, GgmlType.IQ3_S),
    IQ3_XS(22, GgmlType.IQ3_S),
    IQ3_XXS(23, GgmlType.IQ3_XXS),
    Q2_K(10, GgmlType.Q2_K),
    Q2_K_S(21, GgmlType.Q2_K),
    Q2_0(41, GgmlType.Q2_0),
    IQ2_M(29, GgmlType.IQ2_S),
    // As llama-quantize has it: IQ2_S starts from IQ2_XS tensors.
    IQ2_S(28, GgmlType.IQ2_XS),
    IQ2_XS(20, GgmlType.IQ2_XS),
    IQ2_XXS(19, GgmlType.IQ2_XXS),
    TQ2_0(37, GgmlType.TQ2_0),
    TQ1_0(36, GgmlType.TQ1_0),
    IQ1_M(31, GgmlType.IQ1_M),
    IQ1_S(24, GgmlType.IQ1_S),
    Q1_0(40, GgmlType.Q1_0);

    private static final Map<String, FileType> ALIASES = Map.of("Q3_K", Q3_K_M, "Q4_K", Q4_K_M, "Q5_K", Q5_K_M);

    private final int id;
    private final GgmlType defaultType;

    FileType(int id, GgmlType defaultType) {
        this.id = id;
        this.defaultType = defaultType;
    }

    /** The value of {@code general.file_type}. */
    public int id() {
        return id;
    }

    /** The type of a tensor for which the policy has no other. */
    public GgmlType defaultType() {
        return defaultType;
    }

    /**
     * The file type of a name, in any case; Q3_K, Q4_K and Q5_K stand for their M variants.
     *
     * @throws InvalidModelException naming the supported ones, if there is none
     */
    public static FileType parse(String name) {
        String upper = name.toUpperCase(Locale.ROOT);
        FileType alias = ALIASES.get(upper);
        if (alias != null) {
            return alias;
        }
        for (FileType type : values()) {
            if (type.name().equals(upper)) {
                return type;
            }
        }
        throw new InvalidModelException("unknown GGUF type '" + name + "'; supported: "
                + Arrays.stream(values())
                        .filter(type -> Quantizers.types().contains(type.defaultType()))
                        .map(FileType::name)
                        .collect(Collectors.joining(", ")));
    }
}
