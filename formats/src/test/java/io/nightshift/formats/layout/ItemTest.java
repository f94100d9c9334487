package io.nightshift.formats.layout;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.nightshift.formats.architecture.RowOrder;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ItemTest {
    /** What is written is the source's elements and zeros behind them, in whatever type the source is. */
    @ParameterizedTest
    @CsvSource({"F16, 96", "BF16, 1", "F32, 1"})
    void aPaddedBiasTakesNoMoreOfItsSourceThanThereIs(SafetensorsType type, long units) {
        int bytes = type.bits() / 8;
        SourceRows bias = new SourceRows(new SafetensorsTensor("k_proj.bias", type, List.of(48L), "a", 0, 48L * bytes), 0, 1,
                RowOrder.AS_IS, 0);
        Item.Copied item = new Item.Copied(
                bias, new SafetensorsTensor("k_proj.bias", SafetensorsType.F16, List.of(64L), "b", 0, 128));
        assertEquals(128, item.length());
        assertEquals(32, item.padding());
        assertEquals(units, item.units());
        assertEquals(96, item.units() * item.unitBytes());
    }
}
