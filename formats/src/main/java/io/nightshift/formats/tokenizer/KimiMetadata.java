package io.nightshift.formats.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Warnings;
import io.nightshift.formats.gguf.GgufMetadata;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * The {@code tokenizer.*} keys of Kimi K2 as it is published (conversion/deepseek.py, DeepseekV2Model.set_vocab). The converter
 * runs the checkpoint's class, tokenization_kimi.TikTokenTokenizer, and asks it for ranks and special tokens; it has the first
 * of {@code tiktoken.model}, and the second of {@code tokenizer_config.json}, where those without a name are called by their
 * numbers. Both are read here.
 */
final class KimiMetadata {
    static final String FILE = "tiktoken.model";

    private static final String CLASS = "tokenization_kimi.TikTokenTokenizer";
    private static final String PRE_TOKENIZER = "kimi-k2";
    private static final int SPECIALS = 256;

    private KimiMetadata() {}

    /** Whether a folder's tokenizer is in tiktoken's format alone. */
    static boolean isTakenOf(TokenizerFiles files) {
        return files.has(FILE) && !files.has(BytePairTokenizer.FILE);
    }

    /**
     * Appends the keys.
     *
     * @param rows rows of the token embedding; empty if the configuration does not say
     * @param preTokenizer its name if the user gave one
     * @throws InvalidModelException if the class is another, or a file is damaged or another model's
     * @throws IOException if the folder cannot be read
     */
    static void append(TokenizerFiles files, OptionalInt rows, Optional<String> preTokenizer, GgufMetadata metadata,
            Warnings warnings) throws IOException {
        Tiktoken tiktoken = TiktokenMetadata.read(
                files, FILE, CLASS, "add the model's " + BytePairTokenizer.FILE, SPECIALS, rows);
        TiktokenMetadata.append(
                tiktoken, specials(files, tiktoken.ranks().size()), preTokenizer.orElse(PRE_TOKENIZER), metadata);
        new SpecialTokens(files, SpecialTokens.COMMON, OptionalInt.empty(), warnings).appendTo(metadata);
    }

    private static List<String> specials(TokenizerFiles files, int first) {
        JsonNode names = files.tokenizerConfig().path("added_tokens_decoder");
        return IntStream.range(first, first + SPECIALS)
                .mapToObj(id -> names.path(Integer.toString(id)).path("content").asText("<|reserved_token_" + id + "|>"))
                .toList();
    }
}
