package io.nightshift.formats.tokenizer;

import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;

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
    /** What the converter puts where the embedding has a row, and the tokenizer no token. */
    static byte[] padding(int id) {
        return ("[PAD" + id + "]").getBytes(StandardCharsets.UTF_8);
    }

    int size() {
        return tokens.size();
    }

    /** The vocabulary with some tokens that are text, whatever they look like. */
    Vocabulary shown(Set<String> texts) {
        int[] changed = types.clone();
        for (int i = 0; i < changed.length; i++) {
            if (texts.contains(new String(tokens.get(i), StandardCharsets.UTF_8))) {
                changed[i] = TokenType.USER_DEFINED;
            }
        }
        return new Vocabulary(model, preTokenizer, tokens, scores, changed);
    }

    void appendTo(GgufMetadata metadata) {
        metadata.put("tokenizer.ggml.model", new GgufValue.Text(model));
        metadata.put("tokenizer.ggml.pre", new GgufValue.Text(preTokenizer));
        appendTokens(metadata);
    }

    /** Appends the keys of a tokenizer model that cuts text in a way of its own, and so names none. */
    void appendTo(GgufMetadata metadata, String ownModel) {
        metadata.put("tokenizer.ggml.model", new GgufValue.Text(ownModel));
        appendTokens(metadata);
    }

    private void appendTokens(GgufMetadata metadata) {
        metadata.put("tokenizer.ggml.tokens", new GgufValue.Texts(tokens));
        if (scores != null) {
            metadata.put("tokenizer.ggml.scores", new GgufValue.Float32s(scores));
        }
        metadata.put("tokenizer.ggml.token_type", new GgufValue.Int32s(types));
    }
}
