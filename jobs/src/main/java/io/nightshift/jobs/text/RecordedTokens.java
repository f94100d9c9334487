package io.nightshift.jobs.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.safetensors.SafetensorsHeader;
import io.nightshift.formats.safetensors.SafetensorsLayout;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.formats.safetensors.TensorSpec;
import io.nightshift.jobs.storage.FileReference;
import io.nightshift.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The token ids of a run with what they were made of, as a safetensors file: a tensor {@value #TENSOR}, I32 [sequences,
 * length], and the rest as metadata. A later run can be given the file in place of the texts.
 *
 * @param sequences the ids
 * @param data names of the files that the texts came from
 * @param packing how texts became sequences: a packing's name on the command line, or {@code chat}
 */
public record RecordedTokens(TokenSequences sequences, List<String> data, String packing) {
    private static final String TENSOR = "tokens";
    private static final String DIGEST = "digest";
    private static final String DATA = "data";
    private static final String DATA_DIGEST = "data_digest";
    private static final String PACKING = "packing";
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The file. */
    public byte[] toBytes(String name) throws IOException {
        Map<String, String> metadata = new TreeMap<>();
        metadata.put(DIGEST, sequences.digest());
        metadata.put(DATA, JSON.writeValueAsString(data));
        metadata.put(DATA_DIGEST, sequences.dataDigest());
        metadata.put(PACKING, packing);
        List<Long> shape = List.of((long) sequences.sequences().size(), (long) sequences.length());
        SafetensorsLayout layout =
                SafetensorsLayout.of(name, metadata, List.of(new TensorSpec(TENSOR, SafetensorsType.I32, shape)));
        ByteBuffer file = ByteBuffer.allocate(Math.toIntExact(layout.length())).put(layout.header());
        sequences.sequences().forEach(sequence -> file.put(TokenSequences.bytes(sequence)));
        return file.array();
    }

    /**
     * Reads the file of an earlier run.
     *
     * @param location a path, or a URI of a Hadoop file system
     * @throws InvalidModelException if it is no such file, or damaged
     * @throws IOException if it is not there or cannot be read
     */
    public static RecordedTokens read(String location, HadoopSettings settings) throws IOException {
        FileReference reference = FileReference.find(location, settings);
        SafetensorsTensor tensor = SafetensorsHeader.read(reference.folder(), reference.file()).stream()
                .filter(found -> found.name().equals(TENSOR) && found.type() == SafetensorsType.I32)
                .filter(found -> found.shape().size() == 2 && found.rows() > 0 && found.columns() > 0)
                .findFirst()
                .orElseThrow(() -> notOurs(location));
        byte[] file = reference.folder().read(reference.file().name());
        int[][] ids = new int[Math.toIntExact(tensor.rows())][Math.toIntExact(tensor.columns())];
        ByteBuffer values = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN)
                .position(Math.toIntExact(tensor.position()));
        for (int[] sequence : ids) {
            for (int i = 0; i < sequence.length; i++) {
                sequence[i] = values.getInt();
            }
        }
        JsonNode metadata = metadata(file);
        for (String key : List.of(DIGEST, DATA, DATA_DIGEST, PACKING)) {
            if (!metadata.path(key).isTextual()) {
                throw notOurs(location);
            }
        }
        TokenSequences sequences = new TokenSequences(
                new ArrayList<>(List.of(ids)), ids[0].length, metadata.get(DATA_DIGEST).asText());
        if (!sequences.digest().equals(metadata.get(DIGEST).asText())) {
            throw new InvalidModelException(location + ": is damaged: its token ids do not have the digest that it"
                    + " tells of; copy it again from the statistics");
        }
        return new RecordedTokens(sequences, names(location, metadata.get(DATA).asText()),
                metadata.get(PACKING).asText());
    }

    /**
     * Makes sure that a model knows all ids.
     *
     * @param location of the file, for the message
     * @param vocabulary number of token ids that the model knows
     * @throws InvalidModelException if it does not
     */
    public void requireVocabulary(String location, int vocabulary) {
        for (int[] sequence : sequences.sequences()) {
            for (int id : sequence) {
                if (id < 0 || id >= vocabulary) {
                    throw new InvalidModelException(location + ": has the token " + id + ", and the model has "
                            + vocabulary + " of them (vocab_size in config.json); were these tokens made for it?");
                }
            }
        }
    }

    private static JsonNode metadata(byte[] file) throws IOException {
        int length = (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
        return JSON.readTree(file, Long.BYTES, length).path("__metadata__");
    }

    private static List<String> names(String location, String json) {
        try {
            return List.of(JSON.readValue(json, String[].class));
        } catch (JsonProcessingException e) {
            throw notOurs(location);
        }
    }

    private static InvalidModelException notOurs(String location) {
        return new InvalidModelException(location + ": holds no token ids of a calibration; give the tokens.safetensors"
                + " that nightshift calibrate left with its statistics");
    }
}
