package io.nightshift.jobs.awq;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.LinearLayers;
import io.nightshift.formats.awq.AwqOptions;
import io.nightshift.formats.awq.AwqPlan;
import io.nightshift.formats.awq.AwqPlanner;
import io.nightshift.formats.layout.Item;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.jobs.quantize.Chosen;
import io.nightshift.jobs.quantize.InputStatistics;
import io.nightshift.jobs.quantize.LaidOut;
import io.nightshift.jobs.quantize.LaidOut.RowImportance;
import io.nightshift.jobs.quantize.Model;
import io.nightshift.jobs.quantize.Target;
import io.nightshift.jobs.quantize.TargetPlan;
import io.nightshift.jobs.quantize.TargetPlan.Needs;
import io.nightshift.jobs.quantize.Unit;
import io.nightshift.jobs.rounding.NormStorage;
import io.nightshift.jobs.rounding.RoundingOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A folder of integers of four bits in groups, as AutoAWQ or compressed-tensors lay it out.
 *
 * @param options of the format
 * @param rounding how weights become integers
 * @param maxShardSize most bytes of a safetensors file, about
 */
public record AwqTarget(AwqOptions options, RoundingOptions rounding, long maxShardSize) implements Target {
    /** Shard size where the user gives none: 5 GB, as transformers has it. */
    public static final long DEFAULT_SHARD_SIZE = 5_000_000_000L;

    /** Raised when the same plan gives other bytes. */
    private static final String BYTES_VERSION = "awq-3";

    @Override
    public String name() {
        return "awq:w4g" + options.groupSize();
    }

    @Override
    public boolean wantsPrediction() {
        return false;
    }

    @Override
    public List<LinearLayer> layers(Model model) throws IOException {
        return LinearLayers.together(model.linears());
    }

    @Override
    public TargetPlan check(Model model, Optional<InputStatistics> statistics) throws IOException {
        AwqPlan plan = plan(model, statistics);
        List<Unit> units = plan.layout().items()
                .filter(Item.Gathered.class::isInstance)
                .map(item -> (Item.Gathered) item)
                .map(item -> Unit.fixed(item.linear(), item.encoding()))
                .toList();
        return new TargetPlan(rounding.needsStatistics() ? Needs.GRAM : Needs.NOTHING, units, Optional.empty(),
                NormStorage.AS_IN_SOURCE, plan.warnings());
    }

    @Override
    public LaidOut layOut(Model model, Optional<InputStatistics> statistics, Chosen chosen) throws IOException {
        return new LaidOut(plan(model, statistics).layout(), RowImportance.NONE, Map.of());
    }

    private AwqPlan plan(Model model, Optional<InputStatistics> statistics) throws IOException {
        Optional<InputStatistics> used = statistics.filter(known -> rounding.needsStatistics());
        List<String> madeOf = new ArrayList<>(List.of(BYTES_VERSION));
        used.ifPresent(known -> madeOf.add(known.text()));
        return AwqPlanner.plan(model.checkpoint(), model.conversion(), options, rounding.scaled(), maxShardSize,
                provenance(used.map(InputStatistics::manifest)), madeOf);
    }

    /** What was done, for the metadata of the output. */
    private Map<String, String> provenance(Optional<CalibrationManifest> statistics) {
        Map<String, String> provenance = new LinkedHashMap<>();
        provenance.put("scales", rounding.scaled() ? "awq" : "none");
        if (rounding.scaled()) {
            provenance.put("awq_grid", String.valueOf(rounding.ratios()));
        }
        provenance.put("rounding", rounding.feedback() ? "gptq" : "nearest");
        if (rounding.feedback()) {
            provenance.put("damping", String.valueOf(rounding.damping()));
        }
        if (rounding.propagates()) {
            provenance.put("propagate", "quantized");
        }
        statistics.ifPresent(manifest -> {
            provenance.put("calibration_sequences", String.valueOf(manifest.sequences()));
            provenance.put("calibration_sequence_length", String.valueOf(manifest.sequenceLength()));
            provenance.put("calibration_tokens_digest", manifest.tokensDigest());
        });
        return provenance;
    }
}
