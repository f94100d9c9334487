package io.nightshift.formats.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.safetensors.SafetensorsBytes;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.RecordingFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckpointTest {
    private static final String CONFIG = "{\"architectures\":[\"LlamaForCausalLM\"],\"model_type\":\"llama\"}";
    private static final String FIRST = "model-00001-of-00002.safetensors";
    private static final String SECOND = "model-00002-of-00002.safetensors";

    private final RecordingFolder folder = new RecordingFolder();

    private void text(String name, String content) {
        folder.put(name, content.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    private void index(String weightMap) {
        text("model.safetensors.index.json", "{'weight_map':{" + weightMap + "}}");
    }

    private void tensors(String file, String... names) {
        SafetensorsBytes bytes = new SafetensorsBytes();
        for (String name : names) {
            bytes.add(name, SafetensorsType.BF16, 2);
        }
        folder.put(file, bytes.bytes());
    }

    private void assertRefused(String reason) {
        String message = assertThrows(InvalidModelException.class, () -> Checkpoint.open(folder)).getMessage();
        assertTrue(message.contains(reason), message);
    }

    @Test
    void shardsComeInTheOrderOfTheirNames() throws IOException {
        text("config.json", CONFIG);
        index("'a':'%s','c':'%s','b':'%s'".formatted(SECOND, FIRST, FIRST));
        tensors(FIRST, "c", "b");
        tensors(SECOND, "a");

        Checkpoint checkpoint = Checkpoint.open(folder);

        assertEquals("[b, c, a]", checkpoint.tensors().stream().map(SafetensorsTensor::name).toList().toString());
        assertEquals("LlamaForCausalLM", checkpoint.config().architecture());
    }

    @Test
    void shardsWithoutAnIndexAreFoundByName() throws IOException {
        text("config.json", CONFIG);
        tensors(FIRST, "c", "b");
        tensors(SECOND, "a");

        assertEquals(3, Checkpoint.open(folder).tensors().size());
    }

    @Test
    void aMissingShardIsNamed() {
        text("config.json", CONFIG);
        tensors(FIRST, "a");
        assertRefused("the shard " + SECOND + " is missing");
        index("'a':'%s','c':'%s'".formatted(FIRST, SECOND));
        assertRefused("the shard " + SECOND + " is missing");
    }

    @Test
    void indexAndShardsMustAgree() {
        text("config.json", CONFIG);
        tensors(FIRST, "a");
        tensors(SECOND, "b");
        index("'a':'%s','b':'%s','c':'%s'".formatted(FIRST, SECOND, SECOND));
        assertRefused("tensor c is in " + SECOND + ", but it is in no shard");
        index("'a':'%s','b':'%s'".formatted(FIRST, FIRST));
        assertRefused("tensor b is in " + FIRST + ", but it is in no shard");
        tensors(SECOND, "b", "d");
        index("'a':'%s','b':'%s'".formatted(FIRST, SECOND));
        assertRefused("tensor d of " + SECOND + " is not in model.safetensors.index.json");
        tensors(SECOND, "b", "a");
        assertRefused("tensor a is both in " + FIRST + " and in " + SECOND);
    }

    @Test
    void aBrokenIndexIsRefused() {
        text("config.json", CONFIG);
        tensors("model.safetensors", "a");
        text("model.safetensors.index.json", "{'metadata':{}}");
        assertRefused("model.safetensors.index.json: has no \"weight_map\"");
        text("model.safetensors.index.json", "{'weight_map':{'a':7}}");
        assertRefused("tensor a is mapped to 7");
        text("model.safetensors.index.json", "{'weight_map'");
        assertRefused("model.safetensors.index.json");
    }

    @Test
    void whatIsMissingIsNamed() {
        assertRefused("mem:model: has no config.json");
        text("config.json", "[]");
        assertRefused("mem:model/config.json: is no JSON object");
        text("config.json", "{}");
        assertRefused("has no \"architectures\"");
        text("config.json", CONFIG);
        assertRefused("has no model.safetensors");
        text("pytorch_model.bin", "...");
        assertRefused("pytorch_model.bin is a PyTorch file: convert it to safetensors first");
    }

    @Test
    void anAdaptersFolderIsNamed() {
        text("adapter_config.json", "{'peft_type':'LORA','base_model_name_or_path':'example/Base-7B'}");
        assertRefused("mem:model: is a LoRA adapter (adapter_config.json) of example/Base-7B and no model: merge it into"
                + " that model first");
        // Some trainers copy the base model's configuration beside it.
        text("config.json", CONFIG);
        tensors("adapter_model.safetensors", "a");
        assertRefused("is a LoRA adapter");
    }

    @Test
    void ofACachesRepositoryTheSnapshotIsNamed(@TempDir Path cache) throws IOException {
        Path repository = Files.createDirectories(cache.resolve("models--example--Base"));
        Files.createDirectories(repository.resolve("snapshots/0123abc"));
        ModelFolder root = new LocalFolder(repository);
        String refusal = assertThrows(InvalidModelException.class, () -> Checkpoint.open(root)).getMessage();
        assertEquals(repository + ": is a repository of Hugging Face's cache and no checkpoint; give its snapshot, "
                + repository + "/snapshots/REVISION", refusal);
        Files.writeString(Files.createDirectories(repository.resolve("refs")).resolve("main"), "0123abc\n");
        refusal = assertThrows(InvalidModelException.class, () -> Checkpoint.open(root)).getMessage();
        assertTrue(refusal.endsWith("give its snapshot, " + repository + "/snapshots/0123abc"), refusal);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "version https://git-lfs.github.com/spec/v1 | a Git LFS pointer and not the content: run git lfs pull",
                "<!DOCTYPE html><html> | a web page; fetch the file again",
                "<?xml version='1.0'?><Error> | an XML document, such as an object store's error message",
                "GGUF3456789 | a GGUF file",
            })
    void whatIsInThePlaceOfWeightsIsNamed(String content, String what) {
        text("config.json", CONFIG);
        text("model.safetensors", content);
        assertRefused("mem:model/model.safetensors: is no safetensors file, but " + what);
        text("config.json", content);
        assertRefused("mem:model/config.json is not valid JSON, but " + what);
    }

    @Test
    void quantizedCheckpointsAreRefused() {
        tensors("model.safetensors", "a");
        text("config.json", "{'architectures':['LlamaForCausalLM'],'quantization_config':{'quant_method':'awq'}}");
        assertRefused("\"quantization_config\" says that the weights are quantized already (awq)");
        text("config.json", "{'architectures':['X'],'text_config':{'quantization_config':{'quant_method':'gptq'}}}");
        assertRefused("quantized already (gptq)");
        text("config.json", "{'architectures':['X'],'quantization_config':{'quant_method':'fp8','fmt':'e5m2'}}");
        assertRefused("FP8 of the format e5m2; only e4m3 is read");
        text("config.json", CONFIG);
        text("hf_quant_config.json", "{}");
        assertRefused("hf_quant_config.json says that the weights are quantized already");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"[0,128]", "[128,-1]", "[128]", "[1.5,128]", "[4294967296,1]", "128", "[a,b]"})
    void blocksOfFactorsAreOfTwoNumbersFromOneOn(String size) {
        tensors("model.safetensors", "a");
        String json = size.replace("a", "'a'").replace("b", "'b'");
        String message = " of " + json.replace('\'', '"') + ", but it must be two whole numbers from 1 to 2147483647";
        text("config.json", "{'architectures':['X'],'quantization_config':{'quant_method':'fp8','weight_block_size':"
                + json + "}}");
        assertRefused("\"quantization_config\" has a \"weight_block_size\"" + message);
        text("config.json", "{'architectures':['X'],'quantization_config':{'quant_method':'compressed-tensors',"
                + "'format':'float-quantized','config_groups':{'group_0':{'weights':{'num_bits':8,'strategy':'block',"
                + "'block_structure':" + json + "}}}}}");
        assertRefused("\"quantization_config\" has a \"block_structure\"" + message);
    }

    @Test
    void severalGroupsOfWeightsAreRefusedWithTheStrategyOfTheFirst() {
        tensors("model.safetensors", "a");
        text("config.json", "{'architectures':['X'],'quantization_config':{'quant_method':'compressed-tensors',"
                + "'format':'float-quantized','config_groups':{'group_0':{'weights':{'num_bits':8,'strategy':'channel'}},"
                + "'group_1':{'weights':{'num_bits':8,'strategy':'tensor'}}}}}");
        assertRefused("has 2 groups of FP8 weights, one with the strategy 'channel'; one group with a factor a channel");
    }

    @Test
    void valuesOfTheConfigurationAreCheckedByKey() throws IOException {
        tensors("model.safetensors", "a");
        text("config.json", "{'architectures':['X'],'hidden_size':-1,'layers':1.5,'theta':'big'}");
        ModelConfig config = Checkpoint.open(folder).config();

        assertMessage("mem:model/config.json: \"hidden_size\" is -1", () -> config.integer("hidden_size"));
        assertMessage("\"layers\" is 1.5", () -> config.integer("layers"));
        assertMessage("\"heads\" is missing", () -> config.integer("heads"));
        assertMessage("\"theta\" is \"big\", but must be a number", () -> config.number("theta"));
    }

    private static void assertMessage(String expected, Runnable action) {
        String message = assertThrows(InvalidModelException.class, action::run).getMessage();
        assertTrue(message.contains(expected), message);
    }
}
