package io.nightshift.formats.awq;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.weights.FolderConfiguration;
import io.nightshift.formats.weights.FolderWeights;
import io.nightshift.formats.weights.ModelListing;
import io.nightshift.formats.weights.ModelTensors;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.formats.weights.QuantizedFormat;
import io.nightshift.formats.weights.QuantizedModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** AWQ folders of both layouts: made here, by AutoAWQ or llm-compressor. */
public final class AwqQuantizedFormat implements QuantizedFormat {
    @Override
    public boolean isFolder(ModelFolder folder, JsonNode config) {
        return AwqFolder.format(config).isPresent();
    }

    @Override
    public QuantizedModel open(ModelFolder folder, String file) throws IOException {
        return new Model(AwqFolder.open(folder));
    }

    private record Model(AwqFolder folder) implements QuantizedModel {
        /** Quantized layers are shown as one tensor each, with the shape of their weights. */
        @Override
        public ModelListing listing() {
            List<ModelListing.Entry> linears = new ArrayList<>();
            Set<String> parts = new HashSet<>();
            for (AwqLinear linear : folder.linears()) {
                linear.tensors().values().forEach(tensor -> parts.add(tensor.name()));
                linears.add(ModelListing.Entry.ofLinear(linear.module(), "4-bit/" + linear.groupSize(), linear.outputs(),
                        linear.inputs(), linear.bytes()));
            }
            return ModelListing.ofFolder(folder.configuration(), linears, parts, folder.tensors().values());
        }

        @Override
        public String summary() {
            return "AWQ, " + folder.linears().size() + " quantized layers";
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

    private record Rows(ModelFolder folder, AwqLinear linear) implements FolderWeights.QuantizedLinear {
        @Override
        public int outputs() {
            return linear.outputs();
        }

        @Override
        public int inputs() {
            return linear.inputs();
        }

        @Override
        public long read(int from, int to, float[] weights) throws IOException {
            LinearReader reader = new LinearReader(folder);
            reader.dequantize(linear, from, to, weights);
            return reader.bytesRead();
        }
    }
}
