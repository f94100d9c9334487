package io.nightshift.formats.statistics;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.safetensors.SafetensorsHeader;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.kernels.linear.Gram;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a folder of statistics, by ranges: nothing but what is asked for. Experts with too few tokens are given the
 * statistics that the manifest names instead. For one thread.
 */
public final class StatisticsReader {
    /** Follows an input's name: sums of squares, F64 [channels]. */
    public static final String SQUARES = ".sum_squares";

    /** Follows an input's name: sums of absolute values, F64 [channels]. */
    public static final String ABSOLUTES = ".sum_absolutes";

    /** Follows an input's name: blocks of the Gram matrix, F32 [blocks, size, size], in the order of {@link Gram}. */
    public static final String GRAM = ".gram";

    private final ModelFolder folder;
    private final CalibrationManifest manifest;
    private final Map<String, InputSummary> inputs = new HashMap<>();
    private final Map<Place, InputSummary> byPlace = new HashMap<>();
    private final Map<String, SafetensorsTensor> tensors = new HashMap<>();

    /** A linear layer: a tensor, or one expert's part of it. */
    private record Place(String tensor, int expert) {}

    private StatisticsReader(ModelFolder folder, CalibrationManifest manifest) {
        this.folder = folder;
        this.manifest = manifest;
        for (InputSummary input : manifest.inputs()) {
            inputs.put(input.name(), input);
            if (!input.name().endsWith(InputSummary.POOLED)) {
                input.tensors().forEach(tensor -> byPlace.putIfAbsent(new Place(tensor, input.expert()), input));
            }
        }
    }

    /**
     * Opens a folder.
     *
     * @throws InvalidModelException if it holds no finished calibration
     * @throws IOException if it cannot be read
     */
    public static StatisticsReader open(ModelFolder folder) throws IOException {
        return new StatisticsReader(folder, CalibrationManifest.read(folder));
    }

    /** What the folder holds. */
    public CalibrationManifest manifest() {
        return manifest;
    }

    /**
     * The input of a linear layer, with usable statistics: of another input where an expert saw too few tokens.
     *
     * @param tensor its GGUF name, such as {@code blk.0.attn_q.weight}
     * @param expert index of the expert, -1 where there are none
     * @throws InvalidModelException if there are no statistics of it
     */
    public InputSummary input(String tensor, int expert) {
        InputSummary input = byPlace.get(new Place(tensor, expert));
        if (input == null) {
            throw new InvalidModelException(
                    folder.location() + ": no statistics of " + tensor + (expert < 0 ? "" : ", expert " + expert));
        }
        return input.insteadOf() == null ? input : inputs.get(input.insteadOf());
    }

    /**
     * What the layers of all experts read together.
     *
     * @param tensor their GGUF name, such as {@code blk.0.ffn_down_exps.weight}
     * @throws InvalidModelException if it is not among the statistics
     */
    public InputSummary pooled(String tensor) {
        InputSummary input = inputs.get(tensor.substring(0, tensor.length() - ".weight".length()) + InputSummary.POOLED);
        if (input == null) {
            throw new InvalidModelException(folder.location() + ": no statistics of all experts of " + tensor);
        }
        return input;
    }

    /** Sums of squares over tokens, one a channel. */
    public double[] squares(InputSummary input) throws IOException {
        return doubles(input, SQUARES);
    }

    /** Sums of absolute values over tokens, one a channel. */
    public double[] absolutes(InputSummary input) throws IOException {
        return doubles(input, ABSOLUTES);
    }

    /**
     * Blocks of the Gram matrix, those on and above the diagonal, in the order of {@link Gram#index}.
     *
     * @param from first block
     * @param to block behind the last one
     * @throws InvalidModelException if the folder has diagonals only
     */
    public float[][] gramBlocks(InputSummary input, int from, int to) throws IOException {
        SafetensorsTensor tensor = tensor(input, GRAM);
        int size = manifest.gramBlock();
        float[][] blocks = new float[to - from][];
        byte[] bytes = new byte[size * size * Float.BYTES];
        for (int i = from; i < to; i++) {
            folder.readFully(tensor.file(), tensor.position() + (long) i * bytes.length, bytes, 0, bytes.length);
            blocks[i - from] = new float[size * size];
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(blocks[i - from]);
        }
        return blocks;
    }

    /** The whole Gram matrix, channels * channels, row-major. */
    public float[] gram(InputSummary input) throws IOException {
        int size = manifest.gramBlock();
        int channels = input.channels();
        int side = (channels + size - 1) / size;
        float[] whole = new float[Math.multiplyExact(channels, channels)];
        for (int row = 0; row < side; row++) {
            for (int column = row; column < side; column++) {
                int index = Gram.index(channels, size, row, column);
                float[] block = gramBlocks(input, index, index + 1)[0];
                for (int i = row * size; i < Math.min(channels, (row + 1) * size); i++) {
                    for (int j = column * size; j < Math.min(channels, (column + 1) * size); j++) {
                        float value = block[(i - row * size) * size + j - column * size];
                        whole[i * channels + j] = value;
                        whole[j * channels + i] = value;
                    }
                }
            }
        }
        return whole;
    }

    private double[] doubles(InputSummary input, String suffix) throws IOException {
        SafetensorsTensor tensor = tensor(input, suffix);
        byte[] bytes = new byte[Math.toIntExact(tensor.length())];
        folder.readFully(tensor.file(), tensor.position(), bytes, 0, bytes.length);
        double[] values = new double[bytes.length / Double.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer().get(values);
        return values;
    }

    private SafetensorsTensor tensor(InputSummary input, String suffix) throws IOException {
        String name = input.name() + suffix;
        if (!tensors.containsKey(name)) {
            String file = CalibrationManifest.layerFile(input.layer());
            List<SafetensorsTensor> ofLayer = SafetensorsHeader.read(folder, folder.find(file).orElseThrow(() ->
                    new InvalidModelException(folder.location() + "/" + file + " is missing; run nightshift calibrate"
                            + " again")));
            ofLayer.forEach(tensor -> tensors.put(tensor.name(), tensor));
        }
        SafetensorsTensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new InvalidModelException(folder.location() + ": has no " + name + (suffix.equals(GRAM)
                    ? "; run nightshift calibrate with --statistics gram" : ""));
        }
        requireForm(input, suffix, tensor);
        return tensor;
    }

    private void requireForm(InputSummary input, String suffix, SafetensorsTensor tensor) {
        int size = manifest.gramBlock();
        boolean gram = suffix.equals(GRAM);
        SafetensorsType type = gram ? SafetensorsType.F32 : SafetensorsType.F64;
        List<Long> shape = gram ? List.of((long) Gram.blocks(input.channels(), size), (long) size, (long) size)
                : List.of((long) input.channels());
        if (tensor.type() != type || !tensor.shape().equals(shape)) {
            throw new InvalidModelException(folder.location() + "/" + tensor.file() + ": " + tensor.name() + " is "
                    + tensor.type() + " " + tensor.shape() + ", but " + CalibrationManifest.FILE + " says " + type + " " + shape
                    + "; run nightshift calibrate again");
        }
    }
}
