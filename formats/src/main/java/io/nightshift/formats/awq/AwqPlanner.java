package io.nightshift.formats.awq;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Printable;
import io.nightshift.formats.architecture.FloatTensors;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.LinearLayers;
import io.nightshift.formats.architecture.ModelConversion;
import io.nightshift.formats.architecture.Role;
import io.nightshift.formats.architecture.SourceNames;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.layout.DraftItem;
import io.nightshift.formats.layout.GeneratedFile;
import io.nightshift.formats.layout.Item;
import io.nightshift.formats.layout.OutputLayout;
import io.nightshift.formats.layout.ShardedItems;
import io.nightshift.formats.layout.SourceFiles;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.formats.safetensors.TensorSpec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Plans an AWQ folder from a checkpoint's headers: each tensor of the checkpoint is packed, or stays. Experts that a
 * checkpoint keeps in one tensor get a tensor each, under the names that loaders of AWQ folders look for.
 */
public final class AwqPlanner {
    /**
     * Layers whose groups keep their limits, as in AutoAWQ: what is lost of queries and keys goes through a softmax,
     * where the loss of the layer's own output says little. A fused matrix holds both.
     */
    private static final Set<Role> NEVER_CLIPPED = Set.of(Role.QUERY, Role.KEY, Role.QUERY_KEY_VALUE, Role.QUERY_COMPRESSION,
            Role.QUERY_DECOMPRESSION, Role.COMPRESSION, Role.DECOMPRESSION);

    private static final String BIAS_OF_EXPERTS = "_exps.bias";

    private final Checkpoint checkpoint;
    private final ModelConversion conversion;
    private final AwqOptions options;
    private final boolean clipped;
    private final List<DraftItem> drafts = new ArrayList<>();

    private AwqPlanner(Checkpoint checkpoint, ModelConversion conversion, AwqOptions options, boolean clipped) {
        this.checkpoint = checkpoint;
        this.conversion = conversion;
        this.options = options;
        this.clipped = clipped && options.groupSize() != AwqOptions.WHOLE_ROWS;
    }

    /**
     * Plans an output.
     *
     * @param conversion of the same checkpoint
     * @param clipped whether groups may be clipped where statistics say that it pays
     * @param maxShardSize most bytes of tensors in a shard; a linear layer that takes more has a shard to itself
     * @param provenance what is done to the weights, for the metadata of the output: names and values
     * @param madeOf what the bytes follow from besides
     * @throws InvalidModelException if a layer cannot be packed, or a name that is to be left out fits none; the message
     *     names tensor and option
     * @throws IOException if the checkpoint's folder cannot be read
     */
    public static AwqPlan plan(Checkpoint checkpoint, ModelConversion conversion, AwqOptions options, boolean clipped,
            long maxShardSize, Map<String, String> provenance, List<String> madeOf) throws IOException {
        return new AwqPlanner(checkpoint, conversion, options, clipped).plan(maxShardSize, provenance, madeOf);
    }

    private AwqPlan plan(long maxShardSize, Map<String, String> provenance, List<String> madeOf) throws IOException {
        List<LinearLayer> linears = LinearLayers.together(LinearLayers.of(conversion));
        ModulesLeftOut leftOut =
                new ModulesLeftOut(linears, conversion.architecture().linearGroups(), options.leftOut());
        List<LinearLayer> packed = linears.stream().filter(linear -> !leftOut.contains(linear)).toList();
        if (packed.isEmpty()) {
            throw new InvalidModelException(AwqOptions.LEAVE_OUT_OPTION + " leaves out every linear layer of "
                    + checkpoint.folder().location());
        }
        draft(linears, leftOut);

        ShardedItems items = ShardedItems.of(drafts, maxShardSize, metadata(provenance));
        List<GeneratedFile> generated = new ArrayList<>();
        items.index().ifPresent(generated::add);
        generated.add(new GeneratedFile("config.json", new AwqConfiguration(checkpoint, conversion, options)
                .write(linears.stream().filter(leftOut::contains).flatMap(linear -> linear.apart().stream()).toList(),
                        provenance)));
        OutputLayout layout = new OutputLayout(checkpoint.folder().name() + "-AWQ", items.files(),
                SourceFiles.copied(checkpoint.folder()), List.copyOf(generated), madeOf);
        List<String> warnings = new ArrayList<>(
                new ParallelShapes(checkpoint.config(), conversion, options).warnings(packed));
        warnings.addAll(SourceFiles.warnings(checkpoint.folder()));
        Set<String> dropped = LinearLayers.neverRead(conversion);
        if (!dropped.isEmpty()) {
            warnings.add(dropped.size() + " tensors are not in the output, as no loader reads them: their layers share keys and"
                    + " values of earlier ones (" + dropped.iterator().next() + " and others)");
        }
        return new AwqPlan(items.shards(), layout, List.copyOf(warnings));
    }

