package io.nightshift.kernels;

import io.nightshift.kernels.quantize.Quantizers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.params.provider.Arguments;

/** What the quantizers make of {@link BlockInputs}, once for all tests of a JVM: golden digests, validity, dequantized. */
public final class QuantizedInputs {
    private static final Map<Case, byte[]> MADE = new ConcurrentHashMap<>();

    private QuantizedInputs() {}

    private record Case(GgmlType type, BlockInputs kind, boolean importance) {
        byte[] quantize() {
            byte[] blocks = new byte[Math.toIntExact(BlockInputs.ROWS * type.rowBytes(BlockInputs.COLUMNS))];
            Quantizers.create(type).quantize(kind.rows(), 0, BlockInputs.ROWS, BlockInputs.COLUMNS,
                    importance ? kind.importance() : null, 0, blocks, 0);
            return blocks;
        }
    }

    /**
     * Type, kind and whether with importance, of all that ggml's digests are known of; where the machine lacks the lanes, each
     * third kind of a type.
     */
    public static List<Arguments> cases() {
        List<Arguments> cases = new ArrayList<>();
        for (GgmlType type : Quantizers.types()) {
            Golden golden = new Golden(type);
            for (BlockInputs kind : BlockInputs.values()) {
                for (boolean importance : new boolean[] {false, true}) {
                    boolean leftOut = MachineLanes.missing() && (type.ordinal() + kind.ordinal()) % 3 != 0;
                    if (golden.has(kind, importance) && !leftOut) {
                        cases.add(Arguments.of(type, kind, importance));
                    }
                }
            }
        }
        return cases;
    }

    /** The blocks of one, {@link BlockInputs#ROWS} rows of {@link BlockInputs#COLUMNS} weights. */
    public static byte[] blocks(GgmlType type, BlockInputs kind, boolean importance) {
        return MADE.computeIfAbsent(new Case(type, kind, importance), Case::quantize).clone();
    }
}
