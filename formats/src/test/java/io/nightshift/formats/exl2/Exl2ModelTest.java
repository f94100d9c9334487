package io.nightshift.formats.exl2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.Architectures;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.storage.JsonFile;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.storage.MemoryFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Exl2ModelTest {
    private static final Path FAMILIES = Path.of("src/test/resources/families");

    private static Exl2Model model(String family) throws IOException {
        Checkpoint checkpoint = Checkpoint.open(new LocalFolder(FAMILIES.resolve(family)));
        return Exl2Model.of(checkpoint, Architectures.convert(checkpoint));
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-3.1", "llama-bias-sharded", "mixtral-tied", "qwen2.5-yarn", "qwen3", "qwen3-moe",
        "qwen3-moe-fused", "gemma-2"})
    void everyTensorOfTheCheckpointHasItsPlace(String family) throws IOException {
        Checkpoint checkpoint = Checkpoint.open(new LocalFolder(FAMILIES.resolve(family)));
        Exl2Model model = Exl2Model.of(checkpoint, Architectures.convert(checkpoint));
        Set<String> placed = new HashSet<>();
        model.linears().forEach(block -> block.forEach(linear -> placed.add(linear.source().tensor().name())));
        model.halves().forEach(tensor -> placed.add(tensor.name()));
        model.biases().values().forEach(tensor -> placed.add(tensor.name()));
        placed.add(model.head().source().tensor().name());
        assertEquals(new HashSet<>(checkpoint.tensors().stream().map(SafetensorsTensor::name).toList()), placed);
        int layers = (int) checkpoint.config().integer("num_hidden_layers");
        assertEquals(2 * layers, model.blocks().size());
        assertEquals(List.of("q_proj", "k_proj", "v_proj", "o_proj").stream().sorted().toList(),
                model.blocks().get(0).roles().stream().sorted().toList());
        for (int i = 0; i < model.blocks().size(); i++) {
            assertEquals(model.linears().get(i).size(), model.blocks().get(i).matrices().size());
            assertEquals(i % 2 == 0 ? 19 : 17, model.blocks().get(i).choices().size());
        }
    }

    @Test
    void expertsAreOneBlockUnderTheNamesOfMeasurements() throws IOException {
        Exl2Block block = model("qwen3-moe").blocks().get(3);
        assertEquals("model.layers.1.block_sparse_moe", block.key());
        assertEquals(Set.of("w1", "w2", "w3"), new HashSet<>(block.roles()));
    }

    @Test
    void measurementsAreWrittenAndReadAndFitTheirModelOnly() throws IOException {
        Exl2Model llama = model("llama-3.1");
        Measurement measurement = measurement(llama);
        MemoryFolder folder = new MemoryFolder("m", Map.of("measurement.json", measurement.write()));
        Measurement read = Measurement.read(folder, "measurement.json");
        assertEquals(measurement, read);
        assertEquals(llama.blocks().size(), read.of("m.json", llama.blocks()).size());

        Exl2Model other = model("qwen3");
        InvalidModelException refused =
                assertThrows(InvalidModelException.class, () -> read.of("m.json", other.blocks()));
        assertTrue(refused.getMessage().contains("another model"), refused.getMessage());
        Map<String, List<Measurement.Option>> fewer = new LinkedHashMap<>(read.options());
        fewer.remove("model.layers.1.mlp");
        InvalidModelException missing = assertThrows(
                InvalidModelException.class, () -> new Measurement(fewer, "none").of("m.json", llama.blocks()));
        assertTrue(missing.getMessage().contains("model.layers.1.mlp"), missing.getMessage());
        for (String text : List.of("{}", "{\"measurement\": {\"model.layers.0.mlp\": [{}]}}", "[")) {
            MemoryFolder broken = MemoryFolder.of("m", Map.of("m.json", text));
            assertThrows(InvalidModelException.class, () -> Measurement.read(broken, "m.json"));
        }
    }

    private static Measurement measurement(Exl2Model model) {
        Map<String, List<Measurement.Option>> options = new LinkedHashMap<>();
        for (Exl2Block block : model.blocks()) {
            List<Measurement.Option> choices = new ArrayList<>();
            for (Map<String, ParameterSet> choice : block.choices()) {
                choices.add(new Measurement.Option(choice, block.totalBits(choice), 1 - 0.1 / (1 + choices.size())));
            }
            options.put(block.key(), choices);
        }
        return new Measurement(options, "none");
    }

    /** Sums that conversion/qparams.py gives for a layer of sample-llama's shapes, and its smallest bits per weight. */
    @Test
    void bitsAreThoseOfTheReference() {
        Exl2Block attention = new Exl2Block("a", List.of(new Exl2Block.Matrix("q_proj", 256, 256, false),
                new Exl2Block.Matrix("k_proj", 256, 128, false), new Exl2Block.Matrix("v_proj", 256, 128, false),
                new Exl2Block.Matrix("o_proj", 256, 256, false)));
        assertEquals(List.of(488192L, 488192L, 528032L, 607808L, 727424L, 720352L, 825728L, 826848L, 834496L, 845312L,
                916960L, 879552L, 905984L, 898560L, 1137024L, 1095168L, 1218944L, 1304064L, 1612160L),
                attention.choices().stream().map(attention::totalBits).toList());
        Exl2Block dense = new Exl2Block("m", List.of(new Exl2Block.Matrix("gate_proj", 256, 768, false),
                new Exl2Block.Matrix("up_proj", 256, 768, false), new Exl2Block.Matrix("down_proj", 768, 256, false)));
        assertEquals(List.of(1472496L, 1472496L, 1648128L, 1828352L, 2142784L, 2066304L, 2204800L, 2505568L, 2541440L,
                2716224L, 2639744L, 3289664L, 3213184L, 3633728L, 4057568L, 4385248L, 4778464L),
                dense.choices().stream().map(dense::totalBits).toList());
        assertEquals(124914688L, ParameterSets.ATTENTION.get(0).get(0).totalBits(4096, 14336, false));
        assertEquals(255826016L, ParameterSets.FEED_FORWARD.get(9).get(2).totalBits(14336, 4096, false));
        assertEquals(4272L, ParameterSets.ATTENTION.get(0).get(0).totalBits(32, 32, false));
        assertEquals(36448L, ParameterSets.FEED_FORWARD.get(4).get(2).totalBits(96, 64, false));
        assertEquals(164032L, ParameterSets.ATTENTION.get(0).get(0).totalBits(256, 256, true));
    }

    @Test
    void whatExLlamaCannotLoadIsRefused() throws IOException {
        assertTrue(assertThrows(InvalidModelException.class, () -> model("phi-3")).getMessage().contains("qkv_proj"));
        ModelConfig unknown = ModelConfig.of(
                "config.json", new ObjectMapper().readTree("{\"architectures\": [\"FooForCausalLM\"]}"));
        assertTrue(assertThrows(InvalidModelException.class, () -> Exl2Architectures.require(unknown))
                .getMessage().contains("FooForCausalLM"));
        assertTrue(assertThrows(InvalidModelException.class, () -> Exl2Model.headParameters(7))
                .getMessage().contains("--head-bits 7"));
        assertEquals(8, Exl2Model.headParameters(6).parts().get(0).bits());
    }

    @Test
    void theConfigurationSaysWhatIsInTheFolder() throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode source = (ObjectNode) mapper.readTree("{\"model_type\": \"llama\"}");
        byte[] written = new Exl2Configuration(4.65, 6, 32, 256, "calibration.jsonl").write(source);
        ObjectNode config = (ObjectNode) mapper.readTree(new String(written, StandardCharsets.UTF_8));
        assertEquals("llama", config.get("model_type").asText());
        assertTrue(Exl2Folder.declaredBy(config));
        assertEquals(4.65, config.at("/quantization_config/bits").asDouble());
        assertEquals(256, config.at("/quantization_config/calibration/length").asInt());
    }

    /** ExLlamaV2 takes the logarithm of one minus the accuracy. */
    @Test
    void aBlockWithoutErrorIsNotStoredAsPerfect() {
        assertTrue(Measurement.Option.measured(Map.of(), 1, 0).accuracy() < 1);
        assertEquals(0.75, Measurement.Option.measured(Map.of(), 1, 0.25).accuracy());
    }

    private static JsonNode written(String source) throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        return mapper.readTree(
                new Exl2Configuration(4.65, 6, 32, 256, "calibration.jsonl").write((ObjectNode) mapper.readTree(source)));
    }

    /** ExLlamaV2 takes no notice of rope_parameters, and would run the model with a base of 10,000. */
    @Test
    void theRotaryEmbeddingStandsWhereExLlamaV2LooksForIt() throws IOException {
        JsonNode llama = written("""
                {"rope_parameters": {"rope_theta": 500000.0, "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                 "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}}""");
        assertEquals(500000, llama.get("rope_theta").asDouble());
        assertEquals("llama3", llama.at("/rope_scaling/rope_type").asText());
        assertEquals(8, llama.at("/rope_scaling/factor").asDouble());
        assertEquals(8192, llama.at("/rope_scaling/original_max_position_embeddings").asInt());
        assertEquals(500000, llama.at("/rope_parameters/rope_theta").asDouble());

        JsonNode plain = written("{\"rope_parameters\": {\"rope_theta\": 1000000, \"rope_type\": \"default\"}}");
        assertEquals(1000000, plain.get("rope_theta").asInt());
        assertFalse(plain.has("rope_scaling"));

        JsonNode nested = written("""
                {"text_config": {"rope_parameters": {"rope_theta": 1000000.0, "rope_type": "default", "mrope_section": [16, 24, 24]}}}
                """);
        assertEquals(1000000, nested.at("/text_config/rope_theta").asDouble());
        assertEquals("mrope", nested.at("/text_config/rope_scaling/rope_type").asText());

        JsonNode layers = written("""
                {"rope_parameters": {"sliding_attention": {"rope_theta": 10000.0, "rope_type": "default"},
                 "full_attention": {"rope_theta": 1000000.0, "rope_type": "linear", "factor": 8.0}}}""");
        assertEquals(1000000, layers.get("rope_theta").asDouble());
        assertEquals("linear", layers.at("/rope_scaling/rope_type").asText());

        String old = "{\"rope_theta\":500000.0,\"rope_scaling\":{\"type\":\"linear\",\"factor\":2.0}}";
        ObjectNode kept = (ObjectNode) written(old);
        kept.remove("quantization_config");
        assertEquals(new ObjectMapper().readTree(old), kept);
        JsonNode both = written("{\"rope_scaling\": {\"type\": \"mrope\", \"rope_type\": \"default\"}}");
        assertEquals("{\"type\":\"mrope\"}", both.get("rope_scaling").toString());
    }

    /** As transformers writes it, for one: the upper limit of Mamba's time steps. */
    @Test
    void theConfigurationKeepsNumbersThatAreNotFinite() throws IOException {
        MemoryFolder source = MemoryFolder.of("m", Map.of("config.json", "{\"limit\": [0.0, Infinity]}"));
        byte[] written = new Exl2Configuration(4.65, 6, 32, 256, "calibration.jsonl")
                .write((ObjectNode) JsonFile.read(source, "config.json").orElseThrow());
        JsonNode read = JsonFile.read(new MemoryFolder("m", Map.of("config.json", written)), "config.json").orElseThrow();
        assertTrue(read.at("/limit/1").isNumber(), new String(written, StandardCharsets.UTF_8));
        assertEquals(Double.POSITIVE_INFINITY, read.at("/limit/1").asDouble());
    }
}
