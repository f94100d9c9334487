package io.nightshift.kernels.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.nightshift.kernels.BlockInputs;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Golden;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every quantizer against the digests of ggml's own output. */
class QuantizerGoldenTest {
    static List<Arguments> cases() {
        List<Arguments> cases = new ArrayList<>();
        for (GgmlType type : Quantizers.types()) {
            Golden golden = new Golden(type);
            for (BlockInputs kind : BlockInputs.values()) {
                for (boolean importance : new boolean[] {false, true}) {
                    if (golden.has(kind, importance)) {
                        cases.add(Arguments.of(type, kind, importance));
                    }
                }
            }
        }
        return cases;
    }

    @ParameterizedTest(name = "{0} of {1}, importance {2}")
    @MethodSource("cases")
    void givesTheBytesOfGgml(GgmlType type, BlockInputs kind, boolean importance) {
        float[] rows = kind.rows();
        byte[] blocks = new byte[Math.toIntExact(BlockInputs.ROWS * type.rowBytes(BlockInputs.COLUMNS))];
        Quantizers.create(type)
                .quantize(
                        rows, 0, BlockInputs.ROWS, BlockInputs.COLUMNS, importance ? kind.importance() : null, 0, blocks, 0);
        assertEquals(new Golden(type).digest(kind, importance), Golden.sha256(blocks));
    }
}
