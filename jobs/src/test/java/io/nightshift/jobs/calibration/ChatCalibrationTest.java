package io.nightshift.jobs.calibration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.testing.Chats;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.SparkCluster;
import io.nightshift.jobs.testing.StatisticsDigests;
import io.nightshift.jobs.text.Packing;
import io.nightshift.jobs.text.RecordedTokens;
import io.nightshift.jobs.text.TextData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatCalibrationTest {
    @TempDir
    Path folder;

    @Test
    void chatsGiveTheSameStatisticsOnAnyNumberOfCores() throws IOException {
        Path model = Chats.model(folder.resolve("model"), Chats.TEMPLATE);
        Path chats = Chats.write(folder.resolve("chats.jsonl"), 12, 3);
        CalibrateResult one = calibrate(1, model, chats, "one");
        CalibrateResult four = calibrate(4, model, chats, "four");
        assertEquals(StatisticsDigests.of(one), StatisticsDigests.of(four));
        assertEquals("chat", CalibrationManifest.read(new LocalFolder(folder.resolve("one"))).packing());

        RecordedTokens tokens = RecordedTokens.read(
                folder.resolve("one").resolve(CalibrationManifest.TOKENS).toString(), new HadoopSettings(Map.of()));
        assertEquals("chat", tokens.packing());
        // One BOS a conversation, one EOS a turn, each as the token that it is.
        int[] ids = tokens.sequences().sequences().stream().flatMapToInt(IntStream::of).toArray();
        long begins = IntStream.of(ids).filter(id -> id == 1).count();
        long ends = IntStream.of(ids).filter(id -> id == 2).count();
        assertTrue(begins > 1 && Math.abs(ends - 6 * begins) <= 6, begins + " " + ends);

        assertTrue(calibrate(2, model, chats, "one").skipped());
        Files.writeString(model.resolve("chat_template.jinja"), Chats.TEMPLATE.replace("[assistant]", "(assistant)"));
        assertTrue(calibrate(2, model, chats, "one").skipped());
        Files.writeString(model.resolve("chat_template.jinja"), Chats.TEMPLATE.replace("] {{", "] Says {{"));
        assertFalse(calibrate(2, model, chats, "one").skipped());
    }

    @Test
    void refusesBeforeItStarts() throws IOException {
        Path chats = Chats.write(folder.resolve("chats.jsonl"), 1, 1);
        Path bare = Chats.model(folder.resolve("bare"), "");
        Files.delete(bare.resolve("chat_template.jinja"));
        Path config = bare.resolve("tokenizer_config.json");
        Files.writeString(config, Files.readString(config).replace("chat_template", "template"));
        assertRefused("bare: has no chat template", request(bare, chats, Packing.DOCUMENTS, "out"));
        assertRefused("--chat and --packing llama-imatrix exclude each other",
                request(Fixtures.model("llama-spm"), chats, Packing.LLAMA_IMATRIX, "out"));
        Path unknown = Chats.model(folder.resolve("unknown"), "{% include 'other' %}");
        assertRefused("its chat template the tag include is not supported by Nightshift",
                request(unknown, chats, Packing.DOCUMENTS, "out"));
    }

    private static void assertRefused(String message, CalibrateRequest request) {
        InvalidModelException refused = assertThrows(InvalidModelException.class,
                () -> CalibrateJob.plan(request, new HadoopSettings(Map.of()), CalibrateProgress.NONE));
        assertTrue(refused.getMessage().contains(message), refused.getMessage());
    }

    private CalibrateResult calibrate(int cores, Path model, Path chats, String output) throws IOException {
        try (JavaSparkContext spark = SparkCluster.local(cores, Map.of())) {
            return CalibrateJob.plan(request(model, chats, Packing.DOCUMENTS, output), new HadoopSettings(Map.of()),
                    CalibrateProgress.NONE).run(spark);
        }
    }

    private CalibrateRequest request(Path model, Path chats, Packing packing, String output) {
        TextData data = new TextData(List.of(chats.toString()), "messages", OptionalLong.empty(), true);
        CalibrationOptions options = new CalibrationOptions(
                data, packing, OptionalInt.of(9), 64, 4, StatisticsKind.IMATRIX, 32, false);
        return new CalibrateRequest(model.toString(), folder.resolve(output).toString(), Optional.empty(), options,
                Optional.empty(), false);
    }
}
