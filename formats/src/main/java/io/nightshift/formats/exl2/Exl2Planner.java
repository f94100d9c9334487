package io.nightshift.formats.exl2;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.RowOrder;
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
import io.nightshift.formats.storage.JsonFile;
import io.nightshift.kernels.exl2.Exl2Encoding;
import io.nightshift.kernels.exl2.PackedLinear;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Plans an EXL2 folder from a checkpoint's headers: each tensor is packed, or stored in half precision. */
public final class Exl2Planner {
    private final Checkpoint checkpoint;
    private final List<DraftItem> drafts = new ArrayList<>();

    private Exl2Planner(Checkpoint checkpoint) {
        this.checkpoint = checkpoint;
    }

    /**
     * Plans an output.
     *
     * @param model of the same checkpoint
     * @param encodings of all linear layers of its blocks and of its head, by module
     * @param configuration what the folder says of itself
     * @param measured a file that says what choices were measured to lose
     * @param maxShardSize most bytes of tensors in a shard; a linear layer that takes more has a shard to itself
     * @param provenance what is done to the weights, for the metadata of the output: names and values
     * @param madeOf what the bytes follow from besides
     * @throws IOException if the checkpoint's folder cannot be read
     */
    public static OutputLayout plan(Checkpoint checkpoint, Exl2Model model, Map<String, Exl2Encoding> encodings,
            Exl2Configuration configuration, Optional<GeneratedFile> measured, long maxShardSize,
            Map<String, String> provenance, List<String> madeOf) throws IOException {
        return new Exl2Planner(checkpoint)
                .plan(model, encodings, configuration, measured, maxShardSize, provenance, madeOf);
    }

    /** The folder's name. */
    public static String name(Checkpoint checkpoint, double bits) {
        return checkpoint.folder().name() + "-EXL2-" + bits + "bpw";
    }

    private OutputLayout plan(Exl2Model model, Map<String, Exl2Encoding> encodings, Exl2Configuration configuration,
            Optional<GeneratedFile> measured, long maxShardSize, Map<String, String> provenance, List<String> madeOf)
            throws IOException {
        model.linears().forEach(ofBlock -> ofBlock.forEach(linear -> pack(linear, encodings.get(linear.module()))));
        pack(model.head(), encodings.get(model.head().module()));
        model.biases().forEach((module, bias) -> half(bias, List.of(PackedLinear.paddedOutputs(bias.elements()))));
        model.halves().forEach(tensor -> half(tensor, tensor.shape()));
        Map<String, String> metadata = new LinkedHashMap<>(Map.of("format", "pt"));
        provenance.forEach((key, value) -> metadata.put("nightshift." + key, value));
        ShardedItems items = ShardedItems.of(drafts, maxShardSize, metadata);
        List<GeneratedFile> generated = new ArrayList<>();
        items.index().ifPresent(generated::add);
        measured.ifPresent(generated::add);
        generated.add(new GeneratedFile(
                "config.json", configuration.write(JsonFile.object(checkpoint.folder(), "config.json"))));
        return new OutputLayout(name(checkpoint, configuration.bits()), items.files(),
                SourceFiles.copied(checkpoint.folder()), List.copyOf(generated), madeOf);
    }

    private void pack(LinearLayer linear, Exl2Encoding encoding) {
        drafts.add(new DraftItem(linear.module(), Exl2Tensor.all(linear.module(), linear.outputs(), encoding.layout()),
                tensors -> new Item.Gathered(linear, encoding, new Exl2Packing(linear, tensors), tensors)));
    }

    private void half(SafetensorsTensor tensor, List<Long> shape) {
        drafts.add(DraftItem.copy(new TensorSpec(tensor.name(), SafetensorsType.F16, shape),
                new SourceRows(tensor, 0, tensor.rows(), RowOrder.AS_IS, 0)));
    }
}
