package io.nightshift.jobs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.GeneratedCheckpoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Vision towers that cannot become a file: each is refused in one line. What can is in {@link RecentFamiliesTest}. */
class MmprojCommandTest {
    @TempDir
    static Path folder;

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            qwen3-vl|"depth": 3|"layers": 3|config.json: vision_config: "depth" is missing
            qwen3-vl|"depth": 3|"depth": 0|config.json: vision_config: "depth" is 0, but must be at least 1
            qwen3-vl|"depth": 3|"depth": 2|"deepstack_visual_indexes" is [0,2], but must be different layers from 0 to 1
            qwen3-vl|"num_heads": 2|"num_heads": 3|64 channels ("hidden_size") cannot be split among 3 attention heads
            qwen3-vl|"intermediate_size": 80|"intermediate_size": 96|of shape [80, 64], but by config.json it must be [96, 64]
            qwen3-vl|"patch_size": 4|"patch_size": 8|of shape [64, 3, 2, 4, 4], but by config.json it must be [64, 3, 2, 8, 8]
            qwen3-vl|"gelu_pytorch_tanh"|"relu"|vision_config: "hidden_act" is "relu", which is not known for Qwen3VLFor
            qwen3-vl|"vision_config"|"vision"|config.json: has no "vision_config"
            qwen3.5|"depth": 3|"depth": 2|tensor model.visual.blocks.2.attn.proj.bias has no place in the architecture
            qwen2.5-vl|fullatt_block_indexes|full_blocks|vision_config: "fullatt_block_indexes" is missing
            gemma4|"use_clipped_linears": false|"use_clipped_linears": true|"use_clipped_linears" is true, which is not known
            gemma4|"audio_config": null|"audio_config": {}|"audio_config": the model hears as well as sees
            mistral3|"silu",\\n  "hidden_size": 64|"relu", "hidden_size": 64|"hidden_act" is "relu", which is not known
            smollm3|"silu"|"silu"|of the architecture SmolLM3ForCausalLM no vision tower is known; known are those of Qwen3VL
            """)
    void aConfigurationThatIsNotKnownIsRefused(String name, String given, String other, String said) throws IOException {
        Path config = model(name).resolve("config.json");
        String text = Files.readString(config);
        String replaced = given.replace("\\n", "\n");
        assertTrue(text.contains(replaced), given);
        assertRefused(config, text.replace(replaced, other), said);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            qwen3-vl|preprocessor_config.json|{}|"image_mean" must be three numbers such as 0.5 in preprocessor_config.json or
            gemma4|processor_config.json|{"image_processor": {"image_mean": [0, 0, 0]}}|"image_mean" must be three numbers
            mistral3|tokenizer_config.json|{}|none of tokenizer_config.json, tokenizer.json and tekken.json has the token [IMG_
            """)
    void aFileBesideTheCheckpointThatLacksSomethingIsNamed(String name, String file, String content, String said)
            throws IOException {
        assertRefused(model(name).resolve(file), content, said);
    }

    @Test
    void aModelWithoutThePreparationOfImagesIsRefused() throws IOException {
        Path model = model("qwen3-vl");
        Path file = model.resolve("preprocessor_config.json");
        Path aside = Files.move(file, model.resolve("aside.json"));
        assertRefused(model, "in preprocessor_config.json or processor_config.json, but neither has it. Fetch the checkpoint");
        Files.move(aside, file);
    }

    @Test
    void aMissingTensorOfTheTowerIsNamed() throws IOException {
        String missing = "model.visual.deepstack_merger_list.1.norm.bias";
        Path other = Files.createDirectories(folder.resolve("other"));
        assertRefused(GeneratedCheckpoint.write("qwen3-vl", other, tensor -> !tensor.equals(missing)),
                "tensor visual.deepstack.2.norm.bias is missing, which Qwen3VLForConditionalGeneration needs");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            mmproj|--to mmproj: a vision tower becomes one of [F32, F16, BF16, Q8_0], such as mmproj:F16
            mmproj:Q4_K_M|--to mmproj:Q4_K_M: a vision tower becomes one of [F32, F16, BF16, Q8_0], such as mmproj:F16
            """)
    void otherTypesAreRefused(String target, String said) throws IOException {
        CommandRun run = quantize(model("qwen3-vl"), target);
        assertEquals(2, run.exitCode());
        assertTrue(run.err().contains(said), run.err());
    }

    /** Mistral 3 as it is published: the file is the converter's, which llama.cpp does not load. */
    @Test
    void aFileThatLoadersWillNotTakeIsWarnedOf() throws IOException {
        CommandRun run = quantize(model("mistral3"), "mmproj:F16");
        assertEquals(0, run.exitCode(), run.err());
        assertTrue(run.err().contains("has no v.token_embd.img_break, and llama.cpp loads no such file. llama.cpp's converter"
                + " writes the same; it takes the row of the embedding only where that is called"), run.err());
    }

    /** The converter stops where neither tokenizer.json nor tokenizer_config.json has the token. */
    @Test
    void theTokenThatEndsARowIsFoundInTekken() throws IOException {
        Path model = GeneratedCheckpoint.write("ministral3", Files.createDirectories(folder.resolve("tekken")));
        Files.delete(model.resolve("tokenizer_config.json"));
        Files.writeString(model.resolve("tekken.json"),
                "{\"special_tokens\": [{\"rank\": 12, \"token_str\": \"[IMG_BREAK]\"}]}");
        CommandRun run = CommandRun.of("quantize", "--model", model.toString(), "--to", "mmproj:F16", "--output",
                model.toString(), "--master", "local[2]");
        assertEquals(0, run.exitCode(), run.err());
        assertEquals(GeneratedCheckpoint.golden("ministral3").at("/mmproj/sha256/F16").asText(),
                Fixtures.sha256(model.resolve("mmproj-ministral3-F16.gguf")));
    }

    /** transformers 5 leaves a part of the names out; the converter stops there. */
    @Test
    void aTowerOfGemma3IsTakenByItsNewNames() throws IOException {
        Path other = Files.createDirectories(folder.resolve("renamed"));
        Path model = GeneratedCheckpoint.write("gemma3", other);
        Path weights = model.resolve("model.safetensors");
        String bytes = Files.readString(weights, StandardCharsets.ISO_8859_1);
        int end = bytes.lastIndexOf('}', Math.toIntExact(ByteBuffer.wrap(Files.readAllBytes(weights))
                .order(ByteOrder.LITTLE_ENDIAN).getLong()) + Long.BYTES) + 1;
        String header = bytes.substring(0, end).replace("vision_tower.vision_model.", "vision_tower.");
        Files.writeString(weights, header + " ".repeat(end - header.length()) + bytes.substring(end),
                StandardCharsets.ISO_8859_1);
        CommandRun run = quantize(model, "mmproj:F16");
        assertEquals(0, run.exitCode(), run.err());
    }

    /** A checkpoint that all tests share: what one changes it puts back. */
    private static Path model(String name) throws IOException {
        Path model = folder.resolve(name);
        return Files.exists(model) ? model : GeneratedCheckpoint.write(name, folder);
    }

    /** Refused as long as one of its files has another content. */
    private static void assertRefused(Path file, String content, String said) throws IOException {
        byte[] before = Files.readAllBytes(file);
        Files.writeString(file, content);
        assertRefused(file.getParent(), said);
        Files.write(file, before);
    }

    private static void assertRefused(Path model, String said) {
        CommandRun run = quantize(model, "mmproj:F16");
        assertEquals(2, run.exitCode(), run.out());
        assertEquals(1, run.err().lines().filter(line -> !line.startsWith("WARN")).count(), run.err());
        assertTrue(run.err().contains(said), run.err());
    }

    private static CommandRun quantize(Path model, String target) {
        return CommandRun.of("quantize", "--model", model.toString(), "--to", target, "--output",
                folder.resolve("out").toString(), "--dry-run");
    }
}
