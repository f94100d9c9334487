package io.nightshift.formats.tokenizer;

import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import java.util.List;

/**
 * The tokens of a model, in the order of their ids.
 *
 * @param model {@code tokenizer.ggml.model}: llama for SentencePiece, gpt2 for byte-level BPE
 * @param preTokenizer {@code tokenizer.ggml.pre}
 * @param tokens their bytes
 * @param scores one a token; null for BPE
 * @param types one a token, of {@link TokenType}
 */
record Vocabulary(String model, String preTokenizer, List<byte[]> tokens, float[] scores, int[] types) {
    int size() {
        return tokens.size();
    }

    void appendTo(GgufMetadata metadata) {
        metadata.put("tokenizer.ggml.model", new GgufValue.Text(model));
        metadata.put("tokenizer.ggml.pre", new GgufValue.Text(preTokenizer));
        metadata.put("tokenizer.ggml.tokens", new GgufValue.Texts(tokens));
        if (scores != null) {
            metadata.put("tokenizer.ggml.scores", new GgufValue.Float32s(scores));
        }
        metadata.put("tokenizer.ggml.token_type", new GgufValue.Int32s(types));
    }
}
