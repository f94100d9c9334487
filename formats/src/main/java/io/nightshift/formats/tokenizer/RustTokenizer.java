package io.nightshift.formats.tokenizer;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Hugging Face's tokenizers library, loaded when it is first needed. Its native code is in DJL's jar; nothing is
 * downloaded.
 */
final class RustTokenizer implements AutoCloseable {
    static final Map<String, String> OPTIONS = Map.of("truncation", "false", "padding", "false");

    private final Supplier<JsonNode> json;
    private final String file;
    private HuggingFaceTokenizer tokenizer;

    /**
     * A tokenizer.
     *
     * @param json gives the content of tokenizer.json
     * @param file its name, for messages
     */
    RustTokenizer(Supplier<JsonNode> json, String file) {
        this.json = json;
        this.file = file;
    }

    /** The ids of a text, with the special tokens that the post-processor adds. */
    long[] encode(String text) {
        return tokenizer().encode(text, true, false).getIds();
    }

    /** The ids of a text alone. */
    long[] encodeWithoutSpecials(String text) {
        return tokenizer().encode(text, false, false).getIds();
    }

    /** The same, with the part of the text that each token is of. */
    PlacedTokens encodePlaced(String text) {
        Encoding encoding = tokenizer().encode(text, false, false);
        int[] ids = Arrays.stream(encoding.getIds()).mapToInt(Math::toIntExact).toArray();
        int[] from = new int[ids.length];
        int[] to = new int[ids.length];
        CharSpan[] spans = encoding.getCharTokenSpans();
        // The library counts characters, and they never go back.
        int character = 0;
        int index = 0;
        for (int i = 0; i < ids.length; i++) {
            CharSpan span = spans[i];
            if (span == null) {
                from[i] = index;
                to[i] = index;
                continue;
            }
            index = text.offsetByCodePoints(index, span.getStart() - character);
            character = span.getStart();
            from[i] = index;
            to[i] = text.offsetByCodePoints(index, span.getEnd() - span.getStart());
        }
        return new PlacedTokens(ids, from, to);
    }

    /** A text encoded and decoded back. */
    String decodedAgain(String text) {
        return tokenizer().decode(tokenizer().encode(text, false, false).getIds(), false);
    }

    private HuggingFaceTokenizer tokenizer() {
        if (tokenizer == null) {
            byte[] content = json.get().toString().getBytes(StandardCharsets.UTF_8);
            NativeLibraries.load("Hugging Face's tokenizers", LibUtils::checkStatus);
            TokenizerTrial.requireSurvival(TokenizerTrial.Library.TOKENIZERS, content, file);
            try {
                tokenizer = HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(content), OPTIONS);
            } catch (IOException | RuntimeException | LinkageError e) {
                throw new InvalidModelException(file + " is not a tokenizer that can be loaded: " + e.getMessage(), e);
            }
        }
        return tokenizer;
    }

    @Override
    public void close() {
        if (tokenizer != null) {
            tokenizer.close();
        }
    }
}
