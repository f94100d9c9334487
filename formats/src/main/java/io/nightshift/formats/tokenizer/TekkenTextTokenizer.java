package io.nightshift.formats.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * The tokenizer of {@code tekken.json}, run by Hugging Face's library, which is given vocabulary and merges without the
 * special tokens: mistral_common takes what looks like one in a text for text, as do llama-imatrix and llama-perplexity. Where
 * they count, the text is cut at them here.
 */
final class TekkenTextTokenizer implements TextTokenizer {
    private final Tekken tekken;
    private final RustTokenizer tokenizer;
    private final OptionalInt beginOfText;
    /** Ids of special tokens by the first characters of these, the longest first. */
    private final Map<Character, List<Integer>> specials = new HashMap<>();

    TekkenTextTokenizer(Tekken tekken, OptionalInt beginOfText) {
        this.tekken = tekken;
        this.beginOfText = beginOfText;
        tokenizer = new RustTokenizer(() -> json(tekken), tekken.file());
        IntStream.range(0, tekken.specials().size())
                .filter(id -> !tekken.specials().get(id).isEmpty())
                .boxed()
                .sorted(Comparator.comparing(id -> -tekken.specials().get(id).length()))
                .forEach(id -> specials.computeIfAbsent(tekken.specials().get(id).charAt(0), first -> new ArrayList<>())
                        .add(id));
    }

    /** The content of a tokenizer.json that cuts and merges alike. */
    private static JsonNode json(Tekken tekken) {
        Map<String, Integer> vocabulary = new LinkedHashMap<>();
        tekken.ranks().forEach((token, rank) -> vocabulary.put(ByteAlphabet.of(token), rank + tekken.specials().size()));
        return BytePairAsJson.of(tekken.pattern(), vocabulary, tekken.merges(), true);
    }

    @Override
    public int[] encode(String text) {
        return text.isEmpty() ? new int[0]
                : Arrays.stream(tokenizer.encodeWithoutSpecials(text)).mapToInt(Math::toIntExact).toArray();
    }

    @Override
    public PlacedTokens encodePlaced(String text) {
        Placing placing = new Placing();
        int begun = 0;
        int at = 0;
        while (at < text.length()) {
            int special = special(text, at);
            if (special < 0) {
                at++;
                continue;
            }
            placing.add(text, begun, at);
            begun = at + tekken.specials().get(special).length();
            placing.add(special, at, begun);
            at = begun;
        }
        placing.add(text, begun, at);
        return placing.tokens();
    }

    /** Tokens of parts of a text, one after the other. */
    private final class Placing {
        private final IntStream.Builder ids = IntStream.builder();
        private final IntStream.Builder from = IntStream.builder();
        private final IntStream.Builder to = IntStream.builder();

        void add(int id, int first, int end) {
            ids.add(id);
            from.add(first);
            to.add(end);
        }

        void add(String text, int first, int end) {
            if (end > first) {
                PlacedTokens part = tokenizer.encodePlaced(text.substring(first, end));
                for (int i = 0; i < part.ids().length; i++) {
                    add(part.ids()[i], first + part.from()[i], first + part.to()[i]);
                }
            }
        }

        PlacedTokens tokens() {
            return new PlacedTokens(ids.build().toArray(), from.build().toArray(), to.build().toArray());
        }
    }

    /** The longest special token that stands at a place of a text; -1 if none does. */
    private int special(String text, int at) {
        for (int id : specials.getOrDefault(text.charAt(at), List.of())) {
            if (text.startsWith(tekken.specials().get(id), at)) {
                return id;
            }
        }
        return -1;
    }

    @Override
    public OptionalInt beginOfText() {
        return beginOfText;
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
