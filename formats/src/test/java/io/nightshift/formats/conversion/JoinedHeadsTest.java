package io.nightshift.formats.conversion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.gguf.GgufTensor;
import io.nightshift.kernels.GgmlType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;

class JoinedHeadsTest {
    private static final int HEADS = 3;
    private static final int KEYS = 4;
    private static final int VALUES = 2;
    private static final int COLUMNS = 5;
    private static final int OF_HEAD = KEYS + VALUES;

    private final GgufTensor keys = tensor("keys", KEYS, COLUMNS, HEADS);
    private final GgufTensor values = tensor("values", COLUMNS, VALUES, HEADS);

    private static GgufTensor tensor(String name, long... shape) {
        return new GgufTensor(name, List.of(shape[0], shape[1], shape[2]), GgmlType.F32, 0);
    }

    /** Whichever rows are asked for, element (row, column) is 100 * row + column. */
    @Test
    void rowsAreThoseOfAHeadsKeysAndThenOfItsValues() throws IOException {
        JoinedHeads joined = JoinedHeads.of(keys, values, HEADS * OF_HEAD, COLUMNS).orElseThrow();
        for (int from = 0; from <= HEADS * OF_HEAD; from++) {
            for (int to = from; to <= HEADS * OF_HEAD; to++) {
                byte[] rows = new byte[(to - from) * COLUMNS * Float.BYTES];
                joined.read(from, to, JoinedHeadsTest::read, rows);
                ByteBuffer floats = ByteBuffer.wrap(rows).order(ByteOrder.LITTLE_ENDIAN);
                for (int i = 0; i < (to - from) * COLUMNS; i++) {
                    assertEquals(100 * (from + i / COLUMNS) + i % COLUMNS, floats.getFloat(), from + " to " + to);
                }
            }
        }
    }

    private static void read(GgufTensor tensor, long from, long to, byte[] into) {
        boolean ofKeys = tensor.name().equals("keys");
        ByteBuffer floats = ByteBuffer.wrap(into).order(ByteOrder.LITTLE_ENDIAN);
        for (long row = from; row < to; row++) {
            long head = row / (ofKeys ? COLUMNS : VALUES);
            for (int column = 0; column < tensor.columns(); column++) {
                floats.putFloat(ofKeys
                        ? 100 * (head * OF_HEAD + column) + row % COLUMNS
                        : 100 * (head * OF_HEAD + KEYS + row % VALUES) + column);
            }
        }
    }

    @Test
    void partsOfOtherMatricesAreRefused() {
        assertTrue(JoinedHeads.of(keys, values, HEADS * OF_HEAD + 1, COLUMNS).isEmpty());
        assertTrue(JoinedHeads.of(keys, values, HEADS * OF_HEAD, COLUMNS + 1).isEmpty());
        assertTrue(JoinedHeads.of(tensor("keys", KEYS, COLUMNS, 2), values, HEADS * OF_HEAD, COLUMNS).isEmpty());
        assertTrue(JoinedHeads.of(tensor("keys", COLUMNS, KEYS, HEADS), values, HEADS * OF_HEAD, COLUMNS).isEmpty());
    }
}
