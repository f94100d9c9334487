package io.nightshift.formats.statistics;

import io.nightshift.formats.Sha256;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;

/**
 * Tells models apart by their content, wherever they lie: SHA-256 over name, type and shape of every tensor, and over
 * the first bytes of some. Reading all weights would cost as much as quantizing them; a model that was trained on
 * differs in every tensor.
 */
public final class ModelDigest {
    private static final int TENSORS_LOOKED_AT = 64;
    private static final int BYTES_LOOKED_AT = 4096;

    private ModelDigest() {}

    /**
     * The digest of a checkpoint, in hexadecimal.
     *
     * @throws IOException if it cannot be read
     */
    public static String of(Checkpoint checkpoint) throws IOException {
        Sha256 digest = new Sha256();
        List<SafetensorsTensor> tensors = checkpoint.tensors().stream()
                .sorted(Comparator.comparing(SafetensorsTensor::name))
                .toList();
        int looked = Math.min(TENSORS_LOOKED_AT, tensors.size());
        int next = 0;
        for (int i = 0; i < tensors.size(); i++) {
            SafetensorsTensor tensor = tensors.get(i);
            digest.add(tensor.name() + ' ' + tensor.type() + ' ' + tensor.shape() + '\n');
            if (i == (long) next * tensors.size() / looked) {
                byte[] first = new byte[(int) Math.min(BYTES_LOOKED_AT, tensor.length())];
                checkpoint.folder().readFully(tensor.file(), tensor.position(), first, 0, first.length);
                digest.add(first);
                next++;
            }
        }
        return digest.hexadecimal();
    }
}
