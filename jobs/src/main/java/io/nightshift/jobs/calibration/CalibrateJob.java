package io.nightshift.jobs.calibration;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.safetensors.SafetensorsLayout;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.formats.safetensors.TensorSpec;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.jobs.forward.GroupPass;
import io.nightshift.jobs.forward.ModelReference;
import io.nightshift.jobs.forward.SourceModel;
import io.nightshift.jobs.forward.TaskFailures;
import io.nightshift.jobs.forward.WorkFolder;
import io.nightshift.jobs.output.OutputFolder;
import io.nightshift.jobs.output.SharedFolderCheck;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageException;
import io.nightshift.jobs.storage.StorageLocation;
import io.nightshift.jobs.text.Documents;
import io.nightshift.jobs.text.TextDigest;
import io.nightshift.jobs.text.TokenSequences;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Runs a checkpoint once over texts and leaves statistics of what its linear layers read. The manifest is written last:
 * a folder without it is incomplete.
 */
public final class CalibrateJob {
    private final CalibrateRequest request;
    private final HadoopSettings settings;
    private final CalibrateProgress progress;
    private final SourceModel source;

    private CalibrateJob(
            CalibrateRequest request, HadoopSettings settings, CalibrateProgress progress, SourceModel source) {
        this.request = request;
        this.settings = settings;
        this.progress = progress;
        this.source = source;
    }

    /**
     * Reads the headers of the checkpoint and checks the request. Needs no Spark.
     *
     * @throws InvalidModelException if the request or the checkpoint cannot be used
     * @throws IOException if the checkpoint cannot be read
     */
    public static CalibrateJob plan(CalibrateRequest request, HadoopSettings settings, CalibrateProgress progress)
            throws IOException {
        SourceModel source =
                SourceModel.open(request.model(), request.preTokenizer(), settings, progress::warning);
        source.requireLength("--sequence-length", request.options().sequenceLength());
        if (request.options().routeAllExperts() && source.decoder().experts() == 0) {
            throw new InvalidModelException("--route-all-experts has no effect: " + request.model()
                    + " has no experts");
        }
        return new CalibrateJob(request, settings, progress, source);
    }

    /**
     * Runs the pass, unless the same statistics are there already.
     *
     * @throws InvalidModelException if there is no usable text, or the tokenizer does not match the model
     * @throws IOException if reading, writing or a task failed
     */
    public CalibrateResult run(JavaSparkContext spark) throws IOException {
        long start = System.nanoTime();
        CalibrationOptions options = request.options();
        OutputFolder output = OutputFolder.open(request.output(), settings);
        Documents documents = Documents.open(options.data(), settings, spark);
        TokenSequences sequences =
                source.sequences(documents, options.packing(), options.sequenceLength(), options.sampleLimit());
        if (options.samples().orElse(sequences.sequences().size()) > sequences.sequences().size()) {
            progress.warning("the data gives " + sequences.sequences().size() + " sequences, where "
                    + options.samples().getAsInt() + " were asked for");
        }
        CalibrationManifest planned = manifest(documents, sequences, source.digest(spark));
        if (!request.overwrite() && existing().filter(found -> isSame(found, planned)).isPresent()) {
            progress.skipped(request.output());
            return new CalibrateResult(request.output(), true, sequences.tokens(), planned.sequences(),
                    planned.groups(), 0, 0, 0, 0, List.of(), List.of(), 0);
        }
        requireShared(output, spark);
        output.delete(CalibrationManifest.FILE);
        ModelReference model = ModelReference.of(source.decoder(), source.folder());
        String work = request.work().orElse(request.output() + "/.nightshift-work");
        try (WorkFolder folder = WorkFolder.create(work, settings, spark)) {
            CalibrationPass pass = new CalibrationPass(
                    spark, model, options, output, folder, planDigest(planned), progress);
            pass.run(sequences.sequences());
            return finish(spark, output, planned, sequences, pass, start);
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) { // Scala throws checked exceptions without saying so.
            throw TaskFailures.explain(e);
        } finally {
            GroupPass.release(List.of(model));
        }
    }

