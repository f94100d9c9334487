package io.nightshift.formats.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.tokenizer.AddedTokens.AddedToken;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/** A byte-level BPE tokenizer, of a folder with {@code tokenizer.json} (base.py, get_vocab_base; vocab.py). */
final class BytePairTokenizer {
    static final String FILE = "tokenizer.json";

    private final TokenizerFiles files;
    private final AddedTokens added;

    private BytePairTokenizer(TokenizerFiles files) {
        this.files = files;
        added = new AddedTokens(files);
    }

    /**
     * The tokenizer of a folder.
     *
     * @throws InvalidModelException if the folder has none, or one of another kind
     */
    static BytePairTokenizer of(TokenizerFiles files) {
        if (!files.has(FILE)) {
            throw new InvalidModelException(files.location() + " has no tokenizer that can be read: it needs " + FILE
                    + " or, for models that use SentencePiece, " + SentencePieceVocabulary.FILE);
        }
        String type = files.tokenizerJson().path("model").path("type").asText("unnamed");
        if (!type.equals("BPE")) {
            throw new InvalidModelException(files.path(FILE) + ": " + type
                    + " tokenizers are not supported, only byte-level BPE; if the model has a "
                    + SentencePieceVocabulary.FILE + ", add it to the folder");
        }
        return new BytePairTokenizer(files);
    }

    /**
     * The tokens, padded to the rows of the embedding.
     *
     * @param rows rows of the token embedding; empty if the configuration does not say
     * @param preTokenizer its name if the user gave one, else it is recognized
     */
    Vocabulary vocabulary(OptionalInt rows, Optional<String> preTokenizer, Consumer<String> warnings) {
        JsonNode modelVocabulary = files.tokenizerJson().path("model").path("vocab");
        List<AddedToken> addedTokens = added.all();
        int size = rows.orElseGet(() -> modelVocabulary.size()
                + (int) addedTokens.stream().filter(token -> !modelVocabulary.has(token.content())).count());
        byte[][] tokens = new byte[size][];
        int[] types = new int[size];
        modelVocabulary.fields().forEachRemaining(entry -> {
            int id = checked(entry.getValue().intValue(), entry.getKey(), size);
            tokens[id] = entry.getKey().getBytes(StandardCharsets.UTF_8);
            types[id] = TokenType.NORMAL;
        });
        String pre;
        try (RustTokenizer tokenizer = new RustTokenizer(added::applied, files.path(FILE))) {
            pre = preTokenizer.orElseGet(() -> PreTokenizers.recognize(files, tokenizer, warnings));
            for (AddedToken token : addedTokens) {
                int id = checked(token.id(), token.content(), size);
                // llama.cpp looks for added tokens in text as it is, so they are stored as text reads after decoding.
                String text = token.normalized() ? token.content() : tokenizer.decodedAgain(token.content());
                boolean control = token.special() || SpecialLooks.test(text);
                tokens[id] = (control ? text : text.replace('\u2581', ' ')).getBytes(StandardCharsets.UTF_8);
                types[id] = control ? TokenType.CONTROL : TokenType.USER_DEFINED;
            }
        }
        for (int id = 0; id < size; id++) {
            if (tokens[id] == null) {
                tokens[id] = Vocabulary.padding(id);
                types[id] = TokenType.UNUSED;
            }
        }
        return new Vocabulary("gpt2", pre, Arrays.asList(tokens), null, types);
    }

    private int checked(int id, String content, int size) {
        if (id < 0 || id >= size) {
            throw new InvalidModelException(files.path(FILE) + ": the token " + content + " has the number " + id
                    + ", but the model has only " + size + " (vocab_size in config.json)");
        }
        return id;
    }

    /**
     * The merges, each as two pieces with a space between; empty if there are none.
     *
     * @throws InvalidModelException if they are in neither of the two forms known
     */
    Optional<GgufValue> merges() {
        JsonNode merges = files.tokenizerJson().path("model").path("merges");
        List<byte[]> texts = new ArrayList<>(merges.size());
        for (JsonNode merge : merges) {
            boolean pair = merge.size() == 2 && merge.get(0).isTextual() && merge.get(1).isTextual();
            if (!merge.isTextual() && !pair) {
                throw new InvalidModelException(files.path(FILE) + ": a merge is neither text nor a pair: " + merge);
            }
            String text = pair ? piece(merge.get(0)) + " " + piece(merge.get(1)) : merge.textValue();
            texts.add(text.getBytes(StandardCharsets.UTF_8));
        }
        return texts.isEmpty() ? Optional.empty() : Optional.of(new GgufValue.Texts(texts));
    }

    /** A piece with its spaces as byte-level BPE writes them. */
    private static String piece(JsonNode piece) {
        return piece.textValue().replace(' ', '\u0120');
    }
}
