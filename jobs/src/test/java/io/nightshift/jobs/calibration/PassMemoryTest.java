package io.nightshift.jobs.calibration;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.forward.DecoderModel;
import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.jobs.tasks.StageMemory;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.GeneratedCheckpoint;
import io.nightshift.jobs.testing.SyntheticCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PassMemoryTest {
    @TempDir
    Path folder;

    /** Hidden states of 64 channels, queries of 64, keys and values of 32, feed-forward of 320: docs/memory.md. */
    @Test
    void followsTheFormula() throws IOException {
        SyntheticCheckpoint.write(folder, Map.of("hidden", "64", "ffn", "320", "layers", "2", "heads", "4", "kv-heads", "2",
                "tokenizer", "../samples/tiny-llama"));
        DecoderModel model = DecoderModel.of(Checkpoint.open(new LocalFolder(folder)));
        long weights = 2 * (64 * 64 * 2 + 64 * 32 * 2 + 3 * 64 * 320);
        long forward = 4 * 96 * (4 * 64 + 3 * 320);
        StageMemory plain = new StageMemory(2 * weights, 8 * 96 * 64 + forward);
        assertEquals(plain, PassMemory.of(model, 3, 32));
        assertEquals(plain, PassMemory.of(model, 3, 32, StatisticsKind.IMATRIX));
        assertEquals(2 * 64L * model.vocabulary(), PassMemory.head(model));
        long gram = 3 * 2 * 64 * (64 + 256) + 2 * 320 * (320 + 256) + (26 << 20);
        assertEquals(new StageMemory(plain.shared(), plain.task() + gram), PassMemory.of(model, 3, 32, StatisticsKind.GRAM));
        // 5,000 tokens go through a layer in batches of at most 4,096.
        assertEquals(8 * 5000 * 64 + 4 * 4000 * (4 * 64 + 3 * 320),
                PassMemory.of(model, 5, 1000, StatisticsKind.IMATRIX).task());
    }

    @Test
    void expertsHaveInputsOfTheirOwn() throws IOException {
        DecoderModel model = DecoderModel.of(Checkpoint.open(new LocalFolder(Fixtures.family("mixtral-tied"))));
        assertEquals(4, model.experts());
        long without = PassMemory.of(model, 1, 32, StatisticsKind.IMATRIX).task();
        long with = PassMemory.of(model, 1, 32, StatisticsKind.GRAM).task();
        long hidden = 2 * 64 * (64 + 256);
        long down = 2 * 96 * (96 + 256);
        // Attention's two, each expert's two, and the sum of what the down projections read.
        assertEquals(2 * hidden + 4 * hidden + (4 + 1) * down + (26 << 20), with - without);
    }

    /** Three layers of 256 channels: four heads of 96 with values of 48, compressed to 96 and to 128 with 32 for all heads. */
    @Test
    void compressedKeysAndValuesAreDecompressed() throws IOException {
        DecoderModel model =
                DecoderModel.of(Checkpoint.open(new LocalFolder(GeneratedCheckpoint.write("deepseek-v3", folder))));
        StageMemory plain = PassMemory.of(model, 1, 32, StatisticsKind.IMATRIX);
        int attention = 4 * 96 + 4 * (64 + 48) + 2 * 4 * 48 + 3 * (128 + 32);
        assertEquals(8 * 32 * 256 + 4 * 32 * (7 * 256 + attention), plain.task());
        long weights = 256 * (96 + 160) + 96 * 4 * 96 + 128 * 4 * 112 + 256 * 4 * 48 + 3 * 256 * 64 * (8 + 2) + 256 * 8;
        assertEquals(2 * 2 * weights, plain.shared());
        long gram = 2 * 256 * (256 + 256) + 2 * 96 * (96 + 256) + 2 * 128 * (128 + 256) + 2 * 192 * (192 + 256)
                + 8 * 2 * 256 * (256 + 256) + (8 + 1) * 2 * 64 * (64 + 256) + 2 * 128 * (128 + 256) + (26L << 20);
        assertEquals(gram, PassMemory.of(model, 1, 32, StatisticsKind.GRAM).task() - plain.task());
    }

    /** Layers of 256 channels, of which a convolution's projection makes three each; feed-forward of 192. */
    @Test
    void convolutionsMixAFourthOfWhatIsProjected() throws IOException {
        DecoderModel model = DecoderModel.of(Checkpoint.open(new LocalFolder(GeneratedCheckpoint.write("lfm2", folder))));
        StageMemory plain = PassMemory.of(model, 1, 32, StatisticsKind.IMATRIX);
        assertEquals(8 * 32 * 256 + 4 * 32 * (4 * 256 + 4 * 256), plain.task());
        long gram = 3 * 2 * 256 * (256 + 256) + 2 * 192 * (192 + 256) + (26L << 20);
        assertEquals(gram, PassMemory.of(model, 1, 32, StatisticsKind.GRAM).task() - plain.task());
    }
}
