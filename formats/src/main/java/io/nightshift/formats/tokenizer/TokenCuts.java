package io.nightshift.formats.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The ways in which two tokens make one. */
final class TokenCuts {
    private TokenCuts() {}

    /**
     * All of them, each as two pieces in {@link ByteAlphabet}, first that with the left part of the lowest rank. Costs a
     * search a cut, of which a token has as many as bytes but one.
     *
     * @param token its bytes as Latin-1
     * @param ranks of all tokens
     */
    static List<String[]> of(String token, Map<String, Integer> ranks) {
        List<int[]> cuts = new ArrayList<>();
        for (int at = 1; at < token.length(); at++) {
            Integer left = ranks.get(token.substring(0, at));
            if (left != null && ranks.containsKey(token.substring(at))) {
                // No two left parts of one token are the same, so that the right one never decides.
                cuts.add(new int[] {left, at});
            }
        }
        cuts.sort((a, b) -> Integer.compare(a[0], b[0]));
        return cuts.stream()
                .map(cut -> new String[] {
                    ByteAlphabet.of(token.substring(0, cut[1])), ByteAlphabet.of(token.substring(cut[1]))
                })
                .toList();
    }
}
