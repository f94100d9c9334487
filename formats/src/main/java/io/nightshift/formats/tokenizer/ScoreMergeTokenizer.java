package io.nightshift.formats.tokenizer;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.PriorityQueue;
import java.util.stream.IntStream;

/**
 * llama.cpp's way with SentencePiece vocabularies (llama-vocab.cpp, llm_tokenizer_spm): of all neighbours that make a
 * token together the two with the best score are merged, the left ones first among equals; what is no token in the end
 * is written as bytes. No normalizer is applied but that spaces become U+2581. User-defined tokens are looked for
 * first,
 * the longest ones before others; control tokens in a text are text.
 *
 * <p>Bytes are handled as strings of one char each (ISO 8859-1), which Java hashes and cuts fast.
 */
final class ScoreMergeTokenizer implements TextTokenizer {
    private static final String SPACE = bytes("\u2581");

    private final Map<String, Integer> ids = new HashMap<>();
    private final float[] scores;
    private final List<String> userDefined;
    private final boolean addSpacePrefix;
    private final OptionalInt beginOfText;
    private final String location;

    private ScoreMergeTokenizer(
            List<byte[]> tokens,
            float[] scores,
            int[] types,
            boolean addSpacePrefix,
            OptionalInt beginOfText,
            String location) {
        this.scores = scores;
        this.addSpacePrefix = addSpacePrefix;
        this.beginOfText = beginOfText;
        this.location = location;
        for (int id = 0; id < tokens.size(); id++) {
            ids.put(new String(tokens.get(id), StandardCharsets.ISO_8859_1), id);
        }
        userDefined = IntStream.range(0, types.length)
                .filter(id -> types[id] == TokenType.USER_DEFINED)
                .mapToObj(id -> new String(tokens.get(id), StandardCharsets.ISO_8859_1))
                .sorted(Comparator.comparing(String::length).reversed())
                .toList();
    }

    /**
     * The tokenizer of a vocabulary.
     *
     * @param metadata its {@code tokenizer.ggml.*} keys
     * @param location of the model, for messages
     */
    static ScoreMergeTokenizer of(GgufMetadata metadata, OptionalInt beginOfText, String location) {
        List<byte[]> tokens = ((GgufValue.Texts) metadata.get("tokenizer.ggml.tokens").orElseThrow()).values();
        return new ScoreMergeTokenizer(
                tokens,
                metadata.get("tokenizer.ggml.scores")
                        .map(value -> ((GgufValue.Float32s) value).values())
                        .orElseGet(() -> new float[tokens.size()]),
                metadata.get("tokenizer.ggml.token_type")
                        .map(value -> ((GgufValue.Int32s) value).values())
                        .orElseGet(() -> new int[tokens.size()]),
                metadata.get("tokenizer.ggml.add_space_prefix")
                        .map(value -> ((GgufValue.Bool) value).value())
                        .orElse(true),
                beginOfText,
                location);
    }

    @Override
    public int[] encode(String text) {
        IntStream.Builder output = IntStream.builder();
        boolean afterSpecial = true;
        for (Fragment fragment : fragments(bytes(text))) {
            if (fragment.isToken()) {
                output.add(ids.get(fragment.text()));
                afterSpecial = true;
            } else {
                String prefixed = addSpacePrefix && afterSpecial ? " " + fragment.text() : fragment.text();
                new Merging(prefixed.replace(" ", SPACE)).run(output);
                afterSpecial = false;
            }
        }
        return output.build().toArray();
    }

    /** A piece of a text: a user-defined token, or what stands between these. */
    private record Fragment(String text, boolean isToken) {}

    private List<Fragment> fragments(String text) {
        List<Fragment> fragments = text.isEmpty() ? List.of() : List.of(new Fragment(text, false));
        for (String token : userDefined) {
            List<Fragment> next = new ArrayList<>();
            for (Fragment fragment : fragments) {
                if (fragment.isToken() || token.isEmpty()) {
                    next.add(fragment);
                } else {
                    split(fragment.text(), token, next);
                }
            }
            fragments = next;
        }
        return fragments;
    }

