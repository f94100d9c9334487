package io.nightshift.formats.tokenizer;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Printable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A vocabulary in tiktoken's format: a line a token, its bytes in Base64 and its rank.
 *
 * @param file its full name, for messages
 * @param ranks the tokens' bytes as Latin-1, and their ranks: from 0 on, in the order of the lines
 */
record Tiktoken(String file, Map<String, Integer> ranks) {
    /**
     * Reads one.
     *
     * @throws InvalidModelException if a line is none of a token, or ranks are not in order
     */
    static Tiktoken parse(byte[] content, String file) {
        Map<String, Integer> ranks = new LinkedHashMap<>();
        for (String line : new String(content, StandardCharsets.ISO_8859_1).split("\n")) {
            String[] parts = line.strip().split(" +");
            String token = parts.length == 2 && parts[1].equals(Integer.toString(ranks.size())) ? decoded(parts[0]) : "";
            if (token.isEmpty() || ranks.put(token, ranks.size()) != null) {
                throw new InvalidModelException(file + ": line " + (ranks.size() + 1) + " is no new token in Base64 and the"
                        + " number " + ranks.size() + ", but " + Printable.name(line) + ". Fetch the file again");
            }
        }
        return new Tiktoken(file, ranks);
    }

    /** Bytes as Latin-1; empty if there are none, or they are not in Base64. */
    private static String decoded(String base64) {
        try {
            return new String(Base64.getDecoder().decode(base64), StandardCharsets.ISO_8859_1);
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    /**
     * The merges, each as two pieces in {@link ByteAlphabet} with a space between: of each token the two parts that it is of
     * once all merges of lower ranks are made, where they are two (conversion/qwen.py, bpe).
     */
    List<String> merges() {
        List<String> merges = new ArrayList<>();
        ranks.forEach((token, rank) -> {
            List<String> parts = token.length() == 1 ? List.of() : parts(token, rank);
            if (parts.size() == 2) {
                merges.add(ByteAlphabet.of(parts.get(0)) + " " + ByteAlphabet.of(parts.get(1)));
            }
        });
        return merges;
    }

    private List<String> parts(String token, int rank) {
        List<String> parts = new ArrayList<>(List.of(token.split("")));
        while (true) {
            int best = -1;
            int lowest = rank;
            for (int i = 0; i + 1 < parts.size(); i++) {
                Integer merged = ranks.get(parts.get(i) + parts.get(i + 1));
                if (merged != null && merged < lowest) {
                    best = i;
                    lowest = merged;
                }
            }
            if (best < 0) {
                return parts;
            }
            parts.set(best, parts.get(best) + parts.remove(best + 1));
        }
    }
}
