package io.nightshift.jobs.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.gguf.GgufFile;
import io.nightshift.formats.gguf.GgufHeader;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.imatrix.Imatrix;
import io.nightshift.formats.imatrix.ImatrixReader;
import io.nightshift.formats.imatrix.ImatrixWriter;
import io.nightshift.formats.imatrix.ImportanceEntry;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.types.FileType;
import io.nightshift.jobs.quantize.QuantizeJob;
import io.nightshift.jobs.quantize.QuantizeRequest;
import io.nightshift.jobs.quantize.QuantizeResult;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.Progress;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.SparkCluster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole files made with an importance matrix, against those of llama-quantize. */
class ImportanceJobTest {
    private static final String MIXTRAL = "mixtral-moe";
    private static final Map<String, List<Integer>> UNSEEN =
            Map.of("blk.0.", List.of(6), "blk.1.", List.of(1, 2, 3, 4, 5, 6, 7));

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"llama-spm", MIXTRAL})
    void makesTheFilesOfLlamaQuantize(String model) throws IOException {
        List<FileType> types = Fixtures.fileTypes(model, true);
        // Q2_K_S needs a matrix.
        assertTrue(types.size() >= 18 && types.contains(FileType.Q2_K_S), types.toString());
        Path matrix = Fixtures.imatrix(model);
        assertEquals(List.of(), warnings(quantize(model, types, options(matrix))));
        for (FileType type : types) {
            assertEquals(
                    Fixtures.golden(model, type.name(), true),
                    sha256(model, type, matrix.getFileName().toString()),
                    type.name());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-spm", MIXTRAL})
    void refusesWhatLlamaQuantizeRefusesWithoutAMatrix(String model) throws IOException {
        List<FileType> refused = Fixtures.refused(model, false);
        assertEquals(9, refused.size());
        for (FileType type : refused) {
            assertRefused(model, type, ImportanceOptions.NONE, type + " needs an importance matrix: blk.0.");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Q3_K_M", "Q4_0"})
    void treatsExpertsThatSawNoTokensAsLlamaQuantizeDoesAndNamesThem(String type) throws IOException {
        Path matrix = changed(MIXTRAL, "unseen.gguf", ImportanceJobTest::withoutExperts);
        QuantizeResult result = quantize(MIXTRAL, List.of(FileType.parse(type)), options(matrix));
        assertEquals(
                Fixtures.goldenOfOptions(type.equals("Q4_0") ? "unseen-Q4_0" : "unseen"),
                sha256(MIXTRAL, FileType.parse(type), "unseen.gguf"));
        assertEquals(2, warnings(result).size());
        assertTrue(warnings(result).get(0).startsWith("no tokens reached expert 6 of blk.0.ffn_down_exps.weight,"
                + " blk.0.ffn_gate_exps.weight, blk.0.ffn_up_exps.weight when"), warnings(result).get(0));
        assertTrue(warnings(result).get(1).startsWith("no tokens reached experts 1, 2, 3, 4, 5, 6, 7 of blk.1."),
                warnings(result).get(1));
    }

    @Test
    void usesTheMatrixForChosenTensors() throws IOException {
        Path matrix = Fixtures.imatrix(MIXTRAL);
        String name = matrix.getFileName().toString();
        ImportanceOptions include =
                new ImportanceOptions(List.of(matrix.toString()), List.of("ffn_down", "attn_v"), List.of());
        assertEquals(List.of(), warnings(quantize(MIXTRAL, List.of(FileType.Q3_K_M), include)));
        assertEquals(Fixtures.goldenOfOptions("include"), sha256(MIXTRAL, FileType.Q3_K_M, name));
        ImportanceOptions exclude = new ImportanceOptions(List.of(matrix.toString()), List.of(), List.of("attn"));
        quantize(MIXTRAL, List.of(FileType.Q4_0), exclude);
        assertEquals(Fixtures.goldenOfOptions("exclude"), sha256(MIXTRAL, FileType.Q4_0, name));
    }

    @Test
    void addsSeveralMatricesUp() throws IOException {
        Imatrix matrix = read(Fixtures.imatrix(MIXTRAL));
        // Disjoint halves: what they add up to is the whole.
        Path attention = written("attention.gguf", matrix.only(name -> name.contains("attn")));
        Path others = written("others.gguf", matrix.only(name -> !name.contains("attn")));
        quantize(MIXTRAL, List.of(FileType.Q3_K_M), options(Fixtures.imatrix(MIXTRAL)));
        GgufFile whole = gguf(MIXTRAL, FileType.Q3_K_M);
        byte[] expected = data(MIXTRAL, FileType.Q3_K_M, whole);
        quantize(MIXTRAL, List.of(FileType.Q3_K_M), options(attention, others));
        GgufFile combined = gguf(MIXTRAL, FileType.Q3_K_M);
        assertArrayEquals(expected, data(MIXTRAL, FileType.Q3_K_M, combined));
        Map<String, GgufValue> values = combined.header().metadata().values();
        String files = attention + "," + others;
        assertEquals(
                new GgufValue.Text(files.substring(0, Math.min(127, files.length()))),
                values.get("quantize.imatrix.file"));
        assertEquals(new GgufValue.Uint32(24), values.get("quantize.imatrix.entries_count"));
        // llama-imatrix counts chunks of 512 tokens where it combines files.
        assertEquals(new GgufValue.Uint32(63), values.get("quantize.imatrix.chunks_count"));
    }

    @Test
    void makesAFileAgainForAnotherMatrixOfTheSameName() throws IOException {
        Path matrix = changed(MIXTRAL, "matrix.gguf", matrices -> matrices);
        List<FileType> types = List.of(FileType.Q4_K_S);
        assertFalse(quantize(MIXTRAL, types, options(matrix)).outputs().get(0).skipped());
        assertTrue(quantize(MIXTRAL, types, options(matrix)).outputs().get(0).skipped());
        String before = sha256(MIXTRAL, FileType.Q4_K_S, "matrix.gguf");
        changed(MIXTRAL, "matrix.gguf", ImportanceJobTest::withoutExperts);
        assertFalse(quantize(MIXTRAL, types, options(matrix)).outputs().get(0).skipped());
        assertFalse(before.equals(sha256(MIXTRAL, FileType.Q4_K_S, "matrix.gguf")));
        assertFalse(quantize(MIXTRAL, types, ImportanceOptions.NONE).outputs().get(0).skipped());
    }

    @Test
    void namesTensorsThatTheMatrixLacks() throws IOException {
        Path matrix = changed(MIXTRAL, "part.gguf", entries -> only(entries, "blk.0"));
        QuantizeResult result = quantize(MIXTRAL, List.of(FileType.Q4_K_S, FileType.Q4_0), options(matrix));
        assertEquals(1, warnings(result).size());
        assertTrue(warnings(result).get(0).contains(
                " has no entry for blk.1.attn_k.weight, blk.1.attn_output.weight, "), warnings(result).get(0));
        assertFalse(warnings(result).get(0).contains("token_embd"), warnings(result).get(0));
        assertRefused(MIXTRAL, FileType.Q2_K_S, options(matrix), matrix + " gives none for blk.1.");
    }

    @Test
    void refusesAMatrixOfAnotherShape() throws IOException {
        Path matrix = changed(MIXTRAL, "shape.gguf", entries -> {
            entries.put("blk.1.ffn_up_exps.weight", new ImportanceEntry(new float[256], new long[] {1}));
            return entries;
        });
        assertRefused(MIXTRAL, FileType.Q4_0, options(matrix),
                "has 256 values for blk.1.ffn_up_exps.weight, which needs 256 for each of 8 experts");
    }

    @Test
    void ignoresTheEntryOfAnEmbeddingOfAnotherShape() throws IOException {
        Path matrix = changed(MIXTRAL, "embedding.gguf", entries -> {
            entries.put("token_embd.weight", new ImportanceEntry(new float[7], new long[] {1}));
            return entries;
        });
        quantize(MIXTRAL, List.of(FileType.Q4_0), options(matrix));
        byte[] data = data(MIXTRAL, FileType.Q4_0, gguf(MIXTRAL, FileType.Q4_0));
        quantize(MIXTRAL, List.of(FileType.Q4_0), options(Fixtures.imatrix(MIXTRAL)));
        assertArrayEquals(data(MIXTRAL, FileType.Q4_0, gguf(MIXTRAL, FileType.Q4_0)), data);
    }

    @Test
    void refusesValuesThatAreNotFinite() throws IOException {
        Path matrix = changed(MIXTRAL, "nan.gguf", entries -> {
            entries.get("blk.1.ffn_up_exps.weight").sums()[300] = Float.NaN;
            return entries;
        });
        assertRefused(MIXTRAL, FileType.Q4_0, options(matrix), "blk.1.ffn_up_exps.weight: value 300 is NaN");
        // What is not used does no harm.
        QuantizeJob.plan(
                request(MIXTRAL, List.of(FileType.Q4_0),
                        new ImportanceOptions(List.of(matrix.toString()), List.of(), List.of("ffn_up"))),
                new HadoopSettings(Map.of()), Progress.NONE);
    }

    @Test
    void refusesOptionsThatWouldHaveNoEffect() throws IOException {
        List<String> matrix = List.of(Fixtures.imatrix(MIXTRAL).toString());
        List<String> none = List.of();
        assertRefused(MIXTRAL, FileType.Q4_0, new ImportanceOptions(none, List.of("attn"), none),
                "--include-weights has no effect without --imatrix");
        assertRefused(MIXTRAL, FileType.Q4_0, new ImportanceOptions(matrix, none, List.of("nothing")),
                "--exclude-weights nothing: the importance matrix has no entry");
        assertRefused(MIXTRAL, FileType.Q4_0, new ImportanceOptions(matrix, List.of("attn"), List.of("ffn")),
                "exclude each other");
        assertRefused(MIXTRAL, FileType.Q4_0, new ImportanceOptions(matrix, none, List.of("blk")),
                "--exclude-weights leaves nothing");
        Path other = changed(
                MIXTRAL, "other.gguf", entries -> new TreeMap<>(Map.of("x", entries.get("blk.0.attn_q.weight"))));
        assertRefused(MIXTRAL, FileType.Q4_0, options(other), "named like a tensor of this model");
        assertRefused(MIXTRAL, FileType.Q4_0,
                options(Fixtures.imatrix(MIXTRAL), changed(MIXTRAL, "short.gguf", ImportanceJobTest::shortened)),
                "short.gguf and those before it: blk.0.attn_q.weight: one matrix has 256 values and another has 5");
    }

    private void assertRefused(String model, FileType type, ImportanceOptions importance, String part) {
        InvalidModelException error = assertThrows(
                InvalidModelException.class,
                () -> QuantizeJob.plan(
                        request(model, List.of(type), importance), new HadoopSettings(Map.of()), Progress.NONE));
        assertTrue(error.getMessage().contains(part), error.getMessage());
    }

    private static TreeMap<String, ImportanceEntry> withoutExperts(TreeMap<String, ImportanceEntry> entries) {
        entries.forEach((name, entry) -> {
            if (name.contains("_exps")) {
                for (int expert : UNSEEN.getOrDefault(name.substring(0, 6), List.of())) {
                    int columns = entry.sums().length / entry.counts().length;
                    Arrays.fill(entry.sums(), expert * columns, (expert + 1) * columns, 0);
                    entry.counts()[expert] = 0;
                }
            }
        });
        return entries;
    }

    private static TreeMap<String, ImportanceEntry> only(TreeMap<String, ImportanceEntry> entries, String part) {
        entries.keySet().removeIf(name -> !name.contains(part));
        return entries;
    }

    private static TreeMap<String, ImportanceEntry> shortened(TreeMap<String, ImportanceEntry> entries) {
        entries.put("blk.0.attn_q.weight", new ImportanceEntry(new float[5], new long[] {1}));
        return entries;
    }

    /** Writes a changed copy of a model's matrix. */
    private Path changed(String model, String name, UnaryOperator<TreeMap<String, ImportanceEntry>> change)
            throws IOException {
        Imatrix matrix = read(Fixtures.imatrix(model));
        TreeMap<String, ImportanceEntry> entries = change.apply(new TreeMap<>(matrix.entries()));
        return written(name, new Imatrix(entries, matrix.datasets(), matrix.chunkCount(), matrix.chunkSize()));
    }

    private Path written(String name, Imatrix matrix) throws IOException {
        Path file = folder.resolve(name);
        try (OutputStream out = Files.newOutputStream(file)) {
            ImatrixWriter.write(matrix, out);
        }
        return file;
    }

    private static Imatrix read(Path file) throws IOException {
        LocalFolder folder = new LocalFolder(file.getParent());
        return ImatrixReader.read(folder, folder.find(file.getFileName().toString()).orElseThrow());
    }

    /** SHA-256 of an output, had the matrix been given by that path. */
    private String sha256(String model, FileType type, String matrix) throws IOException {
        GgufFile made = gguf(model, type);
        made.header().metadata().put("quantize.imatrix.file", new GgufValue.Text(matrix));
        ByteArrayOutputStream renamed = new ByteArrayOutputStream();
        renamed.write(new GgufHeader(made.header().metadata(), made.header().tensors()).toBytes());
        renamed.write(data(model, type, made));
        return Fixtures.sha256(renamed.toByteArray());
    }

    private byte[] data(String model, FileType type, GgufFile file) throws IOException {
        byte[] content = Files.readAllBytes(folder.resolve(model + "-" + type + ".gguf"));
        return Arrays.copyOfRange(content, (int) file.dataOffset(), content.length);
    }

    private GgufFile gguf(String model, FileType type) throws IOException {
        LocalFolder made = new LocalFolder(folder);
        return GgufFile.read(made, made.find(model + "-" + type + ".gguf").orElseThrow());
    }

    private QuantizeResult quantize(String model, List<FileType> types, ImportanceOptions importance)
            throws IOException {
        QuantizeJob job =
                QuantizeJob.plan(request(model, types, importance), new HadoopSettings(Map.of()), Progress.NONE);
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            return job.run(spark);
        }
    }

    private QuantizeRequest request(String model, List<FileType> types, ImportanceOptions importance) {
        return QuantizeRequest.of(Fixtures.model(model).toString(),
                types.stream().map(type -> GgufTarget.of(type).with(importance)).toList(), folder.toString());
    }

    private static List<String> warnings(QuantizeResult result) {
        return result.outputs().get(0).warnings();
    }

    private static ImportanceOptions options(Path... files) {
        return new ImportanceOptions(Arrays.stream(files).map(Path::toString).toList(), List.of(), List.of());
    }
}
