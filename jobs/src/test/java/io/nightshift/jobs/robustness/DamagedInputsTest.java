package io.nightshift.jobs.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.gguf.GgufFile;
import io.nightshift.formats.imatrix.Imatrix;
import io.nightshift.formats.imatrix.ImatrixReader;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.types.TypeRecipe;
import io.nightshift.jobs.testing.Chats;
import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.Texts;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Inputs damaged at random, the same ones each time. None may crash the process, hang, need much more memory than the
 * undamaged input, leave a file, print a stack trace, or be taken where it can be none.
 *
 * <p>A sample is always run; with {@code -Dnightshift.campaign=whole} all of them, with
 * {@code -Dnightshift.campaign=KIND:NUMBER} a single one.
 */
class DamagedInputsTest {
    private static final String WHOLE = "whole";
    private static final long SEED = 20261128;

    /** Every so many inputs of a kind are in the sample. */
    private static final int SAMPLE = 67;

    private static final long HANG_SECONDS = 120;
    private static final long MORE_MEMORY = 256L << 20;

    /** What a user is not to see: names of classes, and values that are none. */
    private static final Pattern DEFECT = Pattern.compile(
            "(\\b(java|javax|scala|org\\.apache|com\\.fasterxml|ai\\.djl)\\.[a-z]+\\.)|Exception\\b|Error\\b:?$|\\bnull$"
                    + "|^nightshift: Index \\d+ out of bounds");

    @TempDir
    static Path made;

    private static Path gguf;
    private static Path awq;
    private static Path statistics;
    private static Path matrices;
    private static Path exl2;
    private static Path chatModel;
    private static Path written;

    @BeforeAll
    static void make() throws IOException {
        Path model = Fixtures.family("llama-3.1");
        Path text = Texts.write(made.resolve("text.txt"), Texts.document(1, 800));
        statistics = made.resolve("statistics");
        run("calibrate", "--model", model.toString(), "--data", text.toString(), "--output", statistics.toString(),
                "--sequence-length", "64", "--samples", "4", "--master", "local[2]");
        gguf = made.resolve("gguf");
        run("quantize", "--model", model.toString(), "--to", "gguf:Q4_0", "--output", gguf.toString(), "--master", "local[2]");
        awq = made.resolve("awq");
        run("quantize", "--model", model.toString(), "--to", "awq:w4g32", "--scales", "none", "--rounding", "nearest",
                "--output", awq.toString(), "--master", "local[2]");
        matrices = Files.createDirectories(made.resolve("matrices"));
        Files.copy(Fixtures.imatrix("llama-spm"), matrices.resolve("m.gguf"));
        writeOlder(matrices);
        exl2 = made.resolve("exl2");
        run("quantize", "--model", model.toString(), "--to", "exl2:4.5", "--scales", "none", "--measure", "gram", "--stats",
                statistics.toString(), "--output", exl2.toString(), "--master", "local[2]");
        chatModel = Chats.model(made.resolve("chat-model"), Chats.TEMPLATE);
        written = Files.createDirectories(made.resolve("written"));
        Chats.write(written.resolve("chats.jsonl"), 4, 2);
        Texts.write(written.resolve("recipe.json"), new String(TypeRecipe.of("4.5bpw", GgufFile.read(new LocalFolder(gguf),
                new LocalFolder(gguf).find("llama-3.1-Q4_0.gguf").orElseThrow()).header()).write(), StandardCharsets.UTF_8));
        Texts.write(written.resolve("night.json"), """
                {"output": "%s", "models-at-once": 1, "defaults": {"targets": ["gguf:Q8_0"], "priority": 1},
                 "models": [{"model": "%s", "name": "one", "targets": ["gguf:Q4_K_M", {"target": "gguf:Q6_K"}]}]}
                """.formatted(made.resolve("night"), model.toAbsolutePath()));
    }

