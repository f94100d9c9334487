package io.nightshift.jobs.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.gguf.GgufFile;
import io.nightshift.formats.gguf.GgufHeader;
import io.nightshift.formats.gguf.GgufTensor;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.types.ContextMemory;
import io.nightshift.jobs.testing.CalibratedSample;
import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.GeneratedCheckpoint;
import io.nightshift.kernels.GgmlType;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of a given size: their types are chosen by what errors do to the model, and the bytes are those of any such file. */
class SizedGgufTest {
    private static final String MODEL = Path.of("..", "samples", "tiny-llama").toString();

    @TempDir
    static Path shared;

    @TempDir
    Path folder;

    @BeforeAll
    static void calibrate() throws IOException {
        CalibratedSample.write(MODEL, shared, shared.resolve("stats"));
    }

    private static String stats() {
        return shared.resolve("stats").toString();
    }

    private static JsonNode json(CommandRun run) throws IOException {
        assertEquals(0, run.exitCode(), run.err());
        return new ObjectMapper().readTree(run.out().lines().reduce((a, b) -> b).orElseThrow());
    }

    private CommandRun run(String model, String output, String... options) {
        List<String> arguments = new ArrayList<>(
                List.of("quantize", "--model", model, "--output", folder.resolve(output).toString(), "--json"));
        arguments.addAll(List.of(options));
        return CommandRun.of(arguments.toArray(String[]::new));
    }

    private JsonNode quantize(String output, String... options) throws IOException {
        return quantizeModel(MODEL, stats(), output, options);
    }

