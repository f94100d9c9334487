package io.nightshift.jobs.forward;

import io.nightshift.formats.forward.CarriedStates;
import io.nightshift.formats.forward.PerLayerInputs;
import io.nightshift.jobs.tasks.FloatFiles;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What tokens carry besides their hidden states, in files: numbers of 32 bits, and arrays of floats behind their lengths.
 * First the inputs of layers, then keys and values.
 */
final class CarriedFiles {
    private CarriedFiles() {}

    static void write(DataOutputStream out, CarriedStates carried) throws IOException {
        PerLayerInputs inputs = carried.inputs();
        out.writeInt(inputs.channels());
        out.writeInt(inputs.firstLayer());
        out.writeInt(inputs.rows().length);
        for (int row : inputs.rows()) {
            out.writeInt(row);
        }
        out.writeInt(inputs.ofLayers().size());
        for (float[] ofLayer : inputs.ofLayers()) {
            writeArray(out, ofLayer);
        }
        out.writeInt(carried.keys().size());
        for (Map.Entry<Integer, float[]> keys : carried.keys().entrySet()) {
            out.writeInt(keys.getKey());
            writeArray(out, keys.getValue());
        }
    }

    static CarriedStates read(DataInputStream in) throws IOException {
        int channels = in.readInt();
        int firstLayer = in.readInt();
        int[] rows = new int[in.readInt()];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = in.readInt();
        }
        List<float[]> ofLayers = new ArrayList<>();
        for (int count = in.readInt(); count > 0; count--) {
            ofLayers.add(readArray(in));
        }
        Map<Integer, float[]> keys = new TreeMap<>();
        for (int count = in.readInt(); count > 0; count--) {
            keys.put(in.readInt(), readArray(in));
        }
        return new CarriedStates(new PerLayerInputs(channels, rows, firstLayer, List.copyOf(ofLayers)), keys);
    }

    private static void writeArray(DataOutputStream out, float[] values) throws IOException {
        out.writeInt(values.length);
        FloatFiles.write(out, values);
    }

    private static float[] readArray(DataInputStream in) throws IOException {
        float[] values = new float[in.readInt()];
        FloatFiles.read(in, values, 0, values.length);
        return values;
    }
}
