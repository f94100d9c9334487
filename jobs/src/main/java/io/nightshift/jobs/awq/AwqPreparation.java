package io.nightshift.jobs.awq;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.awq.AwqPlan;
import io.nightshift.formats.awq.AwqPlanner;
import io.nightshift.formats.awq.GeneratedFile;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.safetensors.SafetensorsLayout;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.jobs.plan.PlanDigest;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.jobs.rounding.StatisticsReference;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.kernels.quantize.Quantizers;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a job knows before it runs.
 *
 * @param source the checkpoint
 * @param model its linear layers
 * @param statistics of their inputs; null where none are used
 * @param plan of the folder
 * @param digest of everything that the folder's bytes follow from
 */
record AwqPreparation(
        FolderReference source, AwqSource model, StatisticsReference statistics, AwqPlan plan, String digest) {
    /** Raised when the same plan gives other bytes. */
    private static final String BYTES_VERSION = "awq-2";

    private static final ObjectMapper JSON = new ObjectMapper();

    static AwqPreparation of(AwqRequest request, HadoopSettings settings) throws IOException {
        FolderReference source = FolderReference.find(request.model(), settings);
        Checkpoint checkpoint = Checkpoint.open(source.open());
        StatisticsReference statistics = null;
        CalibrationManifest manifest = null;
        if (request.statistics().isPresent()) {
            statistics = new StatisticsReference(FolderReference.find(request.statistics().get(), settings));
            manifest = statistics.manifest();
            if (!manifest.statistics().equals("gram")) {
                throw new InvalidModelException(request.statistics().get() + ": has no Gram matrices, which scales and"
                        + " error feedback come from; run nightshift calibrate with --statistics gram");
            }
        }
        AwqPlan plan = AwqPlanner.plan(
                checkpoint, request.options(), request.maxShardSize(), provenance(request, manifest));
        return new AwqPreparation(
                source, new AwqSource(checkpoint), statistics, plan, digest(plan, source, manifest));
    }

    /** What was done, for the metadata of the output. */
    private static Map<String, String> provenance(AwqRequest request, CalibrationManifest manifest) {
        RoundingOptions rounding = request.rounding();
        Map<String, String> provenance = new LinkedHashMap<>();
        provenance.put("scales", rounding.scaled() ? "awq" : "none");
        if (rounding.scaled()) {
            provenance.put("awq_grid", String.valueOf(rounding.ratios()));
        }
        provenance.put("rounding", rounding.feedback() ? "gptq" : "nearest");
        if (rounding.feedback()) {
            provenance.put("damping", String.valueOf(rounding.damping()));
        }
        if (manifest != null) {
            provenance.put("calibration_sequences", String.valueOf(manifest.sequences()));
            provenance.put("calibration_sequence_length", String.valueOf(manifest.sequenceLength()));
            provenance.put("calibration_tokens_digest", manifest.tokensDigest());
        }
        return provenance;
    }

    private static String digest(AwqPlan plan, FolderReference source, CalibrationManifest manifest)
            throws IOException {
        MessageDigest digest = PlanDigest.sha256();
        PlanDigest.add(digest, BYTES_VERSION);
        PlanDigest.add(digest, Quantizers.BYTES_VERSION);
        for (SafetensorsLayout shard : plan.shards()) {
            PlanDigest.add(digest, shard.file());
            digest.update(shard.header());
        }
        plan.items().forEach(item -> PlanDigest.add(digest, item.toString()));
        for (GeneratedFile file : plan.generated()) {
            PlanDigest.add(digest, file.name());
            digest.update(file.content());
        }
        source.files().forEach(file -> PlanDigest.add(digest, file.toString()));
        // The source's listing has no subfolders.
        plan.copies().stream().filter(file -> file.name().contains("/"))
                .forEach(file -> PlanDigest.add(digest, file.toString()));
        if (manifest != null) {
            digest.update(JSON.writeValueAsBytes(manifest));
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
