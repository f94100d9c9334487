package io.nightshift.formats.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Warnings;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.storage.MemoryFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
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

    /** SentencePiece's vocabulary, in tokenizer.json alone, and a token behind a gap. */
    private static final String LLAMA_HF = """
            {"model": {"type": "BPE", "byte_fallback": true, "vocab": {"a": 0, "<0x41>": 1}},
             "decoder": {"type": "Sequence"}, "added_tokens": [{"id": 3, "content": "<new>", "special": false}]}
            """;

    @Test
    void refusesAFolderWithoutATokenizer() {
        refused(VocabularyRule.LLAMA, Map.of("config.json", "{}"), "memory has no tokenizer", "tokenizer.json", "tokenizer.model");
    }

    @Test
    void refusesWordPieceAndUnigram() {
        for (String type : List.of("WordPiece", "Unigram")) {
            String tokenizer = "{\"model\":{\"type\":\"" + type + "\"}}";
            refused(VocabularyRule.SENTENCE_PIECE_OR_BYTE_PAIR, Map.of("tokenizer.json", tokenizer), type, "tokenizer.model");
        }
    }

    @Test
    void refusesAGlmTokenizerThatLacksATokenByItsName() {
        String tokenizer = """
                {"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}, "pre_tokenizer": {"type": "ByteLevel"},
                 "decoder": {"type": "ByteLevel"}, "added_tokens": [{"id": 1, "content": "[gMASK]", "special": true}]}
                """;
        refused(VocabularyRule.GLM, Map.of("tokenizer.json", tokenizer), "tokenizer.json: has no added token <|user|>");
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

    @Test
    void refusesByteFallbackWithoutAByteLevelPreTokenizerWhateverTheOptionSays() {
        String tokenizer = "{\"model\":{\"type\":\"BPE\",\"byte_fallback\":true,\"vocab\":{\"a\":0},\"merges\":[]},"
                + "\"pre_tokenizer\":%s}";
        for (String preTokenizer : List.of(
                "null",
                "{\"type\":\"Split\",\"pattern\":{\"String\":\" \"},\"behavior\":\"MergedWithPrevious\",\"invert\":false}",
                "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Metaspace\"}]}")) {
            for (VocabularyRule rule : List.of(VocabularyRule.GEMMA3, VocabularyRule.LLAMA, VocabularyRule.BYTE_PAIR)) {
                for (Optional<String> option : List.of(Optional.<String>empty(), Optional.of("default"))) {
                    String message = refusal(rule, OptionalInt.of(10), option,
                            Map.of("tokenizer.json", tokenizer.formatted(preTokenizer)));
                    assertTrue(message.startsWith("memory/tokenizer.json: is a SentencePiece tokenizer"), message);
                    assertTrue(message.endsWith("add the model's tokenizer.model to the folder"), message);
                }
            }
        }
    }

    @Test
    void refusesMoreTokensOfAJsonVocabularyThanRows() {
        String message = refusal(VocabularyRule.LLAMA, OptionalInt.of(2), Optional.empty(), Map.of("tokenizer.json", LLAMA_HF));
        assertTrue(message.startsWith("memory/tokenizer.json: has 4 tokens, but the embedding only 2 rows"), message);
    }

    /** llama.cpp loads no file whose embedding has more rows than there are tokens. */
    @Test
    void padsAJsonVocabularyToTheRowsOfTheEmbedding() throws IOException {
        GgufMetadata metadata = new GgufMetadata();
        TokenizerMetadata.append(MemoryFolder.of("m", Map.of("tokenizer.json", LLAMA_HF)), VocabularyRule.LLAMA, OptionalInt.of(6),
                Optional.empty(), metadata, warning -> fail(warning));
        List<String> tokens = ((GgufValue.Texts) metadata.get("tokenizer.ggml.tokens").orElseThrow()).values().stream()
                .map(token -> new String(token, StandardCharsets.UTF_8)).toList();
        assertEquals(List.of("a", "<0x41>", "[PAD2]", "<new>", "[PAD4]", "[PAD5]"), tokens);
        assertArrayEquals(new int[] {TokenType.NORMAL, TokenType.BYTE, TokenType.UNUSED, TokenType.USER_DEFINED,
            TokenType.UNUSED, TokenType.UNUSED},
                ((GgufValue.Int32s) metadata.get("tokenizer.ggml.token_type").orElseThrow()).values());
    }

    @Test
    void namesTheTokensThatOnlyTokenizerJsonKnows() throws IOException {
        Map<String, String> files = Map.of(
                "tokenizer.model", SENTENCE_PIECE,
                "tokenizer.json", """
                        {"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}}, "added_tokens": [
                         {"id": 0, "content": "a", "special": true},
                         {"id": 2, "content": "<|im_start|>", "special": true},
                         {"id": 3, "content": "<|im_end|>", "special": true},
                         {"id": 12, "content": "x\\u001b", "special": false}]}
                        """);
        List<String> warnings = new ArrayList<>();
        TokenizerMetadata.append(MemoryFolder.of("m", files), VocabularyRule.LLAMA, OptionalInt.of(10), Optional.empty(),
                new GgufMetadata(), warnings::add);
        assertEquals(List.of("memory/tokenizer.json knows tokens that the output, made of tokenizer.model, lacks or has"
                + " otherwise: 0 a is normal instead of control, 1 b is [PAD1], 2 <|im_start|> is [PAD2], 3 <|im_end|> is"
                + " [PAD3], 12 x\\u001b is missing. llama.cpp's converter writes the same; to have them, list them in"
                + " tokenizer_config.json under added_tokens_decoder, as transformers 4 saves them"), warnings);

        InvalidModelException refusal = assertThrows(InvalidModelException.class,
                () -> TokenizerMetadata.append(MemoryFolder.of("m", files), VocabularyRule.LLAMA, OptionalInt.of(10), Optional.empty(),
                        new GgufMetadata(), Warnings.refusing("--strict", warning -> fail(warning))));
        assertEquals("--strict: " + warnings.get(0), refusal.getMessage());

        // What tokenizer_config.json lists is there.
        Map<String, String> listed = Map.of(
                "tokenizer.model", SENTENCE_PIECE,
                "tokenizer.json", """
                        {"model": {"type": "BPE", "vocab": {"a": 0}}, "added_tokens": [
                         {"id": 2, "content": "<|im_start|>", "special": true},
                         {"id": 3, "content": "\u2581\u2581", "special": false}]}
                        """,
                "tokenizer_config.json", """
                        {"added_tokens_decoder": {"2": {"content": "<|im_start|>", "special": true},
                         "3": {"content": "\u2581\u2581", "special": false}}}
                        """);
        TokenizerMetadata.append(MemoryFolder.of("m", listed), VocabularyRule.LLAMA, OptionalInt.of(10), Optional.empty(),
                new GgufMetadata(), warning -> fail(warning));
    }

    @Test
    void namesLongRunsOfTokensByTheirEnds() throws IOException {
        StringBuilder added = new StringBuilder();
        for (int id = 1; id < 200; id++) {
            added.append(id == 1 ? "" : ",").append("{\"id\": %d, \"content\": \"<unused%d>\"}".formatted(id, id));
        }
        List<String> warnings = new ArrayList<>();
        TokenizerMetadata.append(
                MemoryFolder.of("m", Map.of("tokenizer.model", SENTENCE_PIECE, "tokenizer.json",
                        "{\"model\": {\"vocab\": {\"a\": 0}}, \"added_tokens\": [" + added + "]}")),
                VocabularyRule.LLAMA, OptionalInt.of(200), Optional.empty(), new GgufMetadata(), warnings::add);
        assertTrue(warnings.get(0).contains(
                ": 1 <unused1> is [PAD1] and so on to 199 <unused199> is [PAD199]. llama.cpp"), warnings.get(0));
    }

    @Test
    void saysWhatATokenizerModelIsThatIsNone() {
        String pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4\n";
        refused(VocabularyRule.LLAMA, Map.of("tokenizer.model", pointer), "memory/tokenizer.model is not a SentencePiece model, but a"
                + " Git LFS pointer and not the content: run git lfs pull, or download the file again");
        refused(VocabularyRule.SENTENCE_PIECE_OR_BYTE_PAIR, Map.of("tokenizer.json", pointer), "memory/tokenizer.json is not valid JSON, but a Git LFS pointer");
        refused(VocabularyRule.LLAMA, Map.of("tokenizer.model", "<!DOCTYPE html>"), "but a web page; fetch the file again");
        refused(VocabularyRule.LLAMA, Map.of("tokenizer.model", "AA== 0\nAQ== 1\n"), "in tiktoken's format", "remove it, so that the"
                + " folder's tokenizer.json is used");
    }

    private static String refusal(
            VocabularyRule rule, OptionalInt rows, Optional<String> preTokenizer, Map<String, String> files) {
        return assertThrows(InvalidModelException.class, () -> TokenizerMetadata.append(MemoryFolder.of("m", files),
                rule, rows, preTokenizer, new GgufMetadata(), warning -> {})).getMessage();
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
