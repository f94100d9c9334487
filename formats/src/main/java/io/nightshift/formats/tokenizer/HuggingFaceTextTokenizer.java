package io.nightshift.formats.tokenizer;

import java.util.Arrays;
import java.util.OptionalInt;

/** A tokenizer that Hugging Face's library runs. */
record HuggingFaceTextTokenizer(RustTokenizer tokenizer, OptionalInt beginOfText) implements TextTokenizer {
    @Override
    public int[] encode(String text) {
        return Arrays.stream(tokenizer.encodeWithoutSpecials(text)).mapToInt(Math::toIntExact).toArray();
    }

    @Override
    public PlacedTokens encodePlaced(String text) {
        return tokenizer.encodePlaced(text);
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
