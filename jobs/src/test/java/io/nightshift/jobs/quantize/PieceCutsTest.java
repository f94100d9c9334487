package io.nightshift.jobs.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.layout.Item;
import io.nightshift.formats.layout.LaidOutFile;
import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.types.FileType;
import io.nightshift.jobs.calibration.CalibrateJob;
import io.nightshift.jobs.calibration.CalibrateProgress;
import io.nightshift.jobs.calibration.CalibrateRequest;
import io.nightshift.jobs.calibration.CalibrationOptions;
import io.nightshift.jobs.gguf.GgufTarget;
import io.nightshift.jobs.gguf.ImportanceOptions;
import io.nightshift.jobs.output.OutputFolder;
import io.nightshift.jobs.output.Part;
import io.nightshift.jobs.output.PartReceipt;
import io.nightshift.jobs.output.PartSink;
import io.nightshift.jobs.output.PartWriter;
import io.nightshift.jobs.quantize.PartInput.Segment;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.Progress;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.SparkCluster;
import io.nightshift.jobs.testing.Texts;
import io.nightshift.jobs.text.Packing;
import io.nightshift.jobs.text.TextData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pieces far smaller than a job would cut: they begin and end within layers and experts. */
class PieceCutsTest {
    private static final String MODEL = "mixtral-moe";
    private static final HadoopSettings SETTINGS = new HadoopSettings(Map.of());

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"Q3_K_M, 37", "Q4_0, 300", "Q2_K_S, 1000"})
    void importanceMakesTheSameBytesWhereverPiecesAreCut(FileType type, long rows) throws IOException {
        Path matrix = Fixtures.imatrix(MODEL);
        GgufTarget target = GgufTarget.of(type)
                .with(new ImportanceOptions(List.of(matrix.toString()), List.of(), List.of()));
        QuantizeRequest request =
                QuantizeRequest.of(Fixtures.model(MODEL).toString(), List.of(target), folder.resolve("out").toString());
        QuantizeJob job = QuantizeJob.plan(request, SETTINGS, Progress.NONE);
        try (TargetRun run = run(null, request, job, Optional.empty())) {
            TargetRun.Prepared prepared = run.prepare(job.targets());
            List<byte[]> made = make(prepared, rows);
            // The name of the matrix' file stands in the header, and is another one here.
            byte[] header = prepared.outputs().get(0).laidOut().layout().files().get(0).header();
            assertEquals(goldenData(type), Fixtures.sha256(
                    Arrays.copyOfRange(made.get(0), header.length, made.get(0).length)));
            for (PartInput input : inputs(prepared, rows, made)) {
                for (Segment segment : input.segments()) {
                    requireNoMoreThanNeeded(segment);
                }
            }
        }
    }

    private String goldenData(FileType type) throws IOException {
        Path whole = folder.resolve("whole");
        Path matrix = Fixtures.imatrix(MODEL);
        GgufTarget target = GgufTarget.of(type)
                .with(new ImportanceOptions(List.of(matrix.toString()), List.of(), List.of()));
        QuantizeJob job = QuantizeJob.plan(
                QuantizeRequest.of(Fixtures.model(MODEL).toString(), List.of(target), whole.toString()), SETTINGS,
                Progress.NONE);
        try (JavaSparkContext spark = SparkCluster.local(1, Map.of())) {
            job.run(spark);
        }
        byte[] file = Files.readAllBytes(whole.resolve(MODEL + "-" + type + ".gguf"));
        int header = job.targets().get(0).laidOut().orElseThrow().layout().files().get(0).header().length;
        return Fixtures.sha256(Arrays.copyOfRange(file, header, file.length));
    }

    private static void requireNoMoreThanNeeded(Segment segment) {
        float[] values = segment.works().get(0).treatment().importance().values();
        if (values != null) {
            Item.Rows item = (Item.Rows) segment.first();
            long perExpert = item.tensor().rowsPerExpert();
            long experts = (segment.to() - 1) / perExpert - segment.from() / perExpert + 1;
            assertEquals(experts * item.tensor().columns(), values.length, item.name());
        }
    }

    @Test
    void scalesAndFeedbackMakeTheSameBytesWhereverPiecesAreCut() throws IOException {
        RoundingOptions both = new RoundingOptions(true, 3, true, 0.001);
        QuantizeRequest request = QuantizeRequest.of(Fixtures.model(MODEL).toString(),
                        List.of(GgufTarget.of(FileType.Q3_K_M).with(both), GgufTarget.of(FileType.Q4_0).with(both)),
                        folder.resolve("out").toString())
                .with(new StatisticsSource.Folder(folder.resolve("stats").toString()));
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            calibrate(spark);
            QuantizeJob job = QuantizeJob.plan(request, SETTINGS, Progress.NONE);
            try (TargetRun run = run(spark, request, job, job.statistics())) {
                TargetRun.Prepared prepared = run.prepare(job.targets());
                List<String> expected = null;
                for (long rows : new long[] {100_000, 37, 300}) {
                    List<String> made = make(prepared, rows).stream().map(Fixtures::sha256).toList();
                    expected = expected == null ? made : expected;
                    assertEquals(expected, made, rows + " rows a piece");
                }
            }
        }
        // Nothing was committed: the scales are kept for a run that goes on, and nothing else is left.
        assertEquals(List.of(), Fixtures.files(folder.resolve("out")).stream()
                .filter(file -> !file.toString().matches(".*/\\.nightshift-work/kept-[^/]+/\\.?scales-\\d+(\\.crc)?"))
                .toList());
    }

    private static TargetRun run(JavaSparkContext spark, QuantizeRequest request, QuantizeJob job,
            Optional<InputStatistics> statistics) throws IOException {
        return new TargetRun(spark, request, SETTINGS, Progress.NONE, job.model(), statistics,
                OutputFolder.open(request.output(), SETTINGS));
    }

    private static List<byte[]> make(TargetRun.Prepared prepared, long rows) throws IOException {
        List<byte[]> files = new ArrayList<>();
        prepared.outputs().forEach(output ->
                files.add(new byte[(int) output.laidOut().layout().files().get(0).length()]));
        int losses = 0;
        for (PartInput input : inputs(prepared, rows, files)) {
            PartResult result = PartTask.run(input, List.of(), new LocalFolder(Fixtures.model(MODEL)),
                    prepared.factors().orElse(null), 0);
            losses += result.losses().size();
        }
        assertTrue(prepared.factors().isEmpty() || losses >= 2 * (3 * 28 + 1), losses + " losses");
        return files;
    }

    /** Pieces of so many rows. */
    private static List<PartInput> inputs(TargetRun.Prepared prepared, long rows, List<byte[]> contents) {
        List<LaidOutFile> files = prepared.outputs().stream()
                .map(output -> output.laidOut().layout().files().get(0))
                .toList();
        long[] position = new long[files.size()];
        List<PartInput> inputs = new ArrayList<>();
        for (int item = 0; item < files.get(0).items().size(); item++) {
            long units = files.get(0).items().get(item).units();
            for (long from = 0; from < units; from += rows) {
                long to = Math.min(units, from + rows);
                List<PartInput.Output> outputs = new ArrayList<>();
                List<PartInput.Work> works = new ArrayList<>();
                for (int i = 0; i < files.size(); i++) {
                    Item of = files.get(i).items().get(item);
                    byte[] header = inputs.isEmpty() ? files.get(i).header() : new byte[0];
                    long length = header.length + (to - from) * of.unitBytes() + (to == units ? of.padding() : 0);
                    outputs.add(new PartInput.Output(i, 0, new Part(inputs.size(), position[i], length),
                            new MemorySink(contents.get(i)), header));
                    position[i] += length;
                    works.add(prepared.outputs().get(i).work(of, from, to));
                }
                inputs.add(new PartInput(outputs, List.of(new Segment(from, to, item, works))));
            }
        }
        return inputs;
    }

    private void calibrate(JavaSparkContext spark) throws IOException {
        List<String> documents = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            documents.add(Texts.document(i, 90));
        }
        Path data = Texts.writeJsonLines(folder.resolve("data/texts.jsonl"), documents);
        CalibrationOptions options = new CalibrationOptions(
                new TextData(List.of(data.toString()), "text", OptionalLong.empty()),
                Packing.DOCUMENTS, OptionalInt.of(6), 64, 4, StatisticsKind.GRAM, 8, false);
        CalibrateRequest request = new CalibrateRequest(Fixtures.model(MODEL).toString(),
                folder.resolve("stats").toString(), Optional.empty(), options, Optional.empty(), false);
        CalibrateJob.plan(request, HadoopSettings.of(spark.hadoopConfiguration()), CalibrateProgress.NONE).run(spark);
    }

    /** A file in memory. */
    private record MemorySink(byte[] content) implements PartSink {
        @Override
        public PartWriter open(Part part, int attempt) {
            return new PartWriter() {
                private int length;

                @Override
                public void write(byte[] bytes, int offset, int count) {
                    System.arraycopy(bytes, offset, content, (int) part.position() + length, count);
                    length += count;
                }

                @Override
                public PartReceipt finish() {
                    assertEquals(part.length(), length);
                    return new PartReceipt(part, attempt, new byte[0], 0);
                }

                @Override
                public void close() {}
            };
        }
    }
}