    /** The same matrix in the binary format that llama-imatrix wrote before. */
    private static void writeOlder(Path matrices) throws IOException {
        LocalFolder folder = new LocalFolder(matrices);
        Imatrix matrix = ImatrixReader.read(folder, folder.find("m.gguf").orElseThrow());
        ByteBuffer file = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN).putInt(matrix.entries().size());
        matrix.entries().forEach((name, entry) -> {
            byte[] text = name.getBytes(StandardCharsets.UTF_8);
            float[] means = entry.means();
            file.putInt(text.length).put(text).putInt(1).putInt(means.length);
            for (float mean : means) {
                file.putFloat(mean);
            }
        });
        file.putInt(1).putInt(4).put("text".getBytes(StandardCharsets.UTF_8));
        Files.write(matrices.resolve("m.dat"), Arrays.copyOf(file.array(), file.position()));
    }

    private static void run(String... arguments) {
        CommandRun run = CommandRun.of(arguments);
        assertEquals(0, run.exitCode(), run.err());
    }

    /** All kinds of inputs. */
    private static List<Subject> subjects() throws IOException {
        String plan = "quantize --model IN --to gguf:Q8_0 --output OUT --dry-run";
        String make = "quantize --model IN --to gguf:Q8_0 --output OUT --master local[2]";
        List<String> quantize = List.of(plan, make);
        JsonDamage config = JsonDamage.needing("architectures")
                .andDimensions("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads");
        JsonDamage experts = JsonDamage.needing("architectures").andDimensions("hidden_size", "moe_intermediate_size",
                "num_hidden_layers", "num_attention_heads", "num_local_experts", "num_experts_per_tok");
        String matrix = "quantize --model " + Fixtures.model("llama-spm") + " --to gguf:Q4_K_M --output OUT --dry-run --imatrix ";
        String chat = " --chat --samples 2 --sequence-length 32 --output OUT --master local[2]";
        String statisticsOf = "quantize --model " + Fixtures.family("llama-3.1") + " --to gguf:Q4_0 --output OUT"
                + " --rounding gptq --stats IN --master local[2]";
        return List.of(
                new Subject("config", Fixtures.family("llama-3.1"), "config.json", config, 160, quantize),
                new Subject("config of experts", Fixtures.family("qwen3-moe"), "config.json", experts, 120, quantize),
                new Subject("config with windows", Fixtures.family("gemma-3-text"), "config.json", config, 120, quantize),
                new Subject("tokenizer.json", Fixtures.family("qwen3"), "tokenizer.json",
                        JsonDamage.needing("model"), 160, quantize),
                new Subject("tokenizer.model", Fixtures.family("llama-3.1"), "tokenizer.model",
                        new BinaryDamage(4096, false), 120, quantize),
                new Subject("tokenizer_config.json", Fixtures.family("qwen3"), "tokenizer_config.json",
                        JsonDamage.ofOptionalValues(), 80, quantize),
                new Subject("safetensors", Fixtures.family("llama-3.1"), "model.safetensors",
                        new SafetensorsDamage(), 240, quantize),
                new Subject("index", Fixtures.model("llama-spm"), "model.safetensors.index.json",
                        JsonDamage.needing("weight_map"), 80, List.of(plan)),
                new Subject("imatrix", matrices, "m.gguf", new BinaryDamage(4096, true), 160, List.of(matrix + "IN/m.gguf")),
                new Subject("older imatrix", matrices, "m.dat", new BinaryDamage(2048, false), 60,
                        List.of(matrix + "IN/m.dat")),
                new Subject("gguf", gguf, "llama-3.1-Q4_0.gguf", new BinaryDamage(8192, true), 160,
                        List.of("inspect IN/llama-3.1-Q4_0.gguf --json")),
                new Subject("awq config", awq.resolve("llama-3.1-AWQ"), "config.json",
                        JsonDamage.ofOptionalValues(), 80, List.of("inspect IN --json")),
                new Subject("awq weights", awq.resolve("llama-3.1-AWQ"), "model.safetensors", new SafetensorsDamage(), 80,
                        List.of("inspect IN --json")),
                new Subject("statistics", statistics, "calibration.json",
                        JsonDamage.needing("format", "version", "modelDigest", "tokensDigest", "statistics", "inputs")
                                .andDimensions("gramBlock", "sequences", "sequenceLength", "groups"),
                        80, List.of(statisticsOf)),
                new Subject("statistics of a layer", statistics, "layer-00000.safetensors", new SafetensorsDamage(), 80,
                        List.of(statisticsOf)),
                new Subject("measurement", exl2.resolve("llama-3.1-EXL2-4.5bpw"), "measurement.json",
                        JsonDamage.needing("measurement"), 120, List.of("quantize --model " + Fixtures.family("llama-3.1")
                                + " --to exl2:4.5 --scales none --output OUT --dry-run --stats " + statistics
                                + " --measurement IN/measurement.json")),
                new Subject("exl2 config", exl2.resolve("llama-3.1-EXL2-4.5bpw"), "config.json",
                        JsonDamage.ofOptionalValues(), 80, List.of("inspect IN --json")),
                new Subject("exl2 weights", exl2.resolve("llama-3.1-EXL2-4.5bpw"), "model.safetensors", new SafetensorsDamage(),
                        80, List.of("inspect IN --json")),
                new Subject("manifest", written, "night.json", JsonDamage.needing("output", "models"), 120,
                        List.of("batch --manifest IN/night.json --dry-run")),
                new Subject("recipe", written, "recipe.json", JsonDamage.ofOptionalValues(), 80,
                        List.of("quantize --model " + Fixtures.family("llama-3.1") + " --to gguf --output OUT --dry-run --recipe "
                                + "IN/recipe.json")),
                new Subject("chats", written, "chats.jsonl", new BinaryDamage(4096, false), 60,
                        List.of("calibrate --model " + chatModel + " --data IN/chats.jsonl" + chat)),
                new Subject("chat template", chatModel, "chat_template.jinja", new BinaryDamage(4096, false), 60,
                        List.of("calibrate --model IN --data " + written.resolve("chats.jsonl") + chat)));
    }

    /** What came of an input. */
    private record Outcome(int exitCode, String complaint, long allocated) {}

    @Test
    void noDamagedInputDoesHarm(@TempDir Path folder) throws Exception {
        String asked = System.getProperty("nightshift.campaign", "");
        List<String> complaints = new ArrayList<>();
        Map<String, Integer> refused = new TreeMap<>();
        Map<String, Integer> taken = new TreeMap<>();
        int inputs = 0;
        for (Subject subject : subjects()) {
            long undamaged = -1;
            for (int number = 0; number < subject.count(); number++) {
                boolean chosen = asked.isEmpty() ? number % SAMPLE == (subject.kind().hashCode() & 15)
                        : asked.equals(WHOLE) || asked.equals(subject.kind() + ":" + number)
                                || asked.equals(subject.kind());
                if (!chosen) {
                    continue;
                }
                byte[] content = Files.readAllBytes(subject.folder().resolve(subject.file()));
                if (undamaged < 0) {
                    Outcome whole = outcome(subject, content, Files.createTempDirectory(folder, "whole"));
                    assertEquals(0, whole.exitCode(), subject.kind() + ": " + whole.complaint());
                    undamaged = whole.allocated();
                }
                // Neighbouring seeds of Random begin alike, those of SplittableRandom do not.
                Random random = new Random(
                        new SplittableRandom(SEED * 31 + subject.kind().hashCode() * 1009L + number).nextLong());
                Damage damage = subject.damager().damage(content, random, number);
                Outcome outcome = outcome(subject, damage.content(), Files.createTempDirectory(folder, "damaged"));
                inputs++;
                (outcome.exitCode() == 0 ? taken : refused)
                        .merge(subject.kind() + (outcome.exitCode() == 0 ? ", " + damage.kind() : ""), 1, Integer::sum);
                String complaint = outcome.complaint();
                if (complaint == null && outcome.exitCode() == 0 && damage.fatal()
                        && !Arrays.equals(content, damage.content())) {
                    complaint = "was taken";
                }
                if (complaint == null && outcome.allocated() > undamaged + MORE_MEMORY) {
                    complaint = "needed " + (outcome.allocated() >> 20) + " MiB, and undamaged " + (undamaged >> 20);
                }
                if (complaint != null) {
                    complaints.add(subject.kind() + ":" + number + " (" + damage.kind() + ", " + damage.detail() + "): "
                            + complaint);
                }
            }
        }
        System.out.println(inputs + " damaged inputs; refused: " + refused + "; taken as other valid inputs: " + taken);
        assertTrue(inputs > 0, "no such input: " + asked);
        assertEquals(List.of(), complaints, () -> String.join("\n", complaints));
    }

    private static Outcome outcome(Subject subject, byte[] content, Path folder) throws Exception {
        Path input = Files.createDirectory(folder.resolve("in"));
        for (Path file : Fixtures.files(subject.folder())) {
            Path copy = input.resolve(subject.folder().relativize(file).toString());
            Files.createDirectories(copy.getParent());
            if (copy.equals(input.resolve(subject.file()))) {
                Files.write(copy, content);
            } else {
                Files.createSymbolicLink(copy, file.toAbsolutePath());
            }
        }
        List<Path> before = Fixtures.files(folder);
        Outcome outcome = null;
        for (String command : subject.commands()) {
            String[] arguments = Arrays.stream(command.split(" "))
                    .map(word -> word.replace("IN", input.toString()).replace("OUT", folder.resolve("out").toString()))
                    .toArray(String[]::new);
            outcome = watched(() -> {
                long start = allocated();
                CommandRun run = CommandRun.of(arguments);
                return new Outcome(run.exitCode(), complaint(run), allocated() - start);
            });
            if (outcome.exitCode() != 0 && outcome.complaint() == null && !Fixtures.files(folder).equals(before)) {
                return new Outcome(outcome.exitCode(), "files were left: " + Fixtures.files(folder), outcome.allocated());
            }
            if (outcome.exitCode() != 0 || outcome.complaint() != null) {
                break;
            }
        }
        return outcome;
    }

    private static Outcome watched(Callable<Outcome> run) throws InterruptedException, ExecutionException {
        ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
            Thread daemon = new Thread(task, "campaign");
            daemon.setDaemon(true);
            return daemon;
        });
        Future<Outcome> outcome = thread.submit(run);
        try {
            return outcome.get(HANG_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            return new Outcome(-1, "was not done after " + HANG_SECONDS + " s", 0);
        } finally {
            thread.shutdownNow();
        }
    }

    /** Bytes that this thread allocated: no less than it needed at once. */
    private static long allocated() {
        return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
                .getThreadAllocatedBytes(Thread.currentThread().getId());
    }

    private static String complaint(CommandRun run) {
        if (run.err().contains("\tat ")) {
            return "printed a stack trace: " + run.err();
        }
        if (run.exitCode() == 0) {
            return null;
        }
        String line = run.err().lines().filter(text -> text.startsWith("nightshift: ") && !text.startsWith("nightshift: warning"))
                .findFirst().orElse("");
        if (run.exitCode() != 2) {
            return "exit code " + run.exitCode() + ": " + run.err().strip();
        }
        return line.isEmpty() || DEFECT.matcher(line).find() || line.length() > 1000
                ? "an unclear line: " + run.err().strip()
                : null;
    }
}