    private static Map<String, String> metadata(Map<String, String> provenance) {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("format", "pt");
        provenance.forEach((key, value) -> metadata.put("nightshift." + key, value));
        return metadata;
    }

    private void draft(List<LinearLayer> linears, ModulesLeftOut leftOut) {
        conversion.tensors().stream().filter(tensor -> tensor.name().endsWith(BIAS_OF_EXPERTS)).findFirst().ifPresent(bias -> {
            throw new InvalidModelException(checkpoint.folder().location() + ": its experts have biases (" + bias.name()
                    + "), and no loader of AWQ folders reads such experts: vLLM and transformers read those of gpt-oss"
                    + " unquantized or in MXFP4; choose gguf");
        });
        checkpoint.tensors().stream().filter(tensor -> tensor.type() == SafetensorsType.F64).findFirst().ifPresent(tensor -> {
            throw new InvalidModelException(checkpoint.folder().location() + ": tensor " + Printable.name(tensor.name())
                    + " is of type F64, which an AWQ folder would keep and no loader runs; save the checkpoint in BF16"
                    + " or F16 first");
        });
        Set<String> done = linears.stream().map(linear -> linear.source().tensor().name()).collect(Collectors.toSet());
        // Beside quantized queries vLLM would refuse keys as they are: it fuses them.
        done.addAll(LinearLayers.neverRead(conversion));
        for (LinearLayer linear : linears) {
            if (leftOut.contains(linear)) {
                linear.apart().forEach(this::keep);
            } else {
                drafts.add(pack(linear));
            }
        }
        for (SourceRows rows : FloatTensors.of(checkpoint)) {
            SafetensorsTensor tensor = rows.tensor();
            if (!done.contains(tensor.name()) && !SourceNames.isBuffer(tensor.name())) {
                drafts.add(DraftItem.copy(rows));
            }
        }
    }

    private void keep(LinearLayer linear) {
        List<Long> shape = linear.source().tensor().shape();
        drafts.add(DraftItem.copy(new TensorSpec(linear.weight(), FloatTensors.type(linear.source()),
                shape.size() == 2 ? shape : List.of(linear.outputs(), linear.inputs())), linear.source()));
    }

    private DraftItem pack(LinearLayer linear) {
        List<LinearLayer> apart = linear.apart();
        apart.forEach(this::requireShape);
        int groupSize = options.groupSizeOf(linear.inputs());
        SafetensorsType scaleType =
                options.format() == AwqFormat.GEMM ? SafetensorsType.F16 : FloatTensors.type(linear.source());
        List<AwqTensor> kinds = AwqTensor.of(options.format(), options.symmetric());
        List<TensorSpec> specs = apart.stream()
                .flatMap(part -> kinds.stream().map(tensor -> tensor.spec(part.module(), part.outputs(), part.inputs(),
                        part.inputs() / groupSize, scaleType)))
                .toList();
        boolean mayClip = clipped && !NEVER_CLIPPED.contains(linear.role());
        return new DraftItem(linear.module(), specs, tensors -> {
            List<PackedLinear> layers = new ArrayList<>();
            for (int i = 0; i < apart.size(); i++) {
                layers.add(new PackedLinear(apart.get(i), options.format(), groupSize, options.symmetric(), scaleType,
                        List.copyOf(tensors.subList(i * kinds.size(), (i + 1) * kinds.size()))));
            }
            return layers.size() == 1
                    ? layers.get(0).item(mayClip)
                    : new Item.Gathered(linear, layers.get(0).encoding(mayClip), new StackedLinears(layers), tensors);
        });
    }

    private void requireShape(LinearLayer linear) {
        String shape = checkpoint.folder().location() + ": tensor " + linear.weight() + " has " + linear.outputs()
                + " outputs and " + linear.inputs() + " inputs: ";
        String leave = " leave it out with " + AwqOptions.LEAVE_OUT_OPTION + " " + linear.module();
        if (linear.outputs() % 8 != 0) {
            throw new InvalidModelException(shape + "AWQ packs 8 outputs into a word, and " + linear.outputs()
                    + " is no multiple of 8;" + leave);
        }
        if (options.groupSize() != AwqOptions.WHOLE_ROWS && linear.inputs() % options.groupSize() != 0) {
            throw new InvalidModelException(shape + "the inputs are no multiple of the group size "
                    + options.groupSize() + "; choose another one (awq:w4g32, awq:w4g64, or awq:w4g-1 for whole rows),"
                    + " or" + leave);
        }
        if (linear.inputs() % 8 != 0 || linear.inputs() == 0 || linear.outputs() == 0) {
            throw new InvalidModelException(shape + "the inputs must be a multiple of 8, and not 0;" + leave);
        }
        if (linear.inputs() * linear.outputs() > 1L << 31) {
            throw new InvalidModelException(shape + "at most 2^31 weights a layer can be packed;" + leave);
        }
    }
}