    private JsonNode quantizeModel(String model, String stats, String output, String... options) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("--stats", stats));
        arguments.addAll(List.of(options));
        if (!arguments.contains("--master")) {
            arguments.addAll(List.of("--master", "local[2]"));
        }
        return json(run(model, output, arguments.toArray(String[]::new)));
    }

    private Path made(String output, String size) {
        return folder.resolve(output).resolve("tiny-llama-" + size + ".gguf");
    }

    private static GgufHeader header(Path file) throws IOException {
        LocalFolder folder = new LocalFolder(file.getParent());
        return GgufFile.read(folder, folder.find(file.getFileName().toString()).orElseThrow()).header();
    }

    private static Map<String, GgmlType> types(Path file) throws IOException {
        Map<String, GgmlType> types = new TreeMap<>();
        for (GgufTensor tensor : header(file).tensors()) {
            types.put(tensor.name(), tensor.type());
        }
        return types;
    }

    /** What each of some files loses. */
    private static List<Double> divergences(Path... files) throws IOException {
        String quantized = Arrays.stream(files).map(Path::toString).collect(Collectors.joining(","));
        JsonNode evaluated = json(CommandRun.of("evaluate", "--model", MODEL, "--quantized", quantized, "--data",
                shared.resolve("text.txt").toString(), "-c", "64", "--json"));
        return evaluated.get("quantized").valueStream().map(score -> score.get("meanDivergence").asDouble()).toList();
    }

    @Test
    void filesAreAsLargeAsAskedForAndLoseLessThanThePresetOfThatSize() throws IOException {
        quantize("preset", "--to", "gguf:Q3_K_M,gguf:Q4_K_M");
        Path preset = made("preset", "Q3_K_M");
        String size = Files.size(preset) / 1e6 + "MB";
        long beside = ContextMemory.of(header(preset).metadata()).bytes(256);
        String memory = BigDecimal.valueOf(Files.size(made("preset", "Q4_K_M")) + beside, 6).toPlainString();
        JsonNode made = quantize("out", "--to", "gguf:" + size + ",gguf:5bpw,gguf:fit=" + memory + "MB@256");
        long fitting = Files.size(made("out", "fit-" + memory + "MB-256"));
        assertTrue(fitting <= Files.size(made("preset", "Q4_K_M")), memory);
        assertTrue(fitting > 0.995 * Files.size(made("preset", "Q4_K_M")), memory);
        Path ofSize = made("out", size);
        assertTrue(Files.size(ofSize) <= Files.size(preset), Files.size(ofSize) + " " + Files.size(preset));
        assertTrue(Files.size(ofSize) > 0.995 * Files.size(preset), Files.size(ofSize) + " " + Files.size(preset));
        double bits = made.at("/outputs/1/bitsPerWeight").asDouble();
        assertTrue(bits <= 5 && bits > 0.995 * 5, made.toString());
        List<Double> lost = divergences(preset, ofSize, made("out", "5bpw"));
        assertTrue(lost.get(1) < 0.8 * lost.get(0), lost.toString());
        assertTrue(lost.get(2) < lost.get(1), lost.toString());
        CommandRun verified = CommandRun.of("verify", ofSize.toString());
        assertEquals(0, verified.exitCode(), verified.err());
        // What is complete is not measured again, unless other types are allowed.
        assertTrue(quantize("out", "--to", "gguf:5bpw").at("/outputs/0/skipped").asBoolean());
        JsonNode others = quantize("out", "--to", "gguf:5bpw", "--allow-types", "Q4_K,q6_k,Q8_0");
        assertFalse(others.at("/outputs/0/skipped").asBoolean());
        types(made("out", "5bpw")).forEach((tensor, type) -> assertTrue(
                List.of(GgmlType.F32, GgmlType.Q4_K, GgmlType.Q6_K, GgmlType.Q8_0).contains(type), tensor + " " + type));
    }

    @Test
    void theSameTypesByHandMakeTheSameFileAndTheRecipeRepeatsIt() throws IOException {
        String model = Fixtures.family("qwen3").toString();
        String stats = folder.resolve("stats").toString();
        CalibratedSample.write(model, folder, Path.of(stats));
        Path recipe = folder.resolve("recipes/4bpw.json");
        quantizeModel(model, stats, "out", "--to", "gguf:4.5bpw", "--save-recipe", recipe.toString(), "--pin", "attn_v=q8_0",
                "--master", "local[1]");
        Path made = folder.resolve("out/qwen3-4.5bpw.gguf");
        byte[] bytes = Files.readAllBytes(made);
        types(made).forEach((tensor, type) -> assertTrue(!tensor.contains("attn_v") || type == GgmlType.Q8_0, tensor));

        JsonNode saved = new ObjectMapper().readTree(recipe.toFile());
        String base = saved.get("base").asText();
        List<String> byHand = new ArrayList<>(List.of("--to", "gguf:" + base));
        saved.get("tensor_types").forEach(line -> byHand.addAll(List.of("--tensor-type", line.asText())));
        quantizeModel(model, stats, "hand", byHand.toArray(String[]::new));
        assertArrayEquals(bytes, Files.readAllBytes(folder.resolve("hand/qwen3-" + base + ".gguf")));
        assertEquals(saved.get("token_embedding_type").asText(), types(made).get("token_embd.weight").name());

        quantizeModel(model, stats, "again", "--to", "gguf", "--recipe", recipe.toString());
        assertArrayEquals(bytes, Files.readAllBytes(folder.resolve("again/qwen3-4.5bpw.gguf")));
        // Neither the number of tasks at once nor what else is made changes a choice.
        quantizeModel(model, stats, "more", "--to", "gguf:4.5bpw,gguf:Q8_0,awq:w4g32", "--pin", "attn_v=q8_0", "--scales",
                "none", "--rounding", "nearest", "--master", "local[4]");
        assertArrayEquals(bytes, Files.readAllBytes(folder.resolve("more/qwen3-4.5bpw.gguf")));
    }

    @Test
    void scalesAndRoundingTakePartInWhatIsMeasured() throws IOException {
        Path recipe = folder.resolve("recipe.json");
        quantize("plain", "--to", "gguf:3.5bpw", "--save-recipe", recipe.toString());
        assertEquals(new ObjectMapper().readTree(recipe.toFile()).get("output_tensor_type").asText(),
                types(made("plain", "3.5bpw")).get("output.weight").name());
        JsonNode made = quantize("out", "--to", "gguf:3.5bpw", "--scales", "awq", "--rounding", "gptq", "--awq-grid", "3");
        double bits = made.at("/outputs/0/bitsPerWeight").asDouble();
        assertTrue(bits <= 3.5 && bits > 0.995 * 3.5, made.toString());
        made.at("/outputs/0/linears").forEach(linear -> assertTrue(
                linear.get("roundedLoss").asDouble() < linear.get("nearestLoss").asDouble(), linear.toString()));
        assertEquals(30, made.at("/outputs/0/linears").size());
        assertNotEquals(types(made("plain", "3.5bpw")), types(made("out", "3.5bpw")));
        List<Double> lost = divergences(made("plain", "3.5bpw"), made("out", "3.5bpw"));
        assertTrue(lost.get(1) < 0.8 * lost.get(0), lost.toString());
    }

    /** In a model whose embedding is the output matrix, and that has one of each layer besides, most of its weights. */
    @Test
    void embeddingsOfEachLayerTakePartInTheChoiceAndSharedOnesAreRounded() throws IOException {
        String model = GeneratedCheckpoint.write("gemma4-e2b", folder).toString();
        String stats = folder.resolve("stats").toString();
        CalibratedSample.write(model, folder, Path.of(stats));
        JsonNode made = quantizeModel(model, stats, "out", "--to", "gguf:5bpw,gguf:8.2bpw", "--allow-types", "Q4_0,Q8_0",
                "--rounding", "gptq");
        Map<String, GgmlType> small = types(folder.resolve("out/gemma4-e2b-5bpw.gguf"));
        Map<String, GgmlType> large = types(folder.resolve("out/gemma4-e2b-8.2bpw.gguf"));
        String perLayer = "per_layer_token_embd.weight";
        assertEquals(GgmlType.Q4_0, small.get(perLayer));
        assertEquals(GgmlType.Q8_0, large.get(perLayer));
        JsonNode embedding = made.at("/outputs/0/linears").valueStream()
                .filter(linear -> linear.get("module").asText().endsWith(".embed_tokens")).findFirst().orElseThrow();
        assertTrue(embedding.get("roundedLoss").asDouble() < embedding.get("nearestLoss").asDouble(), embedding.toString());
    }

    private Path recipeOfPublishers(String... tensors) throws IOException {
        List<String> types = Arrays.stream(tensors).map(tensor -> "\"^" + tensor + "\\\\.weight$=q8_0\"").toList();
        return Files.writeString(folder.resolve("L.json"),
                "{\"name\": \"Q4_K_L\", \"base\": \"Q4_K_M\", \"tensor_types\": " + types + "}");
    }

    @Test
    void filesOfPublishersWithLargerEmbeddingsAreRecipesToo() throws IOException {
        Path recipe = recipeOfPublishers("token_embd", "output");
        quantize("large", "--to", "gguf", "--recipe", recipe.toString());
        quantize("hand", "--to", "gguf:Q4_K_M", "--token-embedding-type", "q8_0", "--output-tensor-type", "q8_0");
        assertArrayEquals(Files.readAllBytes(made("hand", "Q4_K_M")), Files.readAllBytes(made("large", "Q4_K_L")));
        recipeOfPublishers("token_embd", "nothing");
        refused("--recipe, tensor_types ^nothing\\.weight$: no tensor that can be quantized has such a name", "--to", "gguf",
                "--recipe", recipe.toString());
    }

    private void refused(String message, String... options) throws IOException {
        CommandRun run = run(MODEL, "refused", options);
        assertEquals(2, run.exitCode(), run.err());
        assertTrue(run.err().contains(message), run.err());
        assertEquals(List.of(), Fixtures.files(folder.resolve("refused")));
    }

    @Test
    void whatCannotBeMadeIsRefused() throws IOException {
        refused("gguf:4.65bpw: the choice of encodings needs statistics", "--to", "gguf:4.65bpw");
        refused("gguf:1.5bpw: with the smallest types the file takes 2.", "--to", "gguf:1.5bpw", "--stats", stats());
        refused("and with what is pinned, the file takes", "--to", "gguf:3bpw", "--stats", stats(), "--pin",
                "ffn=q8_0");
        refused("gguf:fit=5MB@512: with the smallest types the file takes ", "--to", "gguf:fit=5MB@512", "--stats", stats());
        refused("MB with a context of 512 tokens: ask for as much, or more", "--to", "gguf:fit=5MB@512", "--stats", stats());
        refused("gguf:12bpw: with the largest types the file takes 8.5", "--to", "gguf:12bpw", "--stats", stats());
        refused("--pin nothing: no tensor that can be quantized", "--to", "gguf:4bpw", "--stats", stats(), "--pin",
                "nothing=q8_0");
        refused("token_embd.weight cannot be IQ2_XS, which needs an importance", "--to", "gguf:4bpw", "--stats", stats(),
                "--pin", "token_embd=iq2_xs");
        refused("--allow-types IQ2_XS: ", "--to", "gguf:4bpw", "--stats", stats(), "--allow-types",
                "iq2_xs");
        refused("is pinned to IQ3_S, whose weights cannot be rounded one by one", "--to", "gguf:4bpw", "--stats", stats(),
                "--pin", "attn_q=iq3_s", "--rounding", "gptq");
        refused("--pure has an effect only on files of a type", "--to", "gguf:4bpw", "--stats", stats(), "--pure");
        refused("--imatrix has no effect on files of a given size", "--to", "gguf:4bpw", "--imatrix", "any");
        refused("--pin has an effect only on files of a given size", "--to", "gguf:Q4_K_M", "--pin", "attn_q=q8_0");
        refused("--recipe says the types of --to gguf", "--to", "gguf:Q4_K_M", "--recipe", "any.json");
        refused("any.json: there is no such file", "--to", "gguf", "--recipe", "any.json");
        refused("is for one file of a given size, and there are 2", "--to", "gguf:4bpw,gguf:5bpw", "--stats", stats(),
                "--save-recipe", "any.json");
        refused("'4.65' is no size of a GGUF file", "--to", "gguf:4.65", "--stats", stats());
    }
}
