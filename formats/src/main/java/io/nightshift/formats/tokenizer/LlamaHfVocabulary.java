package io.nightshift.formats.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.tokenizer.AddedTokens.AddedToken;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The vocabulary of a Llama model whose SentencePiece tokenizer is there as {@code tokenizer.json} only (vocab.py,
 * LlamaHfVocab).
 */
final class LlamaHfVocabulary {
    private static final float SCORE = -1000;
    private static final Pattern BYTE = Pattern.compile("<0x[0-9A-Fa-f]{2}>");

    private LlamaHfVocabulary() {}

    /** Whether a folder's tokenizer.json is SentencePiece's: BPE that falls back to bytes. */
    static boolean accepts(TokenizerFiles files) {
        JsonNode model = files.tokenizerJson().path("model");
        return model.path("type").asText().equals("BPE")
                && model.path("byte_fallback").asBoolean()
                && files.tokenizerJson().path("decoder").path("type").asText().equals("Sequence");
    }

    static Vocabulary read(TokenizerFiles files) {
        JsonNode base = files.tokenizerJson().path("model").path("vocab");
        AddedTokens added = new AddedTokens(files);
        Set<String> specials = added.specials();
        List<AddedToken> beyond =
                added.all().stream().filter(token -> token.id() >= base.size()).toList();
        int size = base.size() + beyond.size();
        String[] texts = new String[base.size()];
        base.fields().forEachRemaining(entry -> {
            int id = entry.getValue().intValue();
            if (id >= 0 && id < texts.length) {
                texts[id] = entry.getKey();
            }
        });
        List<byte[]> tokens = new ArrayList<>(size);
        float[] scores = new float[size];
        int[] types = new int[size];
        Arrays.fill(scores, SCORE);
        for (String text : texts) {
            if (text == null) {
                throw new InvalidModelException(files.path("tokenizer.json") + ": its vocabulary has no token "
                        + Arrays.asList(texts).indexOf(null));
            }
            types[tokens.size()] = BYTE.matcher(text).matches()
                    ? TokenType.BYTE
                    : specials.contains(text) ? TokenType.CONTROL : TokenType.NORMAL;
            tokens.add(text.getBytes(StandardCharsets.UTF_8));
        }
        for (AddedToken token : beyond) {
            types[tokens.size()] = specials.contains(token.content()) ? TokenType.CONTROL : TokenType.USER_DEFINED;
            tokens.add(token.content().getBytes(StandardCharsets.UTF_8));
        }
        return new Vocabulary("llama", "default", tokens, scores, types);
    }
}
