package io.nightshift.formats.tokenizer;

import java.util.OptionalInt;

/** Turns texts into token ids. For one thread; to be closed, for its native code holds memory of its own. */
public interface TextTokenizer extends AutoCloseable {
    /**
     * The tokens of a text, without the special tokens that are put around texts.
     *
     * @return ids, none for an empty text
     * @throws io.nightshift.formats.InvalidModelException if the vocabulary lacks what the text needs
     */
    int[] encode(String text);

    /**
     * The same tokens with their places. Special tokens that stand in the text are recognized, none is added.
     *
     * @throws io.nightshift.formats.InvalidModelException if the tokenizer does not tell, or the vocabulary lacks what the
     *     text needs
     */
    PlacedTokens encodePlaced(String text);

    /** The token that the model expects before a text; empty if it expects none. */
    OptionalInt beginOfText();

    @Override
    void close();
}
