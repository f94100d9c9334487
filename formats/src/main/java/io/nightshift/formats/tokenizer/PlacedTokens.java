package io.nightshift.formats.tokenizer;

import io.nightshift.formats.InvalidModelException;

/**
 * The tokens of a text, and what part of it each is of.
 *
 * @param ids the tokens
 * @param from for each, the index of its part's first char
 * @param to for each, the index after its part's last char; tokens that share a character have the same part
 */
public record PlacedTokens(int[] ids, int[] from, int[] to) {
    /** Refuses a tokenizer that does not tell places, nor special tokens from other text. */
    static InvalidModelException unknown(String tokenizer) {
        return new InvalidModelException(tokenizer + ": a tokenizer of this kind does not recognize special tokens in a text,"
                + " which chats are written with; --chat needs a tokenizer.json");
    }
}
