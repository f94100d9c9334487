package io.nightshift.formats.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.storage.MemoryFolder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Tokenizers that cannot be used: the message names the file and says what to do. */
class TokenizerRefusalTest {
    /** A piece "a" of score 0. */
    private static final String SENTENCE_PIECE = "\n\3\n\1a";

    @Test
    void refusesAFolderWithoutATokenizer() {
        refused(VocabularyRule.LLAMA, Map.of("config.json", "{}"), "memory has no tokenizer", "tokenizer.json", "tokenizer.model");
    }

    @Test
    void refusesTekken() {
        refused(VocabularyRule.LLAMA, Map.of("tekken.json", "{}"), "memory/tekken.json", "tekken", "tokenizer.json");
    }

    @Test
    void refusesWordPieceAndUnigram() {
        for (String type : List.of("WordPiece", "Unigram")) {
            String tokenizer = "{\"model\":{\"type\":\"" + type + "\"}}";
            refused(VocabularyRule.SENTENCE_PIECE_OR_BYTE_PAIR, Map.of("tokenizer.json", tokenizer), type, "tokenizer.model");
        }
    }

    @Test
    void refusesGemma2AndPhi3WithoutSentencePiece() {
        for (VocabularyRule rule : List.of(VocabularyRule.GEMMA2, VocabularyRule.PHI3)) {
            refused(rule, Map.of("tokenizer.json", "{}"), "memory/tokenizer.model is missing");
        }
    }

    @Test
    void refusesBrokenFiles() {
        refused(VocabularyRule.LLAMA, Map.of("tokenizer.model", "no model"), "memory/tokenizer.model is not a SentencePiece model");
        refused(VocabularyRule.LLAMA, Map.of("tokenizer.model", ""), "memory/tokenizer.model is not a SentencePiece model");
        refused(VocabularyRule.LLAMA, Map.of("tokenizer.model", SENTENCE_PIECE, "tokenizer_config.json", "{"),
                "memory/tokenizer_config.json is not valid JSON");
        refused(VocabularyRule.SENTENCE_PIECE_OR_BYTE_PAIR, Map.of("tokenizer.json", "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":7}}"),
                "memory/tokenizer.json");
    }

    @Test
    void refusesMoreTokensThanTheEmbeddingHasRows() {
        refused(VocabularyRule.SENTENCE_PIECE_OR_BYTE_PAIR, Map.of("tokenizer.json", "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":12}}}"),
                "memory/tokenizer.json", "token b", "12", "vocab_size");
    }

    @Test
    void refusesNegativeSpecialTokens() {
        refused(VocabularyRule.LLAMA, Map.of("tokenizer.model", SENTENCE_PIECE, "config.json", "{\"pad_token_id\":-1}"),
                "memory/config.json", "pad_token_id", "-1");
    }

    @Test
    void leavesOutTokensBeyondTheEmbeddingWithAWarning() throws IOException {
        List<String> warnings = new ArrayList<>();
        GgufMetadata metadata = new GgufMetadata();
        TokenizerMetadata.append(
                MemoryFolder.of("m", Map.of("tokenizer.model", SENTENCE_PIECE, "added_tokens.json", "{\"x\": 10}")),
                VocabularyRule.LLAMA,
                OptionalInt.of(10),
                Optional.empty(),
                metadata,
                warnings::add);
        assertEquals(10, ((GgufValue.Texts) metadata.get("tokenizer.ggml.tokens").orElseThrow()).values().size());
        assertEquals(1, warnings.size(), warnings.toString());
        assertTrue(warnings.get(0).contains("added token x"), warnings.get(0));
    }

    private static void refused(VocabularyRule rule, Map<String, String> files, String... parts) {
        InvalidModelException refusal = assertThrows(
                InvalidModelException.class,
                () -> TokenizerMetadata.append(
                        MemoryFolder.of("m", files),
                        rule,
                        OptionalInt.of(10),
                        Optional.empty(),
                        new GgufMetadata(),
                        warning -> {}));
        for (String part : parts) {
            assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
        }
    }
}
