package io.nightshift.formats.forward;

import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.kernels.GgmlType;
import java.io.IOException;
import java.util.Optional;

/** The weights of a checkpoint's safetensors files, BF16, F16 or F32, by ranged reads. */
public final class CheckpointWeights implements ModelWeights {
    /**
     * Weights of the checkpoint that the model was made of.
     *
     * @param folder its folder, local or in an object store
     */
    public CheckpointWeights(DecoderModel model, ModelFolder folder) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Optional<TensorShape> find(String tensor) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void read(String tensor, long from, long to, byte[] into, int offset) throws IOException {
        throw new UnsupportedOperationException();
    }

    @Override
    public long bytesRead() {
        throw new UnsupportedOperationException();
    }

    @Override
    public String location() {
        throw new UnsupportedOperationException();
    }
}
