package io.nightshift.jobs.awq;

import io.nightshift.formats.awq.AwqItem;
import io.nightshift.formats.awq.AwqLinear;
import io.nightshift.formats.awq.AwqTensor;
import io.nightshift.formats.awq.LinearReader;
import io.nightshift.formats.awq.QuantizedRows;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.storage.ModelFolder;
import java.io.IOException;
import java.io.Serializable;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Reads a quantized layer back from the committed shard: all its scales are finite, and of each block of rows the first
 * and the last one are what was meant. Memory: a byte a weight of the layer.
 */
final class VerifyTask {
    private VerifyTask() {}

    /**
     * A layer and what its blocks' checksums must be.
     *
     * @param blocks measures of its blocks
     */
    record Expected(AwqItem.Packed layer, List<RoundedBlock.Measure> blocks) implements Serializable {}

    /**
     * Checks it.
     *
     * @throws IOException if it is not what was meant; the message names the layer
     */
    static void run(Expected expected, ModelFolder output) throws IOException {
        AwqItem.Packed layer = expected.layer();
        Map<AwqTensor, SafetensorsTensor> tensors = new EnumMap<>(AwqTensor.class);
        for (SafetensorsTensor tensor : layer.tensors()) {
            String suffix = tensor.name().substring(layer.linear().module().length() + 1);
            tensors.put(AwqTensor.valueOf(suffix.toUpperCase(Locale.ROOT)), tensor);
        }
        AwqLinear linear = new AwqLinear(
                layer.linear().module(), layer.outputs(), layer.inputs(), layer.groupSize(), tensors);
        QuantizedRows rows = new LinearReader(output).read(linear, 0, layer.outputs());
        for (RoundedBlock.Measure block : expected.blocks()) {
            if (RowChecksum.of(rows, block.from(), block.from() + block.rows() - 1) != block.checksum()) {
                throw new IOException(output.location() + "/" + layer.file() + ": " + layer.linear().module()
                        + ", rows " + block.from() + " to " + (block.from() + block.rows())
                        + " are not what was written; run again");
            }
        }
    }
}
