package io.nightshift.jobs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.SafetensorsCopy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What lies in users' folders: input, exit code and the one line that says what it is and what to do. */
class IntakeTest {
    private static final String POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4\n";
    private static final String LLAMA = "llama-3.1";

    @TempDir
    Path folder;

    private interface Change {
        void of(Path model) throws IOException;
    }

    private static Arguments refused(String name, Change change, String line) {
        return Arguments.of(name, change, line);
    }

    static Stream<Arguments> folders() {
        return Stream.of(
                refused("weights are a Git LFS pointer",
                        model -> Files.writeString(weights(model), POINTER),
                        "MODEL/model.safetensors: is no safetensors file, but a Git LFS pointer and not the content: run"
                                + " git lfs pull, or download the file again"),
                refused("the tokenizer is a Git LFS pointer",
                        model -> Files.writeString(model.resolve("tokenizer.model"), POINTER),
                        "MODEL/tokenizer.model is not a SentencePiece model, but a Git LFS pointer and not the content:"
                                + " run git lfs pull, or download the file again"),
                refused("the configuration is a Git LFS pointer",
                        model -> Files.writeString(model.resolve("config.json"), POINTER),
                        "MODEL/config.json is not valid JSON, but a Git LFS pointer and not the content: run git lfs pull,"
                                + " or download the file again"),
                refused("weights are a web page",
                        model -> Files.writeString(weights(model), "<!DOCTYPE html><html>Entry not found"),
                        "MODEL/model.safetensors: is no safetensors file, but a web page; fetch the file again"),
                refused("tokenizer.model is tiktoken's",
                        model -> Files.writeString(model.resolve("tokenizer.model"), "AA== 0\nAQ== 1\nAg== 2\n"),
                        "MODEL/tokenizer.model is not a SentencePiece model, but in tiktoken's format (a token and its"
                                + " rank a line), as Meta publishes Llama 3: remove it, so that the folder's"
                                + " tokenizer.json is used"),
                refused("names with a prefix",
                        model -> new SafetensorsCopy(weights(model)).rename(name -> "base_model.model." + name),
                        "MODEL: tensor base_model.model.model.embed_tokens.weight bears \"base_model.model.\", PEFT's"
                                + " wrapper: merge the adapter and unload it (merge_and_unload), and save it again with"
                                + " save_pretrained"),
                refused("names of torch.compile",
                        model -> new SafetensorsCopy(weights(model)).rename(name -> "_orig_mod." + name),
                        "MODEL: tensor _orig_mod.model.embed_tokens.weight bears \"_orig_mod.\", that of torch.compile:"
                                + " take model._orig_mod, and save it again with save_pretrained"),
                refused("an adapter",
                        model -> {
                            Files.delete(model.resolve("config.json"));
                            Files.writeString(model.resolve("adapter_config.json"),
                                    "{\"peft_type\": \"LORA\", \"base_model_name_or_path\": \"example/Base-7B\"}");
                        },
                        "MODEL: is a LoRA adapter (adapter_config.json) of example/Base-7B and no model: merge it into"
                                + " that model first (merge_and_unload of PEFT, then save_pretrained)"),
                refused("a cache's repository",
                        model -> {
                            Files.delete(model.resolve("config.json"));
                            Files.createDirectories(model.resolve("snapshots/0123abcd"));
                            Files.writeString(Files.createDirectory(model.resolve("refs")).resolve("main"), "0123abcd");
                        },
                        "MODEL: is a repository of Hugging Face's cache and no checkpoint; give its snapshot,"
                                + " MODEL/snapshots/0123abcd"),
                refused("text behind the configuration",
                        model -> Files.writeString(model.resolve("config.json"),
                                Files.readString(model.resolve("config.json")).strip() + "}}"),
                        "MODEL/config.json is not valid JSON: Unexpected close marker '}': no open Object to"
                                + " close"),
                refused("a context of 0", model -> set(model, "max_position_embeddings", "0"),
                        "MODEL/config.json: \"max_position_embeddings\" is 0, but must be a whole number from 1 to"
                                + " 4294967295"),
                refused("an infinite epsilon", model -> set(model, "rms_norm_eps", "1e999"),
                        "MODEL/config.json: \"rms_norm_eps\" is Infinity, but must be a finite 32-bit float"),
                refused("no experts used", model -> set(model, "num_experts_per_tok", "0"),
                        "MODEL/config.json: \"num_experts_per_tok\" is 0, but must be a whole number from 1 on"),
                refused("a name with control characters",
                        model -> new SafetensorsCopy(weights(model)).rename(name ->
                                name.equals("model.norm.weight") ? name : "m\u001b[31m\n." + name),
                        "MODEL: tensor m\\u001b[31m\\n.model.embed_tokens.weight bears \"m\\u001b[31m\\n.\", not"
                                + " this architecture's: save the model without what it is wrapped in, and save it again"
                                + " with save_pretrained"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("folders")
    void isRefusedInOneLine(String name, Change change, String line) throws IOException {
        Path model = copy(LLAMA);
        change.of(model);
        CommandRun run = quantize(model, "gguf:Q8_0");
        assertEquals("nightshift: " + line.replace("MODEL", model.toString()), run.err().strip());
        assertEquals(2, run.exitCode());
        assertEquals("", run.out());
        assertFalse(Files.exists(folder.resolve("out")));
    }

    /** llama.cpp's converter makes F32 of everything first. */
    @ParameterizedTest
    @CsvSource({"F32, .experts.3.", "F64, .experts.3.", "F64, self_attn", "F32, layernorm"})
    void weightsOfOtherTypesGiveTheSameBytes(String type, String part) throws IOException {
        Path model = Fixtures.copy("mixtral-moe", folder.resolve("mixtral-moe"));
        SafetensorsCopy weights = new SafetensorsCopy(weights(model));
        assertTrue(weights.widen(name -> name.contains("layers.1.") && name.contains(part), type) > 0);
        CommandRun run = quantize(model, "gguf:Q4_K_M,gguf:BF16");
        assertEquals(0, run.exitCode(), run.err());
        for (String target : List.of("Q4_K_M", "BF16")) {
            assertEquals(Fixtures.golden("mixtral-moe", target),
                    Fixtures.sha256(folder.resolve("out/mixtral-moe-" + target + ".gguf")));
        }
    }

    @Test
    void weightsOf64BitsAreNotRoundedByStatistics() throws IOException {
        Path model = Fixtures.copy("mixtral-moe", folder.resolve("mixtral-moe"));
        new SafetensorsCopy(weights(model)).widen(name -> name.contains("layers.1.self_attn.k_proj"), "F64");
        CommandRun run = quantize(model, "awq:w4g32", "--scales", "none", "--rounding", "nearest");
        assertEquals("nightshift: blk.1.attn_k.weight (model.layers.1.self_attn.k_proj.weight, F64): scales, rounding, chosen"
                + " sizes, AWQ and EXL2 do not take weights that are F64 or MXFP4; GGUF types without these do, with --imatrix"
                + " or --stats", run.err().strip());
        assertEquals(2, run.exitCode());
        assertFalse(Files.exists(folder.resolve("out")));
    }

    @Test
    void templatesThatDifferAreWarnedOfAndRefusedByStrict() throws IOException {
        Path model = copy(LLAMA);
        set(model, "tokenizer_config.json", "chat_template", "\"old {{ messages }}\"");
        Files.writeString(model.resolve("chat_template.jinja"), "new {{ messages }}");
        CommandRun strict = quantize(model, "gguf:Q8_0", "--strict");
        String warning = model + "/chat_template.jinja is left out, for " + model + "/tokenizer_config.json has a"
                + " chat_template, which llama.cpp's converter takes; they differ (default), and transformers takes the"
                + " file. Remove the one that is not wanted";
        assertEquals("nightshift: --strict: " + warning, strict.err().strip());
        assertEquals(2, strict.exitCode());
        assertFalse(Files.exists(folder.resolve("out")));

        CommandRun run = quantize(model, "gguf:Q8_0", "--json");
        assertEquals(0, run.exitCode(), run.err());
        assertTrue(run.err().contains(warning), run.err());
        JsonNode json = new ObjectMapper().readTree(run.out().lines().reduce((first, last) -> last).orElseThrow());
        assertEquals(warning, json.at("/outputs/0/warnings/0").asText());

        // The same text in both places is no difference.
        Files.writeString(model.resolve("chat_template.jinja"), "old {{ messages }}");
        assertEquals(0, quantize(model, "gguf:Q8_0", "--strict", "--overwrite").exitCode());
    }

    @Test
    void aRopeTypeThatIsNotWrittenIsWarnedOf() throws IOException {
        Path model = copy(LLAMA);
        set(model, "rope_scaling", "{\"rope_type\": \"dynamic\", \"factor\": 2.0}");
        CommandRun run = quantize(model, "gguf:Q8_0");
        assertEquals(0, run.exitCode(), run.err());
        assertTrue(run.err().contains("config.json: the rope type dynamic is not written"), run.err());
        assertEquals(2, quantize(model, "gguf:Q8_0", "--strict", "--overwrite").exitCode());
    }

    @Test
    void strictHasNoEffectOnAwq() throws IOException {
        CommandRun run = quantize(copy(LLAMA), "awq", "--scales", "none", "--rounding", "nearest", "--strict");
        assertEquals("nightshift: --strict has no effect without --to gguf:TYPE", run.err().strip());
        assertEquals(2, run.exitCode());
    }

    @Test
    void furtherChatTemplatesAreCopiedIntoAwqFoldersAndOtherSubfoldersNamed() throws IOException {
        Path model = Fixtures.copy("llama-spm", folder.resolve("llama-spm"));
        Files.writeString(Files.createDirectory(model.resolve("additional_chat_templates")).resolve("tool_use.jinja"),
                "{{ tools }}{{ messages }}");
        Files.createDirectories(model.resolve("onnx"));
        Files.createDirectories(model.resolve(".git"));
        CommandRun run = quantize(model, "awq", "--scales", "none", "--rounding", "nearest");
        assertEquals(0, run.exitCode(), run.err());
        assertEquals("{{ tools }}{{ messages }}", Files.readString(
                folder.resolve("out/llama-spm-AWQ/additional_chat_templates/tool_use.jinja")));
        assertTrue(run.err().contains(model + ": what is in the subfolder onnx is not copied into the output"),
                run.err());
    }

    @Test
    void inspectShowsNamesEscapedAndCut() throws IOException {
        Path model = copy(LLAMA);
        new SafetensorsCopy(weights(model)).rename(name ->
                name.equals("model.norm.weight") ? "\u001b]0;title\u0007" + "x".repeat(300) : name);
        CommandRun run = CommandRun.of("inspect", model.toString());
        assertEquals(0, run.exitCode(), run.err());
        assertTrue(run.out().contains("\\u001b]0;title\\u0007" + "x".repeat(200 - 10) + "... (310 characters)"), run.out());
        assertFalse(run.out().contains("\u001b"));
    }

    private Path copy(String family) throws IOException {
        Path to = Files.createDirectories(folder.resolve(family));
        for (Path file : Fixtures.files(Fixtures.family(family))) {
            Files.write(to.resolve(file.getFileName()), Files.readAllBytes(file));
        }
        return to;
    }

    private static Path weights(Path model) {
        return model.resolve("model.safetensors");
    }

    /** Gives a key of config.json a value, which is written as it is. */
    private static void set(Path model, String key, String value) throws IOException {
        set(model, "config.json", key, value);
    }

    private static void set(Path model, String file, String key, String value) throws IOException {
        ObjectNode config = (ObjectNode) new ObjectMapper().readTree(model.resolve(file).toFile());
        String others = config.without(key).toString();
        Files.writeString(model.resolve(file), others.substring(0, others.length() - 1) + ", \"" + key + "\": " + value + "}");
    }

    private CommandRun quantize(Path model, String to, String... options) {
        List<String> arguments = new ArrayList<>(List.of("quantize", "--model", model.toString(), "--to", to, "--output",
                folder.resolve("out").toString(), "--master", "local[2]"));
        arguments.addAll(List.of(options));
        return CommandRun.of(arguments.toArray(String[]::new));
    }
}
