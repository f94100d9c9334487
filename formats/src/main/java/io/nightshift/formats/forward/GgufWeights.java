package io.nightshift.formats.forward;

import io.nightshift.formats.gguf.GgufFile;
import io.nightshift.formats.storage.ModelFolder;
import java.io.IOException;
import java.util.Optional;

/** The weights of a GGUF file of the same model, of any type that can be dequantized. */
public final class GgufWeights implements ModelWeights {
    /**
     * Weights of a GGUF file.
     *
     * @param model made of the original checkpoint: its hyperparameters hold, not the file's
     * @param folder where the file is
     * @throws io.nightshift.formats.InvalidModelException if the file is of another architecture, or a tensor is
     *     missing or of another shape than the model's; the message names both
     */
    public GgufWeights(DecoderModel model, ModelFolder folder, GgufFile file) {
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
