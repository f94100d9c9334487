package io.nightshift.kernels.benchmark;

import io.nightshift.kernels.BlockValidator;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.dequantize.Dequantizers;
import io.nightshift.kernels.dequantize.RowDequantizer;
import io.nightshift.kernels.reference.ScalarDequantizer;
import java.util.SplittableRandom;
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

/** Weights dequantized, and validated, a microsecond (that is, millions a second): random blocks, in cache. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public class DequantizeBenchmark {
    private static final int WEIGHTS = 16 * 2048;

    @Param({
        "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL",
        "IQ4_XS", "IQ3_XXS", "IQ3_S", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ1_S", "IQ1_M", "TQ1_0", "TQ2_0", "MXFP4", "Q1_0", "Q2_0"
    })
    GgmlType type;

    @Param({"vector", "scalar"})
    String implementation;

    private final float[] weights = new float[WEIGHTS];
    private byte[] blocks;
    private RowDequantizer dequantizer;

    @Setup
    public void setUp() {
        blocks = new byte[Math.toIntExact(type.rowBytes(WEIGHTS))];
        SplittableRandom random = new SplittableRandom(1);
        byte[] block = new byte[type.blockBytes()];
        for (int offset = 0; offset < blocks.length; offset += block.length) {
            do {
                random.nextBytes(block);
            } while (BlockValidator.firstInvalidBlock(type, block, 0, block.length) >= 0);
            System.arraycopy(block, 0, blocks, offset, block.length);
        }
        dequantizer = implementation.equals("vector") ? Dequantizers.of(type) : new ScalarDequantizer(type);
    }

    @Benchmark
    @OperationsPerInvocation(WEIGHTS)
    public float[] dequantize() {
        dequantizer.dequantize(blocks, 0, weights, 0, WEIGHTS);
        return weights;
    }

    @Benchmark
    @OperationsPerInvocation(WEIGHTS)
    public int validate() {
        return BlockValidator.firstInvalidBlock(type, blocks, 0, blocks.length);
    }
}
