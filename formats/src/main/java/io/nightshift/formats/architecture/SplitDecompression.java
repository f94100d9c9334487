package io.nightshift.formats.architecture;

import io.nightshift.formats.architecture.TensorRecipe.Stored;
import java.util.List;
import java.util.stream.Stream;

/**
 * The matrix that makes keys and values of what is stored compressed (DeepSeek V2 and later). Each head has rows for its keys,
 * and behind them rows for its values. GGUF keeps it as two tensors of a matrix a head: that of keys, transposed, and that of
 * values. Where a model is run, and in folders for loaders of Hugging Face models, it is one linear layer, here under the name
 * that GGUF files had for it once.
 */
public final class SplitDecompression {
    /** Keys' part in GGUF: for each head a matrix that queries are multiplied with. */
    public static final String KEYS = "attn_k_b";

    /** Values' part in GGUF: for each head a matrix of what attention has mixed of the compressed states. */
    public static final String VALUES = "attn_v_b";

    private static final String WHOLE = Role.DECOMPRESSION.tensor();

    private SplitDecompression() {}

    /** Whether a tensor, by its name in GGUF, is one of the two parts. */
    public static boolean isPart(String tensor) {
        return tensor.endsWith("." + KEYS + ".weight") || isValues(tensor);
    }

    /** Whether a tensor is the matrix as a whole. */
    public static boolean isWhole(String tensor) {
        return tensor.endsWith("." + WHOLE + ".weight");
    }

    /** The name of a part of the matrix. */
    public static String part(String whole, String part) {
        return whole.replace("." + WHOLE + ".", "." + part + ".");
    }

    /** Tensors with the whole matrix in place of its parts. */
    static Stream<TensorRecipe> joined(List<TensorRecipe> tensors) {
        return tensors.stream()
                .filter(tensor -> !isPart(tensor.name()) || isValues(tensor.name()))
                .map(tensor -> isValues(tensor.name()) ? whole(tensor) : tensor);
    }

    private static boolean isValues(String tensor) {
        return tensor.endsWith("." + VALUES + ".weight");
    }

    private static TensorRecipe whole(TensorRecipe values) {
        SourceRows rows = ((Stored) values.content()).parts().get(0);
        SourceRows all = SourceRows.whole(rows.tensor()).with(rows.elements());
        return new TensorRecipe(values.name().replace("." + VALUES + ".", "." + WHOLE + "."),
                List.of(all.length(), all.rows()), values.type(), new Stored(List.of(all)));
    }
}
