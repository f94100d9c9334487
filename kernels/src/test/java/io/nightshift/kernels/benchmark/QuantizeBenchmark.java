package io.nightshift.kernels.benchmark;

import io.nightshift.kernels.BlockInputs;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.quantize.Quantizers;
import io.nightshift.kernels.quantize.RowQuantizer;
import io.nightshift.kernels.reference.ScalarQuantizers;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Weights quantized a microsecond (that is, millions a second), beside the scalar reference, in cache. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public class QuantizeBenchmark {
    private static final int ROWS = 16;
    private static final int COLUMNS = 2048;

    /** IQ1_S, IQ2_XXS and IQ2_XS fail without importance, as they must. */
    @Param({
        "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS", "IQ1_S",
        "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS", "IQ3_S", "TQ1_0", "TQ2_0", "MXFP4", "Q1_0", "Q2_0"
    })
    GgmlType type;

    @Param({"vector", "scalar"})
    String implementation;

    @Param({"false", "true"})
    boolean importance;

    private final float[] weights = BlockInputs.BF16_NORMAL.rows(ROWS, COLUMNS, 1);
    private float[] columnImportance;
    private byte[] blocks;
    private RowQuantizer quantizer;

    @Setup
    public void setUp() {
        columnImportance = importance ? BlockInputs.importance(COLUMNS, 1) : null;
        blocks = new byte[Math.toIntExact(ROWS * type.rowBytes(COLUMNS))];
        quantizer = implementation.equals("vector") ? Quantizers.create(type) : ScalarQuantizers.create(type);
    }

    @Benchmark
    @OperationsPerInvocation(ROWS * COLUMNS)
    public byte[] quantize() {
        quantizer.quantize(weights, 0, ROWS, COLUMNS, columnImportance, 0, blocks, 0);
        return blocks;
    }
}
