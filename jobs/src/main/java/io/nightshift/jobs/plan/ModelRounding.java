package io.nightshift.jobs.plan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.LinearLayers;
import io.nightshift.formats.architecture.ModelConversion;
import io.nightshift.formats.architecture.ScaleGroup;
import io.nightshift.formats.architecture.ScaleGroups;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.formats.types.AssignedType;
import io.nightshift.formats.types.FileType;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.rounding.BlockLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How the linear layers of a model are scaled and rounded: those of its decoder layers and the output projection, where that
 * has a matrix of its own. A matrix that embedding and output projection share is left to llama-quantize's ways: rows that
 * are looked up must come back as they are, so that neither scales nor errors of other columns belong in them.
 */
public final class ModelRounding {
    private static final String KEY = "quantize.nightshift.";

    /** Raised when the same options and statistics give other bytes. */
    private static final String BYTES_VERSION = "gguf-rounding-2";
    private static final String OUTPUT = "output.weight";
    private static final String OUTPUT_NORM = "output_norm.weight";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final RoundingOptions options;
    private final CalibrationManifest manifest;
    private final ModelConversion conversion;
    private final List<LinearLayer> ofLayers;
    private final Optional<LinearLayer> output;
    private final Map<String, List<LinearLayer>> byTensor = new LinkedHashMap<>();

    /**
     * The linear layers of a model.
     *
     * @param options what is done
     * @param manifest of the statistics that it follows from
     * @param conversion the model
     * @throws InvalidModelException if the statistics have no Gram matrices
     */
    public ModelRounding(RoundingOptions options, CalibrationManifest manifest, ModelConversion conversion) {
        if (manifest.statistics() != StatisticsKind.GRAM) {
            throw new InvalidModelException("the statistics of " + manifest.model() + " have no Gram matrices, which scales"
                    + " and error feedback come from; run nightshift calibrate with --statistics gram");
        }
        this.options = options;
        this.manifest = manifest;
        this.conversion = conversion;
        this.ofLayers = LinearLayers.of(conversion);
        this.output = find(OUTPUT).map(rows -> new LinearLayer(
                module(rows), OUTPUT, LinearLayer.NO_LAYER, LinearLayer.NO_EXPERT, rows));
        ofLayers.forEach(linear -> byTensor.computeIfAbsent(linear.tensor(), name -> new ArrayList<>()).add(linear));
        output.ifPresent(linear -> byTensor.put(OUTPUT, List.of(linear)));
    }

    private Optional<SourceRows> find(String tensor) {
        return conversion.tensors().stream()
                .filter(recipe -> recipe.name().equals(tensor))
                .map(recipe -> ((TensorRecipe.Stored) recipe.content()).parts().get(0))
                .findFirst();
    }

    private static String module(SourceRows rows) {
        String name = rows.tensor().name();
        return name.endsWith(".weight") ? name.substring(0, name.length() - ".weight".length()) : name;
    }

    /** What is done. */
    public RoundingOptions options() {
        return options;
    }

    /** The linear layers that a tensor is, by expert; none for other tensors. */
    public List<LinearLayer> linears(String tensor) {
        return byTensor.getOrDefault(tensor, List.of());
    }

    /** Whether a tensor of a target is a linear layer that is rounded. */
    public boolean rounds(String tensor, GgmlType type) {
        return type.isQuantized() && linears(tensor).stream().anyMatch(linear -> !linear.router());
    }

    /**
     * The groups of a target whose channels can be scaled, layer by layer; the output projection's last.
     *
     * @param tensors of the model
     * @param target what they become
     */
    public List<ScaleGroup> scaleGroups(List<TensorRecipe> tensors, GgufTarget target) {
        Map<String, GgmlType> types = types(tensors, target.types());
        List<ScaleGroup> groups = new ArrayList<>(ScaleGroups.of(
                conversion, ofLayers, linear -> types.get(linear.tensor()).isQuantized()));
        output.filter(linear -> types.get(OUTPUT).isQuantized())
                .flatMap(linear -> find(OUTPUT_NORM).map(norm ->
                        new ScaleGroup(-1, -1, OUTPUT_NORM, norm, 0,
                                Math.toIntExact(linear.inputs()), 1, List.of(linear), List.of())))
                .ifPresent(groups::add);
        return groups;
    }

    private static Map<String, GgmlType> types(List<TensorRecipe> tensors, List<AssignedType> types) {
        Map<String, GgmlType> byName = new LinkedHashMap<>();
        for (int i = 0; i < tensors.size(); i++) {
            byName.put(tensors.get(i).name(), types.get(i).type());
        }
        return byName;
    }

    /**
     * Refuses a target that could not be made so, or would be the same without.
     *
     * @throws InvalidModelException if no linear layer is quantized, or one becomes a type without a grid
     */
    void require(FileType fileType, List<TensorRecipe> tensors, List<AssignedType> types) {
        boolean any = false;
        for (int i = 0; i < tensors.size(); i++) {
            GgmlType type = types.get(i).type();
            String tensor = tensors.get(i).name();
            if (rounds(tensor, type)) {
                any = true;
                if (options.feedback() && !BlockLayout.supports(type)) {
                    throw new InvalidModelException("--rounding gptq: " + tensor + " of gguf:" + fileType + " becomes " + type
                            + ", whose weights cannot be rounded one by one; leave the option out, or choose another type,"
                            + " such as Q2_K or IQ4_XS");
                }
            }
        }
        if (!any) {
            throw new InvalidModelException((options.scaled() ? "--scales awq" : "--rounding gptq") + " has no effect on gguf:"
                    + fileType + ": none of its linear layers is quantized; make it by a command of its own");
        }
    }

    /** Adds what was done. Keys that llama-quantize does not have, behind those that it has. */
    GgufMetadata addTo(GgufMetadata metadata) {
        metadata.text(KEY + "scales", options.scaled() ? "awq" : "none");
        if (options.scaled()) {
            metadata.uint32(KEY + "awq_grid", options.ratios());
        }
        metadata.text(KEY + "rounding", options.feedback() ? "gptq" : "nearest");
        if (options.feedback()) {
            metadata.float32(KEY + "damping", (float) options.damping());
        }
        metadata.uint32(KEY + "calibration_sequences", manifest.sequences());
        metadata.uint32(KEY + "calibration_sequence_length", manifest.sequenceLength());
        return metadata.text(KEY + "calibration_tokens_digest", manifest.tokensDigest());
    }

    /** Changes when an option or the statistics do, or what is made of them. */
    String digest() {
        try {
            return BYTES_VERSION + " " + options + " " + JSON.writeValueAsString(manifest);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a manifest is JSON", e);
        }
    }
}
