package io.nightshift.formats.awq;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Printable;
import io.nightshift.formats.architecture.Architectures;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.LinearLayers;
import io.nightshift.formats.architecture.ModelConversion;
import io.nightshift.formats.architecture.RowOrder;
import io.nightshift.formats.architecture.SourceNames;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.safetensors.SafetensorsLayout;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.formats.safetensors.ShardedLayout;
import io.nightshift.formats.safetensors.TensorSpec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Plans an AWQ folder from a checkpoint's headers: each tensor of the checkpoint is packed, or stays. Experts that a
 * checkpoint keeps in one tensor get a tensor each, under the names that loaders of AWQ folders look for.
 */
public final class AwqPlanner {
    private static final Pattern NUMBER = Pattern.compile("\\d+");

    /** What will become one item, before its place is known. */
    private record Draft(String name, List<TensorSpec> specs, Function<List<SafetensorsTensor>, AwqItem> item) {}

    private final Checkpoint checkpoint;
    private final AwqOptions options;
    private final List<Draft> drafts = new ArrayList<>();

    private AwqPlanner(Checkpoint checkpoint, AwqOptions options) {
        this.checkpoint = checkpoint;
        this.options = options;
    }

    /**
     * Plans an output.
     *
     * @param maxShardSize most bytes of tensors in a shard; a linear layer that takes more has a shard to itself
     * @param provenance what is done to the weights, for the metadata of the output: names and values
     * @throws InvalidModelException if the architecture is not supported, a tensor is missing, superfluous or of the
     *     wrong shape, a layer cannot be packed, or a name that is to be left out fits none; the message names tensor
     *     and option
     * @throws IOException if the checkpoint's folder cannot be read
     */
    public static AwqPlan plan(
            Checkpoint checkpoint, AwqOptions options, long maxShardSize, Map<String, String> provenance)
            throws IOException {
        return new AwqPlanner(checkpoint, options).plan(maxShardSize, provenance);
    }

    private AwqPlan plan(long maxShardSize, Map<String, String> provenance) throws IOException {
        ModelConversion conversion = Architectures.convert(checkpoint);
        List<LinearLayer> linears = LinearLayers.of(conversion);
        ModulesLeftOut leftOut =
                new ModulesLeftOut(linears, conversion.architecture().linearGroups(), options.leftOut());
        List<LinearLayer> packed = linears.stream().filter(linear -> !leftOut.contains(linear)).toList();
        if (packed.isEmpty()) {
            throw new InvalidModelException(AwqOptions.LEAVE_OUT_OPTION + " leaves out every linear layer of "
                    + checkpoint.folder().location());
        }
        draft(linears, leftOut);

        List<SafetensorsLayout> shards = ShardedLayout.shards(
                drafts.stream().map(Draft::specs).toList(), maxShardSize, metadata(provenance));
        List<GeneratedFile> generated = new ArrayList<>();
        ShardedLayout.index(shards)
                .ifPresent(index -> generated.add(new GeneratedFile(ShardedLayout.INDEX, index)));
        generated.add(new GeneratedFile("config.json", new AwqConfiguration(checkpoint, conversion, options)
                .write(linears.stream().filter(leftOut::contains).toList(), provenance)));
        List<String> warnings = new ArrayList<>(
                new ParallelShapes(checkpoint.config(), conversion, options).warnings(packed));
        warnings.addAll(SourceFiles.warnings(checkpoint.folder()));
        return new AwqPlan(options, shards, items(shards), SourceFiles.copied(checkpoint.folder()),
                List.copyOf(generated), List.copyOf(warnings));
    }

    private static Map<String, String> metadata(Map<String, String> provenance) {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("format", "pt");
        provenance.forEach((key, value) -> metadata.put("nightshift." + key, value));
        return metadata;
    }

    private void draft(List<LinearLayer> linears, ModulesLeftOut leftOut) {
        checkpoint.tensors().stream().filter(tensor -> tensor.type() == SafetensorsType.F64).findFirst().ifPresent(tensor -> {
            throw new InvalidModelException(checkpoint.folder().location() + ": tensor " + Printable.name(tensor.name())
                    + " is of type F64, which an AWQ folder would keep and no loader runs; save the checkpoint in BF16"
                    + " or F16 first");
        });
        Set<String> ofLinears =
                linears.stream().map(linear -> linear.source().tensor().name()).collect(Collectors.toSet());
        for (LinearLayer linear : linears) {
            if (leftOut.contains(linear)) {
                SafetensorsTensor source = linear.source().tensor();
                TensorSpec spec = source.shape().size() == 2
                        ? new TensorSpec(linear.weight(), source.type(), source.shape())
                        : new TensorSpec(linear.weight(), source.type(), List.of(linear.outputs(), linear.inputs()));
                drafts.add(copy(spec, linear.source()));
            } else {
                drafts.add(pack(linear));
            }
        }
        for (SafetensorsTensor tensor : checkpoint.tensors()) {
            if (!ofLinears.contains(tensor.name()) && !SourceNames.isBuffer(tensor.name())) {
                drafts.add(copy(new TensorSpec(tensor.name(), tensor.type(), tensor.shape()),
                        new SourceRows(tensor, 0, tensor.rows(), RowOrder.AS_IS, 0)));
            }
        }
        drafts.sort(Comparator.comparing(draft -> sortable(draft.name())));
    }

    /** Layers in the order of their numbers. */
    private static String sortable(String name) {
        return NUMBER.matcher(name).replaceAll(number -> "0".repeat(Math.max(0, 9 - number.group().length()))
                + number.group());
    }

    private static Draft copy(TensorSpec spec, SourceRows source) {
        return new Draft(spec.name(), List.of(spec), tensors -> new AwqItem.Copied(source, tensors.get(0)));
    }

    private Draft pack(LinearLayer linear) {
        requireShape(linear);
        int groupSize = options.groupSizeOf(linear.inputs());
        SafetensorsType scaleType =
                options.format() == AwqFormat.GEMM ? SafetensorsType.F16 : linear.source().tensor().type();
        List<TensorSpec> specs = AwqTensor.of(options.format(), options.symmetric()).stream()
                .map(tensor -> tensor.spec(linear.module(), linear.outputs(), linear.inputs(),
                        linear.inputs() / groupSize, scaleType))
                .toList();
        return new Draft(linear.module(), specs, tensors -> new AwqItem.Packed(
                linear, options.format(), groupSize, options.symmetric(), scaleType, tensors));
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

    private List<AwqItem> items(List<SafetensorsLayout> shards) {
        Map<String, SafetensorsTensor> placed = new HashMap<>();
        shards.forEach(shard -> shard.tensors().forEach(tensor -> placed.put(tensor.name(), tensor)));
        Map<String, Integer> numbers = new HashMap<>();
        shards.forEach(shard -> numbers.put(shard.file(), numbers.size()));
        List<AwqItem> items = new ArrayList<>();
        for (Draft draft : drafts) {
            items.add(draft.item().apply(draft.specs().stream().map(spec -> placed.get(spec.name())).toList()));
        }
        items.sort(Comparator.comparing((AwqItem item) -> numbers.get(item.file()))
                .thenComparing(AwqItem::position)
                .thenComparing(AwqItem::length));
        return List.copyOf(items);
    }
}
