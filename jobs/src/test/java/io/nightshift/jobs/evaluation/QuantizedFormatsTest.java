package io.nightshift.jobs.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.gguf.GgufFile;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.Texts;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A format is read by registration, and what it says of itself is not ignored. */
class QuantizedFormatsTest {
    private static final Path MODEL = Fixtures.model("llama-spm");

    @TempDir
    Path folder;

    private Path text;

    @BeforeEach
    void writeText() throws IOException {
        text = Texts.write(folder.resolve("text.txt"), Texts.document(1, 200));
    }

    @Test
    void aFormatThatIsOnlyRegisteredIsEvaluatedAndInspected() throws IOException {
        Checkpoint original = Checkpoint.open(new LocalFolder(MODEL));
        Path same = TruncatedFormat.write(original, 0, folder.resolve("same"));
        Path coarse = TruncatedFormat.write(original, 5, folder.resolve("coarse"));
        CommandRun run = evaluate(same + "," + coarse);
        assertEquals(0, run.exitCode(), run.err());
        JsonNode result = lastLine(run);
        assertEquals(0, result.at("/quantized/0/maximalDivergence").asDouble(), 1e-12);
        assertEquals(1, result.at("/quantized/0/sameTop").asDouble());
        double lost = result.at("/quantized/1/meanDivergence").asDouble();
        assertTrue(lost > 1e-6 && Double.isFinite(lost), result.toString());

        CommandRun inspected = CommandRun.of("inspect", coarse.toString(), "--json");
        assertEquals(0, inspected.exitCode(), inspected.err());
        JsonNode listing = lastLine(inspected);
        assertEquals(5, listing.at("/metadata/zero_bits").asInt());
        assertEquals("truncated", listing.at("/tensors/0/type").asText());
        assertTrue(CommandRun.of("inspect", coarse.toString()).out().contains("blk.0.attn_q.weight"));
    }

    @Test
    void itsOwnChecksRefuseAnotherModel() throws IOException {
        Path made = TruncatedFormat.write(Checkpoint.open(new LocalFolder(MODEL)), 0, folder.resolve("made"));
        Path config = made.resolve("config.json");
        Files.writeString(config, Files.readString(config).replaceAll("\"layers\": \\d+", "\"layers\": 77"));
        CommandRun run = evaluate(made.toString());
        assertEquals(2, run.exitCode(), run.err());
        assertTrue(run.err().contains(": layers is 77, but in the model "), run.err());
    }

    @Test
    void aFileWithOtherHeadsIsRefusedAndOneWithWeightsThatAreNoNumbersFails() throws IOException {
        CommandRun made = CommandRun.of("quantize", "--model", MODEL.toString(), "--to", "gguf:Q8_0", "--output",
                folder.toString());
        assertEquals(0, made.exitCode(), made.err());
        Path file = folder.resolve("llama-spm-Q8_0.gguf");
        byte[] content = Files.readAllBytes(file);

        Path heads = folder.resolve("heads.gguf");
        byte[] otherHeads = content.clone();
        int value = find(otherHeads, "llama.attention.head_count") + 4;
        int count = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).getInt(value);
        ByteBuffer.wrap(otherHeads).order(ByteOrder.LITTLE_ENDIAN).putInt(value, 3);
        Files.write(heads, otherHeads);
        CommandRun refused = evaluate(heads.toString());
        assertEquals(2, refused.exitCode(), refused.err());
        assertTrue(refused.err().contains("heads.gguf: llama.attention.head_count is 3, but in the model ")
                && refused.err().contains(" it is " + count + ":"), refused.err());

        Path noNumbers = folder.resolve("no-numbers.gguf");
        LocalFolder local = new LocalFolder(folder);
        int data = (int) GgufFile.read(local, local.find(file.getFileName().toString()).orElseThrow()).dataOffset();
        byte[] damaged = content.clone();
        Arrays.fill(damaged, data, damaged.length, (byte) 0xff);
        Files.write(noNumbers, damaged);
        CommandRun failed = evaluate(noNumbers.toString());
        assertEquals(1, failed.exitCode(), failed.err());
        String line = failed.err().lines().filter(each -> each.startsWith("nightshift: ")).findFirst().orElseThrow();
        assertTrue(line.contains("no-numbers.gguf: its perplexity is NaN and its mean divergence NaN"), line);
        assertFalse(failed.err().contains("\tat "), failed.err());

        CommandRun right = evaluate(file.toString());
        assertEquals(0, right.exitCode(), right.err());
    }

    /** Where the type of a metadata value stands: right behind the key. */
    private static int find(byte[] file, String key) {
        byte[] name = key.getBytes(StandardCharsets.UTF_8);
        // A key that goes on behind the name, such as head_count_kv, has another length in front.
        for (int i = 8; i + name.length < file.length; i++) {
            if (Arrays.equals(file, i, i + name.length, name, 0, name.length) && file[i - 8] == name.length) {
                return i + name.length;
            }
        }
        throw new AssertionError(key);
    }

    private CommandRun evaluate(String quantized) {
        return CommandRun.of("evaluate", "--model", MODEL.toString(), "--quantized", quantized, "--data",
                text.toString(), "-c", "64", "--chunks", "2", "--master", "local[2]", "--json");
    }

    private static JsonNode lastLine(CommandRun run) throws IOException {
        String[] lines = run.out().strip().split("\n");
        return new ObjectMapper().readTree(lines[lines.length - 1]);
    }
}
