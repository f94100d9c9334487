package io.nightshift.formats.awq;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.RowOrder;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.safetensors.SafetensorsLayout;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.formats.safetensors.ShardedLayout;
import io.nightshift.formats.safetensors.TensorSpec;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.storage.MemoryFolder;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.kernels.F16;
import io.nightshift.kernels.F32;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The same bytes as AutoAWQ's and compressed-tensors' own packing (recorded by make_awq_packing.py), and the same
 * weights.
 */
class PackingGoldenTest {
    private static final int INPUTS = 64;

    @ParameterizedTest
    @ValueSource(strings = {"gemm-g32", "gemm-whole", "compressed-g32-asym", "compressed-g32-sym",
        "compressed-whole-asym", "compressed-whole-sym"})
    void bytesAndWeightsAreThoseOfTheLibrary(String name) throws IOException {
        Golden golden = new Golden(name);
        AwqFormat format = name.startsWith("gemm") ? AwqFormat.GEMM : AwqFormat.COMPRESSED_TENSORS;
        boolean symmetric = name.endsWith("-sym");
        int groupSize = name.contains("whole") ? INPUTS : 32;
        SafetensorsType scaleType = format == AwqFormat.GEMM ? SafetensorsType.F16 : SafetensorsType.BF16;
        byte[] values = golden.bytes("values");
        int outputs = values.length / INPUTS;
        QuantizedRows rows = new QuantizedRows(
                outputs, INPUTS, groupSize, values, golden.bytes("zeros"), golden.floats("float_scales"));

        List<TensorSpec> specs = AwqTensor.of(format, symmetric).stream()
                .map(kind -> kind.spec("layer", outputs, INPUTS, rows.groups(), scaleType))
                .toList();
        SafetensorsLayout shard = ShardedLayout.shards(List.of(specs), 1 << 20, Map.of()).get(0);
        SafetensorsTensor weight = new SafetensorsTensor("layer.weight", SafetensorsType.BF16,
                List.of((long) outputs, (long) INPUTS), "source", 0, outputs * INPUTS * 2L);
        LinearLayer linear = new LinearLayer("layer", "blk.0.attn_q.weight", 0, LinearLayer.NO_EXPERT,
                new SourceRows(weight, 0, outputs, RowOrder.AS_IS, 0));
        PackedLinear unit =
                new PackedLinear(linear, format, groupSize, symmetric, scaleType, shard.tensors());

        LinearPacker packer = new LinearPacker(unit);
        byte[] bytes = packer.assemble(List.of(packer.pack(16, WrittenFolder.slice(rows, 16, outputs)),
                packer.pack(0, WrittenFolder.slice(rows, 0, 8)), packer.pack(8, WrittenFolder.slice(rows, 8, 16))));
        for (SafetensorsTensor tensor : unit.tensors()) {
            int from = (int) (tensor.position() - unit.tensors().get(0).position());
            assertEquals(golden.tensor(tensor.name().substring("layer.".length())).shape(), tensor.shape());
            assertArrayEquals(golden.bytes(tensor.name().substring("layer.".length())),
                    Arrays.copyOfRange(bytes, from, from + (int) tensor.length()), tensor.name());
        }

        byte[] file = Arrays.copyOf(shard.header(), (int) shard.length());
        System.arraycopy(bytes, 0, file, shard.header().length, bytes.length);
        float[] weights = new float[outputs * INPUTS];
        AwqFolder folder = AwqFolder.open(folder(format, groupSize, file));
        new LinearReader(folder.folder()).dequantize(folder.find("layer").orElseThrow(), 0, outputs, weights);
        float[] expected = golden.floats("weights");
        if (format == AwqFormat.GEMM) {
            // AutoAWQ multiplies in half precision.
            byte[] halves = new byte[2 * weights.length];
            F16.fromFloats(weights, 0, halves, 0, weights.length);
            F16.toFloats(halves, 0, weights, 0, weights.length);
        }
        for (int i = 0; i < weights.length; i++) {
            assertEquals(expected[i], weights[i], 0f, "weight " + i);
        }
    }

    private static MemoryFolder folder(AwqFormat format, int groupSize, byte[] file) {
        String config = format == AwqFormat.GEMM
                ? "{\"quantization_config\":{\"quant_method\":\"awq\",\"bits\":4,\"version\":\"gemm\",\"group_size\":"
                        + groupSize + "}}"
                : "{\"quantization_config\":{\"quant_method\":\"compressed-tensors\",\"format\":\"pack-quantized\","
                        + "\"config_groups\":{\"group_0\":{\"weights\":{\"num_bits\":4,\"type\":\"int\",\"group_size\":"
                        + groupSize + "}}}}}";
        MemoryFolder folder = new MemoryFolder("golden", new TreeMap<>());
        folder.files().put("config.json", config.getBytes(StandardCharsets.UTF_8));
        folder.files().put("model.safetensors", file);
        return folder;
    }

    /** One case of the recorded file. */
    private static final class Golden {
        private final ModelFolder folder = new MemoryFolder("golden", new TreeMap<>());
        private final Map<String, SafetensorsTensor> tensors;
        private final String name;

        Golden(String name) throws IOException {
            this.name = name;
            byte[] content = new LocalFolder(Path.of("src/test/resources/awq")).read("packing.safetensors");
            ((MemoryFolder) folder).files().put("model.safetensors", content);
            tensors = Checkpoint.readTensors(folder).stream()
                    .collect(Collectors.toMap(SafetensorsTensor::name, Function.identity()));
        }

        SafetensorsTensor tensor(String part) {
            return tensors.get(name + "/" + part);
        }

        byte[] bytes(String part) throws IOException {
            SafetensorsTensor tensor = tensor(part);
            byte[] bytes = new byte[(int) tensor.length()];
            folder.readFully(tensor.file(), tensor.position(), bytes, 0, bytes.length);
            return bytes;
        }

        float[] floats(String part) throws IOException {
            byte[] bytes = bytes(part);
            float[] floats = new float[bytes.length / 4];
            F32.toFloats(bytes, 0, floats, 0, floats.length);
            return floats;
        }
    }
}
