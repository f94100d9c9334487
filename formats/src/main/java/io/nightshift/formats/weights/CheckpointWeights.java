package io.nightshift.formats.weights;

import io.nightshift.formats.architecture.RowReader;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.architecture.TensorRecipe.Stored;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.dequantize.Dequantizers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;

/** The weights of a checkpoint's safetensors files, BF16, F16, F32 or F64, by ranged reads. */
public final class CheckpointWeights implements ModelWeights {
    private final Map<String, TensorRecipe> tensors;
    private final ModelFolder folder;
    private final LongAdder bytesRead = new LongAdder();

    /**
     * Weights that recipes find in a folder's safetensors files.
     *
     * @param tensors by their names in GGUF
     * @param folder local or in an object store
     */
    public CheckpointWeights(Map<String, TensorRecipe> tensors, ModelFolder folder) {
        this.tensors = tensors;
        this.folder = folder;
    }

    @Override
    public Optional<TensorShape> find(String tensor) {
        return Optional.ofNullable(tensors.get(tensor))
                .filter(recipe -> recipe.content() instanceof Stored)
                .map(recipe -> new TensorShape(recipe.rows(), Math.toIntExact(recipe.columns()),
                        shift(recipe) == 0 ? sourceType(recipe) : GgmlType.F32));
    }

    @Override
    public void read(String tensor, long from, long to, byte[] into) throws IOException {
        get(tensor);
        TensorRecipe recipe = tensors.get(tensor);
        Stored stored = (Stored) recipe.content();
        List<SourceRows> unordered = stored.parts().stream()
                .map(SourceRows::inCheckpointOrder)
                .toList();
        RowReader reader = new RowReader(folder);
        reader.read(recipe, new Stored(unordered), from, to, into);
        bytesRead.add(reader.bytesRead());
        if (shift(recipe) != 0) {
            shift(into, Math.toIntExact((to - from) * recipe.columns()), sourceType(recipe), shift(recipe));
        }
    }

    /** Widens what was read, in place, and adds a number to each weight: in 32 bits, as the norms of Gemma do. */
    private static void shift(byte[] block, int count, GgmlType type, float shift) {
        float[] weights = new float[count];
        Dequantizers.of(type).dequantize(block, 0, weights, 0, count);
        ByteBuffer floats = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
        for (float weight : weights) {
            floats.putFloat(weight + shift);
        }
    }

    private static float shift(TensorRecipe recipe) {
        return ((Stored) recipe.content()).parts().get(0).shift();
    }

    private static GgmlType sourceType(TensorRecipe recipe) {
        return ((Stored) recipe.content()).type();
    }

    @Override
    public long bytesRead() {
        return bytesRead.sum();
    }

    @Override
    public String location() {
        return folder.location();
    }
}
