package io.nightshift.formats.tokenizer;

import java.util.Set;

/**
 * Recognizes added tokens that ought to be control tokens, whatever their mark says (base.py, does_token_look_special).
 */
final class SpecialLooks {
    private static final Set<String> KNOWN = Set.of("<pad>", "<mask>", "<2mass>", "[@BOS@]");

    private SpecialLooks() {}

    static boolean test(String token) {
        return KNOWN.contains(token)
                || token.startsWith("<|") && token.endsWith("|>")
                || token.startsWith("<\uff5c") && token.endsWith("\uff5c>")
                || token.startsWith("<unused") && token.endsWith(">");
    }
}
