package io.nightshift.formats.tokenizer;

import ai.djl.sentencepiece.SpTokenizer;
import ai.djl.sentencepiece.jni.LibUtils;
import io.nightshift.formats.InvalidModelException;
import java.util.OptionalInt;

/** A tokenizer that SentencePiece's library runs. Its native code is in DJL's jar; nothing is downloaded. */
final class SentencePieceTextTokenizer implements TextTokenizer {
    private final SpTokenizer tokenizer;
    private final OptionalInt beginOfText;
    private final String file;

    /**
     * A tokenizer.
     *
     * @param model the content of tokenizer.model
     * @param file its name, for messages
     */
    SentencePieceTextTokenizer(byte[] model, String file, OptionalInt beginOfText) {
        NativeLibraries.load("SentencePiece", LibUtils::loadLibrary);
        TokenizerTrial.requireSurvival(TokenizerTrial.Library.SENTENCE_PIECE, model, file);
        this.beginOfText = beginOfText;
        this.file = file;
        try {
            tokenizer = new SpTokenizer(model);
        } catch (RuntimeException | LinkageError e) {
            throw new InvalidModelException(file + " is not a tokenizer that can be loaded: " + e.getMessage(), e);
        }
    }

    @Override
    public int[] encode(String text) {
        return text.isEmpty() ? new int[0] : tokenizer.getProcessor().encode(text);
    }

    @Override
    public PlacedTokens encodePlaced(String text) {
        throw PlacedTokens.unknown(file);
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
