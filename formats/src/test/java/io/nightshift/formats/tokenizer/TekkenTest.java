package io.nightshift.formats.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Warnings;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.metadata.MetadataDigest;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.storage.MemoryFolder;
import io.nightshift.formats.storage.ModelFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Folders with tekken.json and without tokenizer.json, made by {@code src/test/python/tokenizer_cases.py}; what the converter
 * writes for two of them is compared in TokenizerCasesTest. Tokens are recorded by {@code tekken_goldens.py}.
 */
class TekkenTest {
    private static final Path RESOURCES = Path.of("src/test/resources");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final List<String> differences = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();

    private final Warnings received = new Warnings() {
        @Override
        public void accept(String warning) {
            warnings.add(warning);
        }

        @Override
        public void differs(String warning) {
            differences.add(warning);
        }
    };

    private static ModelFolder folder(String name) {
        return new LocalFolder(RESOURCES.resolve("metadata").resolve(name));
    }

    private GgufMetadata metadata(ModelFolder folder) throws IOException {
        GgufMetadata metadata = new GgufMetadata();
        TokenizerMetadata.append(folder, VocabularyRule.LLAMA, OptionalInt.empty(), Optional.empty(), metadata, received);
        return metadata;
    }

    /** A version and its golden without the template of llama.cpp, of which the project has the digest alone. */
    @ParameterizedTest
    @CsvSource({"tekken-v11,v11", "tekken-v13,v13"})
    void newerVersionsDifferFromTheConverterByTheTemplateAlone(String name, String version) throws IOException {
        ModelFolder folder = folder(name);
        JsonNode golden = JSON.readTree(folder.read("golden.json")).get("kv");
        String key = "tokenizer.chat_template";
        assertEquals(
                MetadataDigest.of(golden, each -> each.startsWith("tokenizer.") && !each.equals(key)),
                MetadataDigest.of(metadata(folder).remove(key)));
        assertEquals(List.of(key + " STRING sha256:" + TekkenTemplate.CARRIED.get(version).sha256()),
                MetadataDigest.of(golden, key::equals));
    }

    /** The digests are those of sha256sum, of the text in UTF-8. */
    @Test
    void aTemplateOfLlamaCppIsKnownByItsDigest() {
        TekkenTemplate.Carried carried = new TekkenTemplate.Carried("e.jinja",
                "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c");
        assertTrue(carried.is("\u00e9"));
        assertFalse(carried.is("e"));
    }

    @Test
    void withoutATemplateOfItsOwnTheFolderGetsNone() throws IOException {
        GgufMetadata metadata = metadata(folder("tekken-v11"));
        assertEquals(Optional.empty(), metadata.get("tokenizer.chat_template"));
        assertEquals(1, differences.size());
        assertTrue(differences.get(0).matches("the output has no chat template: llama\\.cpp's converter writes its"
                + " models/templates/Mistral-Small-3\\.2-24B-Instruct-2506\\.jinja for \\S+/tekken\\.json \\(version v11\\);"
                + " copy that file to \\S+/chat_template\\.jinja to have the same"), differences.get(0));
    }

    @Test
    void aTemplateOfTheFolderIsWrittenWithAWarning() throws IOException {
        GgufMetadata metadata = metadata(folder("tekken-v13"));
        assertEquals(new GgufValue.Text("{{ messages }}"), metadata.get("tokenizer.chat_template").orElseThrow());
        assertEquals(1, differences.size());
        assertTrue(differences.get(0).startsWith("the output has the chat template of the folder, and llama.cpp's converter"
                + " writes its models/templates/unsloth-mistral-Devstral-Small-2507.jinja for "), differences.get(0));
    }

    @Test
    void oldVersionsHaveTheNameOfATemplate() throws IOException {
        assertEquals(new GgufValue.Text("mistral-v1"), metadata(changed(tekken -> config(tekken).put("version", "v1")))
                .get("tokenizer.chat_template").orElseThrow());
        assertEquals(List.of(), differences);
        metadata(folder("tekken-v7"));
        assertEquals(1, differences.size());
        assertTrue(differences.get(0).contains("chat_template.jinja is left out, for llama.cpp's converter writes the name"
                + " mistral-v7-tekken for every tokenizer like "), differences.get(0));
    }

