package io.nightshift.formats.forward;

import io.nightshift.formats.architecture.Architectures;
import io.nightshift.formats.architecture.ModelConversion;
import io.nightshift.formats.architecture.RowReader;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.gguf.GgufHeader;
import io.nightshift.formats.conversion.TensorTable;
import io.nightshift.formats.gguf.GgufLayout;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.storage.MemoryFolder;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.dequantize.Dequantizers;
import io.nightshift.kernels.quantize.Quantizers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/** A GGUF file of a checkpoint in memory, rows in llama.cpp's order, matrices of a type of choice and the rest F32. */
final class GgufCopy {
    static final String NAME = "model.gguf";

    private GgufCopy() {}

    static MemoryFolder of(Checkpoint checkpoint, GgmlType matrixType, Predicate<String> kept) throws IOException {
        return of(checkpoint, matrixType, kept, metadata -> metadata);
    }

    /** A file with other metadata than the checkpoint's. */
    static MemoryFolder of(Checkpoint checkpoint, GgmlType matrixType, Predicate<String> kept,
            UnaryOperator<GgufMetadata> change) throws IOException {
        ModelConversion conversion = Architectures.convert(checkpoint);
        List<TensorRecipe> tensors =
                conversion.tensors().stream().filter(tensor -> kept.test(tensor.name())).toList();
        List<GgmlType> types = tensors.stream()
                .map(tensor -> tensor.rows() > 1 ? matrixType : GgmlType.F32)
                .toList();
        GgufMetadata metadata = new GgufMetadata().text("general.architecture", conversion.architecture().name());
        conversion.leadingMetadata().values().forEach(metadata::put);
        conversion.hyperparameters().values().forEach(metadata::put);
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.write(new GgufHeader(change.apply(metadata), TensorTable.of(tensors, types)).toBytes());
        for (int i = 0; i < tensors.size(); i++) {
            file.write(bytes(checkpoint, tensors.get(i), types.get(i)));
            while (file.size() % GgufLayout.ALIGNMENT != 0) {
                file.write(0);
            }
        }
        return new MemoryFolder("copy", Map.of(NAME, file.toByteArray()));
    }

    private static byte[] bytes(Checkpoint checkpoint, TensorRecipe recipe, GgmlType type) throws IOException {
        int count = (int) recipe.weights();
        float[] weights = new float[count];
        if (recipe.content() instanceof TensorRecipe.Computed computed) {
            for (int i = 0; i < count; i++) {
                weights[i] = computed.values().get(i);
            }
        } else if (recipe.content() instanceof TensorRecipe.Stored stored) {
            byte[] raw = new byte[(int) RowReader.bytes(recipe, stored, recipe.rows())];
            new RowReader(checkpoint.folder()).read(recipe, stored, 0, recipe.rows(), raw);
            SourceRows part = stored.parts().get(0);
            GgmlType source = GgmlType.valueOf(part.tensor().type().name());
            Dequantizers.of(source).dequantize(raw, 0, weights, 0, count);
            for (int i = 0; i < count; i++) {
                weights[i] += part.shift();
            }
        }
        byte[] blocks = new byte[(int) (recipe.rows() * type.rowBytes(recipe.columns()))];
        Quantizers.create(type)
                .quantize(weights, 0, (int) recipe.rows(), (int) recipe.columns(), null, 0, blocks, 0);
        return blocks;
    }
}
