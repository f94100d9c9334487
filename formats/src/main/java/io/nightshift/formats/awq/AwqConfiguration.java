package io.nightshift.formats.awq;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.LinearLayers;
import io.nightshift.formats.architecture.ModelConversion;
import io.nightshift.formats.architecture.SourceNames;
import io.nightshift.formats.architecture.TensorRecipe.Stored;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.storage.JsonFile;
import java.io.IOException;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The {@code config.json} of an AWQ folder: the source's, with the {@code quantization_config} that loaders look for
 * (AutoAWQ, models/_config.py, to_transformers_dict; compressed-tensors, quantization/quant_config.py).
 */
final class AwqConfiguration {
    private static final List<String> TYPE_KEYS = List.of("torch_dtype", "dtype");

    /** The part of a multimodal model that a tensor belongs to. */
    private static final Pattern PART = Pattern.compile("(?:model\\.)?([^.]+)\\..*");

    private final Checkpoint checkpoint;
    private final ModelConversion conversion;
    private final AwqOptions options;

    AwqConfiguration(Checkpoint checkpoint, ModelConversion conversion, AwqOptions options) {
        this.checkpoint = checkpoint;
        this.conversion = conversion;
        this.options = options;
    }

    /**
     * The file.
     *
     * @param leftOut linear layers of the decoder that are not quantized, routers among them
     * @param provenance what Nightshift did: goes under the key {@code nightshift}
     */
    byte[] write(List<LinearLayer> leftOut, Map<String, String> provenance) throws IOException {
        ObjectNode config = JsonFile.object(checkpoint.folder(), "config.json");
        if (options.format() == AwqFormat.GEMM) {
            setHalfPrecision(config);
            config.set("quantization_config", gemm(config, leftOut));
        } else {
            config.set("quantization_config", compressedTensors(config, leftOut));
        }
        if (!provenance.isEmpty()) {
            ObjectNode nightshift = config.putObject("nightshift");
            provenance.forEach(nightshift::put);
        }
        return JsonFile.bytes(config);
    }

    /**
     * AWQ kernels compute in half precision and keep scales in the model's type: in bfloat16 the scales would lose
     * three bits. Gemma's activations do not fit half precision, so its type stays.
     */
    private void setHalfPrecision(ObjectNode config) {
        if (conversion.architecture().name().startsWith("gemma")) {
            return;
        }
        boolean known = false;
        for (String key : TYPE_KEYS) {
            if (config.has(key)) {
                config.put(key, "float16");
                known = true;
            }
        }
        if (!known) {
            config.put(TYPE_KEYS.get(0), "float16");
        }
    }

    private ObjectNode gemm(ObjectNode config, List<LinearLayer> leftOut) {
        ObjectNode quantization = config.objectNode();
        quantization.put("quant_method", "awq");
        quantization.put("bits", 4);
        quantization.put("group_size", options.groupSize());
        // The layout has zero points even where all of them are 8, and loaders have no kernel for it without.
        quantization.put("zero_point", true);
        quantization.put("version", "gemm");
        Set<String> modules = new LinkedHashSet<>();
        modules.add("lm_head");
        otherParts().forEach(part -> {
            modules.add(part);
            modules.add("model." + part);
        });
        expertsLeftOut(leftOut).forEach(modules::add);
        leftOut.stream().flatMap(this::names).forEach(modules::add);
        addAll(quantization.putArray("modules_to_not_convert"), modules);
        return quantization;
    }

    /** A layer's name in the checkpoint, and the one that vLLM asks for, which is the same for most. */
    private Stream<String> names(LinearLayer linear) {
        return Stream.of(linear.module(), VllmNames.of(linear.module(), conversion));
    }

    /** vLLM asks for all experts of a layer at once, by the name of what holds them. */
    private static Set<String> expertsLeftOut(List<LinearLayer> leftOut) {
        Set<String> holders = new LinkedHashSet<>();
        leftOut.stream()
                .filter(linear -> linear.expert() >= 0)
                .map(linear -> linear.module().substring(0, linear.module().lastIndexOf("." + linear.expert() + ".")))
                .forEach(holders::add);
        return holders;
    }

    private ObjectNode compressedTensors(ObjectNode config, List<LinearLayer> leftOut) {
        boolean wholeRows = options.groupSize() == AwqOptions.WHOLE_ROWS;
        ObjectNode quantization = config.objectNode();
        ObjectNode group = quantization.putObject("config_groups").putObject("group_0");
        group.put("format", "pack-quantized");
        group.putNull("input_activations");
        group.putNull("output_activations");
        group.putArray("targets").add("Linear");
        ObjectNode weights = group.putObject("weights");
        weights.putNull("actorder");
        weights.putNull("block_structure");
        weights.put("dynamic", false);
        if (wholeRows) {
            weights.putNull("group_size");
        } else {
            weights.put("group_size", options.groupSize());
        }
        weights.put("num_bits", 4);
        weights.put("observer", "minmax");
        weights.putObject("observer_kwargs");
        weights.put("strategy", wholeRows ? "channel" : "group");
        weights.put("symmetric", options.symmetric());
        weights.put("type", "int");
        quantization.put("format", "pack-quantized");
        quantization.putNull("global_compression_ratio");
        Set<String> ignored = new LinkedHashSet<>();
        ignored.add("lm_head");
        Set<String> parts = otherParts();
        if (!parts.isEmpty()) {
            ignored.add("re:.*lm_head");
        }
        parts.forEach(part -> ignored.add("re:.*" + part + ".*"));
        leftOut.stream().flatMap(this::names).forEach(ignored::add);
        addAll(quantization.putArray("ignore"), ignored);
        quantization.putNull("kv_cache_scheme");
        quantization.put("quant_method", "compressed-tensors");
        quantization.put("quantization_status", "compressed");
        return quantization;
    }

    /**
     * What a model has besides its decoder layers: the vision tower, the projector, what makes inputs for all layers, blocks
     * behind the last layer. No other layer's number begins with theirs, for theirs are the largest.
     */
    private Set<String> otherParts() {
        Set<String> parts = new TreeSet<>();
        LinearLayers.ofPerLayerInputs(conversion)
                .ifPresent(module -> parts.add(module.substring(module.lastIndexOf('.') + 1)));
        Set<String> others = new HashSet<>(conversion.leftOut());
        long layers = LinearLayers.decoderLayers(conversion);
        conversion.tensors().stream()
                .filter(tensor -> tensor.layer() >= layers && tensor.content() instanceof Stored)
                .flatMap(tensor -> ((Stored) tensor.content()).parts().stream())
                .forEach(rows -> others.add(rows.tensor().name()));
        for (SafetensorsTensor tensor : checkpoint.tensors()) {
            OptionalInt layer = SourceNames.layerOfSource(tensor.name());
            Matcher part = PART.matcher(tensor.name());
            if (tensor.shape().size() > 1 && layer.isPresent()) {
                if (layer.getAsInt() >= layers) {
                    parts.add("layers." + layer.getAsInt());
                }
            } else if (others.contains(tensor.name()) && tensor.shape().size() > 1 && part.matches()
                    && !part.group(1).equals("lm_head")) {
                parts.add(part.group(1));
            }
        }
        return parts;
    }

    private static void addAll(ArrayNode array, Set<String> values) {
        values.forEach(array::add);
    }
}