    @Test
    void anotherPatternIsWarnedOf() throws IOException {
        metadata(folder("tekken-v3"));
        assertEquals(List.of(), warnings);
        metadata(changed(tekken -> config(tekken).put("pattern", "\\p{L}+|.")));
        assertEquals(1, warnings.size());
        assertTrue(warnings.get(0).startsWith("memory/tekken.json: its pattern for cutting texts is not the one"),
                warnings.get(0));
    }

    @Test
    void tokenizerJsonGoesFirst() throws IOException {
        assertEquals(new GgufValue.Text("llama"), metadata(MemoryFolder.of("m", Map.of("tekken.json", "no JSON",
                "tokenizer.json", """
                        {"model": {"type": "BPE", "byte_fallback": true, "vocab": {"a": 0}}, "decoder": {"type": "Sequence"}}
                        """))).get("tokenizer.ggml.model").orElseThrow());
    }

    @ParameterizedTest
    @ValueSource(strings = {"tekken-v3", "tekken-v7", "tekken-v13"})
    void theTokensAreThoseOfMistralCommon(String name) throws IOException {
        JsonNode recorded = JSON.readTree(RESOURCES.resolve("tokenizer/tekken.json").toFile());
        String text = recorded.get("text").asText();
        JsonNode golden = StreamSupport.stream(recorded.get("cases").spliterator(), false)
                .filter(each -> each.get("model").asText().equals(name)).findFirst().orElseThrow();
        int[] expected = StreamSupport.stream(golden.get("ids").spliterator(), false).mapToInt(JsonNode::intValue).toArray();
        ModelFolder folder = folder(name);
        GgufMetadata metadata = metadata(folder);
        try (TextTokenizer own = TextTokenizers.ofModel(folder, metadata);
                TextTokenizer llamaCpp = TextTokenizers.ofLlamaCpp(folder, metadata)) {
            assertArrayEquals(expected, own.encode(text));
            assertArrayEquals(expected, llamaCpp.encode(text));
            assertEquals(0, own.encode("").length);
            assertEquals(OptionalInt.of(1), own.beginOfText());
        }
    }

    /** In a rendered chat special tokens count, and the text between them is cut by itself. */
    @Test
    void specialTokensHavePlacesInChats() throws IOException {
        ModelFolder folder = folder("tekken-v7");
        try (TextTokenizer tokenizer = TextTokenizers.ofModel(folder, metadata(folder))) {
            String text = "<s>[INST]the fox 🚀 é[NEW][/INST]é, and</s>";
            PlacedTokens placed = tokenizer.encodePlaced(text);
            IntStream.Builder ids = IntStream.builder().add(1).add(3);
            IntStream.of(tokenizer.encode("the fox 🚀 ")).forEach(ids::add);
            ids.add(20).add(4);
            IntStream.of(tokenizer.encode("é, and")).forEach(ids::add);
            assertArrayEquals(ids.add(2).build().toArray(), placed.ids());
            StringBuilder parts = new StringBuilder();
            int end = 0;
            for (int i = 0; i < placed.ids().length; i++) {
                // Tokens that share a character have the same place.
                parts.append(text, Math.max(end, placed.from()[i]), Math.max(end, placed.to()[i]));
                end = Math.max(end, placed.to()[i]);
                String special = text.substring(placed.from()[i], placed.to()[i]);
                assertEquals(placed.ids()[i] < 22, special.matches("<s>|</s>|\\[/?INST]|é\\[NEW]"), special);
            }
            assertEquals(text, parts.toString());
        }
    }