    private CalibrateResult finish(
            JavaSparkContext spark,
            OutputFolder output,
            CalibrationManifest planned,
            TokenSequences sequences,
            CalibrationPass pass,
            long start)
            throws IOException {
        String plan = planDigest(planned);
        byte[] imatrix = pass.imatrix().toBytes(planned.data(), planned.sequences(), planned.sequenceLength());
        byte[] tokens = tokens(sequences);
        output.write(CalibrationManifest.IMATRIX, plan, imatrix);
        output.write(CalibrationManifest.TOKENS, plan, tokens);
        pass.tables().write(StorageLocation.parse(request.output()), spark);
        CalibrationManifest manifest = new CalibrationManifest(
                planned.format(),
                planned.version(),
                planned.model(),
                planned.modelDigest(),
                planned.data(),
                planned.dataDigest(),
                planned.tokensDigest(),
                planned.packing(),
                planned.sequences(),
                planned.sequenceLength(),
                planned.groups(),
                planned.statistics(),
                planned.gramBlock(),
                planned.routeAllExperts(),
                planned.minExpertTokens(),
                new TextDigest().add(imatrix).hexadecimal(),
                pass.inputs());
        byte[] json = manifest.toJson();
        output.write(CalibrationManifest.FILE, plan, json);
        double seconds = (System.nanoTime() - start) * 1e-9;
        return new CalibrateResult(
                request.output(),
                false,
                sequences.tokens(),
                planned.sequences(),
                planned.groups(),
                seconds,
                sequences.tokens() / seconds,
                pass.layers().stream().mapToLong(CalibrateResult.Layer::bytesRead).sum(),
                pass.bytesWritten() + imatrix.length + tokens.length + json.length,
                pass.layers(),
                pass.executors(),
                pass.expertsWithFewTokens());
    }

    private CalibrationManifest manifest(Documents documents, TokenSequences sequences, String modelDigest)
            throws IOException {
        CalibrationOptions options = request.options();
        List<String> names = documents.paths().stream()
                .map(path -> path.substring(path.lastIndexOf('/') + 1))
                .toList();
        int count = sequences.sequences().size();
        return new CalibrationManifest(
                CalibrationManifest.FORMAT,
                CalibrationManifest.VERSION,
                source.name(),
                modelDigest,
                names,
                sequences.dataDigest(),
                sequences.digest(),
                options.packing().optionName(),
                count,
                sequences.length(),
                Math.min(options.groups(), count),
                options.statistics().name().toLowerCase(java.util.Locale.ROOT),
                StatisticsCollector.BLOCK,
                options.routeAllExperts(),
                options.minExpertTokens(),
                "",
                List.of());
    }

    private Optional<CalibrationManifest> existing() throws IOException {
        try {
            ModelFolder folder = FolderReference.find(request.output(), settings).open();
            return Optional.of(CalibrationManifest.read(folder));
        } catch (StorageException | InvalidModelException e) {
            // Not there, incomplete or of another version: it is made anew.
            return Optional.empty();
        }
    }

    /** Whether two manifests say that the same is summed up in the same order. */
    private static boolean isSame(CalibrationManifest found, CalibrationManifest planned) {
        return planDigest(found).equals(planDigest(planned));
    }

    private static String planDigest(CalibrationManifest manifest) {
        return new TextDigest()
                .add(manifest.modelDigest())
                .add(manifest.tokensDigest())
                .add(manifest.statistics())
                .add(manifest.groups() + " " + manifest.gramBlock() + " " + manifest.routeAllExperts() + " "
                        + manifest.minExpertTokens() + " " + manifest.version())
                .hexadecimal();
    }

    private void requireShared(OutputFolder output, JavaSparkContext spark) throws IOException {
        if (output.localPath().isPresent()) {
            SharedFolderCheck.requireShared(output.localPath().get(), spark);
        }
    }

    private static byte[] tokens(TokenSequences sequences) {
        List<Long> shape = List.of((long) sequences.sequences().size(), (long) sequences.length());
        SafetensorsLayout layout = SafetensorsLayout.of(
                CalibrationManifest.TOKENS,
                Map.of("digest", sequences.digest()),
                List.of(new TensorSpec("tokens", SafetensorsType.I32, shape)));
        ByteBuffer file = ByteBuffer.allocate(Math.toIntExact(layout.length())).put(layout.header());
        sequences.sequences().forEach(sequence -> file.put(TokenSequences.bytes(sequence)));
        return file.array();
    }
}
