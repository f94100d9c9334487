package io.nightshift.kernels.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.nightshift.kernels.BlockInputs;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Golden;
import io.nightshift.kernels.QuantizedInputs;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every quantizer against the digests of ggml's own output. */
class QuantizerGoldenTest {
    @ParameterizedTest(name = "{0} of {1}, importance {2}")
    @MethodSource("io.nightshift.kernels.QuantizedInputs#cases")
    void givesTheBytesOfGgml(GgmlType type, BlockInputs kind, boolean importance) {
        assertEquals(new Golden(type).digest(kind, importance), Golden.sha256(QuantizedInputs.blocks(type, kind, importance)));
    }
}
