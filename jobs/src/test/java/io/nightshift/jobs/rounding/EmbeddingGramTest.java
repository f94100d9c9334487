package io.nightshift.jobs.rounding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.architecture.Architectures;
import io.nightshift.formats.architecture.EmbeddingReaders;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.SourceFloats;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.forward.DecoderModel;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.weights.CheckpointWeights;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.GeneratedCheckpoint;
import io.nightshift.kernels.linear.GramMatrix;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What reads the embedding first, and what its errors cost there, against the tensors as GGUF has them. */
class EmbeddingGramTest {
    private static final List<String> RECENT =
            List.of("qwen3-fp8", "qwen3-next", "qwen3.5", "olmo2", "lfm2", "granite4-one-group");

    @TempDir
    Path made;

    private static Optional<EmbeddingReaders> readers(Path family) throws IOException {
        return EmbeddingReaders.of(Architectures.convert(Checkpoint.open(new LocalFolder(family))));
    }

    /**
     * A norm before attention, gate and up in one matrix, experts, an embedding that is the output too; FP8; linear attention;
     * a convolution; norms behind the blocks alone.
     */
    @ParameterizedTest
    @CsvSource({
        "llama-bias-sharded,attn_norm,attn_q attn_k attn_v",
        "phi-3-longrope,attn_norm,attn_qkv",
        "qwen3-moe,attn_norm,attn_q attn_k attn_v",
        "gemma-2,attn_norm,attn_q attn_k attn_v",
        "qwen3-fp8,attn_norm,attn_q attn_k attn_v",
        "qwen3.5,attn_norm,attn_qkv attn_gate ssm_alpha ssm_beta",
        "qwen3-next,attn_norm,attn_qkv attn_gate ssm_ba",
        "lfm2,attn_norm,shortconv.in_proj",
        "granite4-one-group,attn_norm,ssm_in",
        "olmo2,,attn_q attn_k attn_v"
    })
    void isTheSumOverTheRowsOfWhatReadsTheEmbedding(String family, String norm, String linears) throws IOException {
        Path folder = RECENT.contains(family) ? GeneratedCheckpoint.write(family, made) : Fixtures.family(family);
        EmbeddingReaders readers = readers(folder).orElseThrow();
        assertEquals(List.of(linears.split(" ")).stream().map(name -> "blk.0." + name + ".weight").sorted().toList(),
                readers.linears().stream().map(LinearLayer::tensor).sorted().toList());
        assertEquals("token_embd.weight", readers.embedding().tensor());
        EmbeddingGram source = new EmbeddingGram(
                FolderReference.find(folder.toString(), new HadoopSettings(Map.of())), readers);
        GramMatrix found;
        try (Workers workers = new Workers(2)) {
            found = source.gram(workers);
        }
        Checkpoint checkpoint = Checkpoint.open(new LocalFolder(folder));
        ModelWeights weights = new CheckpointWeights(DecoderModel.of(checkpoint).tensors().recipes(), checkpoint.folder());
        int channels = source.channels();
        float[] factors = norm == null ? null : floats(weights, "blk.0." + norm + ".weight");
        double[] expected = new double[channels * channels];
        for (LinearLayer linear : readers.linears()) {
            float[] rows = floats(weights, linear.tensor());
            for (int row = 0; row < rows.length; row += channels) {
                for (int i = 0; i < channels; i++) {
                    for (int j = 0; j < channels; j++) {
                        double scale = factors == null ? 1 : (double) factors[i] * factors[j];
                        expected[i * channels + j] += scale * rows[row + i] * rows[row + j];
                    }
                }
            }
        }
        double largest = 0;
        for (int i = 0; i < channels; i++) {
            largest = Math.max(largest, expected[i * channels + i]);
        }
        assertTrue(largest > 0);
        for (int i = 0; i < channels; i++) {
            for (int j = 0; j < channels; j++) {
                assertEquals(expected[i * channels + j], found.get(i, j), 1e-5 * largest, i + ", " + j);
            }
        }
    }

    private static float[] floats(ModelWeights weights, String tensor) throws IOException {
        ModelWeights.TensorShape shape = weights.find(tensor).orElseThrow();
        int rows = Math.toIntExact(shape.rows());
        byte[] bytes = new byte[rows * shape.rowBytes()];
        weights.read(tensor, 0, rows, bytes);
        float[] floats = new float[rows * shape.columns()];
        SourceFloats.read(shape.type(), bytes, 0, floats, 0, floats.length);
        return floats;
    }

    /** What the last hidden states are counts as much as the readers, whatever their sizes. */
    @Test
    void whereTheOutputSharesTheRowsItCountsAsMuchAsTheReaders() throws IOException {
        Path family = Fixtures.family("gemma-2");
        FolderReference model = FolderReference.find(family.toString(), new HadoopSettings(Map.of()));
        EmbeddingReaders readers = readers(family).orElseThrow();
        assertEquals("output.weight", readers.output().tensor());
        EmbeddingGram read = new EmbeddingGram(model, readers);
        int channels = read.channels();
        float[] rows = new float[channels * channels];
        for (int i = 0; i < channels; i++) {
            for (int j = 0; j < channels; j++) {
                rows[i * channels + j] = i == j ? 100 + i : 1;
            }
        }
        GramMatrix last = GramMatrix.of(rows, channels, 64);
        try (Workers workers = new Workers(2)) {
            GramMatrix gram = read.gram(workers);
            GramMatrix both = SharedEmbeddingGram.sum(last, gram);
            assertEquals(2, both.meanSquare(), 1e-4);
            for (int i = 0; i < channels; i++) {
                int j = (i * 7 + 3) % channels;
                assertEquals(last.get(i, j) / last.meanSquare() + gram.get(i, j) / gram.meanSquare(), both.get(i, j),
                        1e-5, i + ", " + j);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-bias-sharded", "phi-3-longrope"})
    void anOutputMatrixOfItsOwnHasNoPartInIt(String family) throws IOException {
        assertNull(readers(Fixtures.family(family)).orElseThrow().output());
    }
}