    @Test
    void chatsKnowItsSpecialTokens() throws IOException {
        ChatFormat format = ChatFormat.read(MemoryFolder.of("m", Map.of(
                "tekken.json", "{}", "chat_template.jinja", "{{ bos_token }}")));
        assertEquals(Map.of("bos_token", "<s>", "eos_token", "</s>", "unk_token", "<unk>", "pad_token", "<pad>"),
                format.specialTokens());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            /config/version|"v8"|its version (config.version) is v8, and known are v1, v2, v3, v7, v11, v13, v15; add
            /config|{}|its version (config.version) is missing, and known
            /config/version|"v11"|lists no special_tokens, as files of version v11 do
            /config/pattern|7|has no pattern for cutting texts (config.pattern)
            /config/default_vocab_size|"400"|its config.default_vocab_size is "400", and should be a number of tokens
            /config/default_vocab_size|279|leaves 255 tokens beside its 24 special ones, and bytes alone are 256
            /config/default_vocab_size|1000|lists 385 tokens (vocab), and config.default_vocab_size needs 976
            /config/default_num_special_tokens|-1|its config.default_num_special_tokens is -1, and should be
            /config/default_num_special_tokens|19|has 20 special tokens, and config.default_num_special_tokens says 19
            /vocab|{}|lists 0 tokens (vocab), and config.default_vocab_size needs 376
            /vocab/300|{"rank": 299, "token_bytes": "YQ=="}|the token at place 300 of vocab has not this rank, or no token_bytes
            /vocab/300|{"rank": 300, "token_bytes": "*"}|the token at place 300 of vocab has not this rank, or no token_bytes in
            /vocab/300|{"rank": 300, "token_bytes": ""}|the token at place 300 of vocab has not this rank, or no token_bytes in
            /vocab/300|[]|the token at place 300 of vocab has not this rank, or no token_bytes in Base64: []
            /vocab/65|{"rank": 65, "token_bytes": "Qg=="}|the token of rank 65 is not the byte 65
            /vocab/300|{"rank": 300, "token_bytes": "QQ=="}|the tokens of rank 65 and 300 have the same bytes
            /vocab/300|{"rank": 300, "token_bytes": "AAAA"}|no two tokens make the one of rank 300
            /special_tokens|[{"rank": 0, "token_str": "<s>"}]|has no special token </s>
            /special_tokens|[{"rank": 1, "token_str": "<s>"}]|its special token 0 has not this rank, or no token_str: {"rank":1,
            /special_tokens|[{"rank": 0, "token_str": "<SPECIAL_5>"}]|has a special token twice
            """)
    void aDamagedFileIsRefusedInOneLine(String place, String content, String said) throws IOException {
        ModelFolder folder = changed(tekken -> {
            int slash = place.lastIndexOf('/');
            JsonNode parent = tekken.at(place.substring(0, slash));
            JsonNode value = value(content);
            if (parent instanceof ArrayNode array) {
                array.set(Integer.parseInt(place.substring(slash + 1)), value);
            } else {
                ((ObjectNode) parent).set(place.substring(slash + 1), value);
            }
        });
        String message = assertThrows(InvalidModelException.class, () -> metadata(folder)).getMessage();
        assertTrue(message.startsWith("memory/tekken.json: " + said), message);
        assertTrue(message.contains("tokenizer.json"), message);
        assertEquals(1, message.lines().count());
    }

    @Test
    void aVersionWithoutATemplateIsRefused() throws IOException {
        ModelFolder folder = changed(tekken -> {
            config(tekken).put("version", "v15");
            tekken.set("special_tokens", value("""
                    [{"rank": 0, "token_str": "<unk>"}, {"rank": 1, "token_str": "<s>"}, {"rank": 2, "token_str": "</s>"},
                     {"rank": 3, "token_str": "<pad>"}]
                    """));
        });
        String message = assertThrows(InvalidModelException.class, () -> metadata(folder)).getMessage();
        assertTrue(message.startsWith("memory/tekken.json: is of version v15, for which llama.cpp's converter has no chat"
                + " template, and stops; add the model's tokenizer.json"), message);
    }

    @Test
    void anotherModelsFileIsRefused() {
        String message = assertThrows(InvalidModelException.class, () -> TokenizerMetadata.append(folder("tekken-v3"),
                VocabularyRule.LLAMA, OptionalInt.of(399), Optional.empty(), new GgufMetadata(), received)).getMessage();
        assertTrue(message.contains("tekken.json: has 400 tokens (config.default_vocab_size), but the embedding 399 rows"),
                message);
    }

    /** The folder of version 3 with something changed. */
    private static ModelFolder changed(Consumer<ObjectNode> change) throws IOException {
        ObjectNode tekken = (ObjectNode) JSON.readTree(folder("tekken-v3").read("tekken.json"));
        change.accept(tekken);
        return MemoryFolder.of("m", Map.of("tekken.json", tekken.toString()));
    }

    private static ObjectNode config(ObjectNode tekken) {
        return (ObjectNode) tekken.get("config");
    }

    private static JsonNode value(String content) {
        try {
            return JSON.readTree(content);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
