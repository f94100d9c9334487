package io.nightshift.formats.exl2;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.storage.JsonFile;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.weights.FolderConfiguration;
import io.nightshift.formats.weights.FolderWeights;
import io.nightshift.formats.weights.ModelListing;
import io.nightshift.formats.weights.ModelTensors;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.formats.weights.QuantizedFormat;
import io.nightshift.formats.weights.QuantizedFormats;
import io.nightshift.formats.weights.QuantizedModel;
import io.nightshift.kernels.exl2.GroupLayout;
import io.nightshift.kernels.exl2.PackedLinear;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** EXL2 folders, made here or by ExLlamaV2. */
public final class Exl2QuantizedFormat implements QuantizedFormat {
    @Override
    public boolean isFolder(ModelFolder folder, JsonNode config) {
        return Exl2Folder.declaredBy(config);
    }

    @Override
    public QuantizedModel open(ModelFolder folder, String file) throws IOException {
        return new Model(Exl2Folder.open(folder));
    }

    /** The bits of a layer's groups, the most active first: {@code 4/3-bit}. */
    private static String bits(GroupLayout layout) {
        return layout.groups().stream().map(group -> String.valueOf(group.bits())).distinct()
                .collect(Collectors.joining("/", "", "-bit"));
    }

    private record Model(Exl2Folder folder) implements QuantizedModel {
        /** Reads the table of each layer's groups, which has their bits. */
        @Override
        public ModelListing listing() throws IOException {
            Exl2Reader reader = new Exl2Reader(folder.folder());
            List<ModelListing.Entry> linears = new ArrayList<>();
            Set<String> parts = new HashSet<>();
            for (Exl2Linear linear : folder.linears()) {
                linear.tensors().values().forEach(tensor -> parts.add(tensor.name()));
                linears.add(ModelListing.Entry.ofLinear(linear.module(), bits(reader.layout(linear)), linear.outputs(),
                        linear.inputs(), linear.bytes()));
            }
            JsonNode config = JsonFile.read(folder.folder(), "config.json").orElseThrow();
            return ModelListing.ofFolder(
                    QuantizedFormats.declared(config), linears, parts, folder.tensors().values());
        }

        @Override
        public String summary() {
            return "EXL2, " + folder.linears().size() + " quantized layers";
        }

        @Override
        public void requireMadeOf(Checkpoint original) throws IOException {
            FolderConfiguration.requireMadeOf(folder.folder(), original);
        }

        @Override
        public ModelWeights weights(ModelTensors original) {
            return new FolderWeights(original, folder.folder(), folder.tensors(),
                    module -> folder.find(module).map(linear -> new Rows(folder.folder(), linear)));
        }
    }

    private record Rows(ModelFolder folder, Exl2Linear linear) implements FolderWeights.QuantizedLinear {
        @Override
        public int outputs() {
            return linear.outputs();
        }

        @Override
        public long padded(long outputs) {
            return PackedLinear.paddedOutputs(outputs);
        }

        @Override
        public int inputs() {
            return linear.inputs();
        }

        @Override
        public long read(int from, int to, float[] weights) throws IOException {
            Exl2Reader reader = new Exl2Reader(folder);
            reader.dequantize(linear, from, to, weights);
            return reader.bytesRead();
        }
    }
}
