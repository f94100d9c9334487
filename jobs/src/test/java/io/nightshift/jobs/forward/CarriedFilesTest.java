package io.nightshift.jobs.forward;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.nightshift.formats.forward.CarriedStates;
import io.nightshift.formats.forward.PerLayerInputs;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CarriedFilesTest {
    @Test
    void whatIsReadIsWhatWasWritten() throws IOException {
        PerLayerInputs inputs = new PerLayerInputs(
                2, new int[] {1, 0, 1}, 4, List.of(new float[] {1, 2, 3, 4}, new float[] {5, 6, 7, Float.MIN_VALUE}));
        CarriedStates read = copy(new CarriedStates(inputs, Map.of(1, new float[] {7}, 3, new float[] {8, 9})));
        assertEquals(2, read.inputs().channels());
        assertEquals(4, read.inputs().firstLayer());
        assertArrayEquals(inputs.rows(), read.inputs().rows());
        assertArrayEquals(inputs.ofLayers().toArray(), read.inputs().ofLayers().toArray());
        assertArrayEquals(new float[] {7}, read.keys().get(1));
        assertArrayEquals(new float[] {8, 9}, read.keys().get(3));
        assertEquals(0, copy(CarriedStates.none()).keys().size());
    }

    private static CarriedStates copy(CarriedStates carried) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CarriedFiles.write(new DataOutputStream(bytes), carried);
        return CarriedFiles.read(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
    }
}