    private static void split(String text, String token, List<Fragment> into) {
        int from = 0;
        for (int at = text.indexOf(token); at >= 0; at = text.indexOf(token, from)) {
            if (at > from) {
                into.add(new Fragment(text.substring(from, at), false));
            }
            into.add(new Fragment(token, true));
            from = at + token.length();
        }
        if (from < text.length()) {
            into.add(new Fragment(text.substring(from), false));
        }
    }

    /** Two neighbours that make a token: {@code length} tells whether they are still what they were. */
    private record Pair(int left, int right, float score, int length) {}

    /** The merging of one fragment: symbols are a list, linked by their indices. */
    private final class Merging {
        private static final Comparator<Pair> BEST_FIRST =
                Comparator.comparing(Pair::score, Comparator.reverseOrder()).thenComparingInt(Pair::left);

        private final String text;
        private final int[] start;
        private final int[] length;
        private final int[] previous;
        private final int[] next;
        private final PriorityQueue<Pair> pairs = new PriorityQueue<>(BEST_FIRST);

        Merging(String text) {
            this.text = text;
            start = new int[text.length()];
            length = new int[text.length()];
            previous = new int[text.length()];
            next = new int[text.length()];
        }

        void run(IntStream.Builder output) {
            int symbols = cutIntoCharacters();
            for (int i = 1; i < symbols; i++) {
                consider(i - 1, i);
            }
            for (Pair best = pairs.poll(); best != null; best = pairs.poll()) {
                int left = best.left();
                int right = best.right();
                if (length[left] == 0 || length[right] == 0 || length[left] + length[right] != best.length()) {
                    continue; // One of them was merged with another meanwhile.
                }
                length[left] += length[right];
                length[right] = 0;
                next[left] = next[right];
                if (next[right] >= 0) {
                    previous[next[right]] = left;
                }
                consider(previous[left], left);
                consider(left, next[left]);
            }
            for (int i = symbols == 0 ? -1 : 0; i >= 0; i = next[i]) {
                write(i, output);
            }
        }

        private int cutIntoCharacters() {
            int symbols = 0;
            for (int at = 0; at < text.length(); symbols++) {
                start[symbols] = at;
                length[symbols] = Math.min(utf8Length(text.charAt(at)), text.length() - at);
                at += length[symbols];
                previous[symbols] = symbols - 1;
                next[symbols] = at == text.length() ? -1 : symbols + 1;
            }
            return symbols;
        }

        private void consider(int left, int right) {
            if (left < 0 || right < 0) {
                return;
            }
            int together = length[left] + length[right];
            Integer id = ids.get(text.substring(start[left], start[left] + together));
            if (id != null) {
                pairs.add(new Pair(left, right, scores[id], together));
            }
        }

        private void write(int symbol, IntStream.Builder output) {
            String content = text.substring(start[symbol], start[symbol] + length[symbol]);
            Integer id = ids.get(content);
            if (id != null) {
                output.add(id);
                return;
            }
            for (int i = 0; i < content.length(); i++) {
                output.add(byteToken(content.charAt(i)));
            }
        }
    }

    private int byteToken(char value) {
        Integer id = ids.get(String.format(Locale.ROOT, "<0x%02X>", (int) value));
        if (id == null) {
            id = ids.get(String.valueOf(value));
        }
        if (id == null) {
            throw new InvalidModelException(location + ": the vocabulary has no token for the byte "
                    + String.format(Locale.ROOT, "0x%02X", (int) value) + ", which the text needs");
        }
        return id;
    }

    /** Bytes of a UTF-8 character, by its first one (unicode.cpp, unicode_len_utf8). */
    private static int utf8Length(char first) {
        return first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    }

    private static String bytes(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    @Override
    public PlacedTokens encodePlaced(String text) {
        throw PlacedTokens.unknown(location);
    }

    @Override
    public OptionalInt beginOfText() {
        return beginOfText;
    }

    @Override
    public void close() {
        // Holds nothing but arrays.
    }
}
