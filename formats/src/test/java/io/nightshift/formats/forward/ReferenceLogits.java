package io.nightshift.formats.forward;

import io.nightshift.formats.safetensors.SafetensorsHeader;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.storage.ModelFolder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.stream.IntStream;

/**
 * What transformers computed for a checkpoint, as make_reference_logits.py recorded it.
 *
 * @param tokens of all sequences, one after another
 * @param lengths of the sequences
 * @param top the most probable next token at each position
 * @param positions whose logits are recorded
 * @param step every so many-th logit of a position is recorded
 * @param logits row-major, a row a recorded position
 */
record ReferenceLogits(int[] tokens, int[] lengths, int[] top, int[] positions, int step, float[] logits) {
    static final Path RESOURCES = Path.of("src/test/resources");

    static ReferenceLogits of(String name) throws IOException {
        ModelFolder folder = new LocalFolder(RESOURCES.resolve("forward"));
        String file = name + ".safetensors";
        ReferenceFile reference = new ReferenceFile(folder, file);
        return new ReferenceLogits(reference.ints("tokens"), reference.ints("lengths"), reference.ints("top"),
                reference.ints("positions"), reference.ints("step")[0], reference.floats("logits"));
    }

    private record ReferenceFile(ModelFolder folder, String file) {
        ByteBuffer bytes(String name) throws IOException {
            SafetensorsTensor tensor = SafetensorsHeader.read(folder, folder.find(file).orElseThrow()).stream()
                    .filter(candidate -> candidate.name().equals(name))
                    .findFirst()
                    .orElseThrow();
            byte[] bytes = new byte[(int) tensor.length()];
            folder.readFully(file, tensor.position(), bytes, 0, bytes.length);
            return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        }

        int[] ints(String name) throws IOException {
            ByteBuffer bytes = bytes(name);
            return IntStream.range(0, bytes.capacity() / 4).map(i -> bytes.getInt(4 * i)).toArray();
        }

        float[] floats(String name) throws IOException {
            ByteBuffer bytes = bytes(name);
            float[] floats = new float[bytes.capacity() / 4];
            bytes.asFloatBuffer().get(floats);
            return floats;
        }
    }
}
