package io.nightshift.formats.awq;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.layout.Item;
import io.nightshift.formats.layout.PackedRows;
import io.nightshift.formats.layout.RowPacking;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.kernels.encoding.EncodedRows;
import io.nightshift.kernels.encoding.IntegerEncoding;
import io.nightshift.kernels.encoding.IntegerGroups;
import io.nightshift.kernels.encoding.IntegerRows;
import io.nightshift.kernels.encoding.ScaleType;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A linear layer that becomes integers of four bits.
 *
 * @param linear what it is made of
 * @param format layout of its tensors
 * @param groupSize inputs a group, a divisor of the inputs
 * @param symmetric whether all zero points are 8
 * @param scaleType F16, BF16 or F32
 * @param tensors that it is stored as
 */
public record PackedLinear(LinearLayer linear, AwqFormat format, int groupSize, boolean symmetric,
        SafetensorsType scaleType, List<SafetensorsTensor> tensors) implements RowPacking {
    /** Output features, a multiple of 8. */
    public int outputs() {
        return Math.toIntExact(linear.outputs());
    }

    /** Input features. */
    public int inputs() {
        return Math.toIntExact(linear.inputs());
    }

    /** Groups a row. */
    public int groups() {
        return inputs() / groupSize;
    }

    /** Its bytes. */
    long length() {
        return tensors.stream().mapToLong(SafetensorsTensor::length).sum();
    }

    /**
     * The layer as it stands in an output.
     *
     * @param clipped whether its groups may be clipped
     */
    Item.Gathered item(boolean clipped) {
        return new Item.Gathered(linear, encoding(clipped), this, tensors);
    }

    /** How its rows are rounded. */
    IntegerEncoding encoding(boolean clipped) {
        return new IntegerEncoding(integers(), clipped);
    }

    private IntegerGroups integers() {
        ScaleType scales = switch (scaleType) {
            case F16 -> ScaleType.F16;
            case BF16 -> ScaleType.BF16;
            case F32 -> ScaleType.F32;
            default -> throw new InvalidModelException(linear.weight() + ": scales cannot be of type " + scaleType);
        };
        return new IntegerGroups(4, groupSize, symmetric, scales);
    }

    @Override
    public int granule() {
        return 8;
    }

    @Override
    public PackedRows pack(int from, EncodedRows rows) {
        return pack(from, quantized(rows));
    }

    PackedRows pack(int from, QuantizedRows rows) {
        return new LinearPacker(this).pack(from, rows);
    }

    @Override
    public byte[] assemble(List<PackedRows> blocks) {
        return new LinearPacker(this).assemble(blocks);
    }

    QuantizedRows quantized(EncodedRows encoded) {
        IntegerRows rows = (IntegerRows) encoded;
        return symmetric
                ? QuantizedRows.symmetric(rows.rows(), rows.columns(), rows.groupSize(), rows.levels(), rows.scales())
                : new QuantizedRows(rows.rows(), rows.columns(), rows.groupSize(), rows.levels(), rows.zeroPoints(),
                        rows.scales());
    }

    /** Reads the whole layer: in a transposed layout each row is spread over it. A byte a weight is held. */
    @Override
    public float[][] read(ModelFolder output, int[] rows) throws IOException {
        Map<AwqTensor, SafetensorsTensor> byKind = new EnumMap<>(AwqTensor.class);
        for (SafetensorsTensor tensor : tensors) {
            String suffix = tensor.name().substring(linear.module().length() + 1);
            byKind.put(AwqTensor.valueOf(suffix.toUpperCase(Locale.ROOT)), tensor);
        }
        AwqLinear stored = new AwqLinear(linear.module(), outputs(), inputs(), groupSize, byKind);
        QuantizedRows all = new LinearReader(output).read(stored, 0, outputs());
        float[][] values = new float[rows.length][inputs()];
        for (int i = 0; i < rows.length; i++) {
            LinearReader.dequantizeRow(all, rows[i], values[i], 0);
        }
        return values;
    }
}
