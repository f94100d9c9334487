package io.nightshift.kernels.benchmark;

import io.nightshift.kernels.linear.Gemm;
import io.nightshift.kernels.linear.Gram;
import io.nightshift.kernels.linear.PackedActivations;
import io.nightshift.kernels.linear.RandomFloats;
import io.nightshift.kernels.linear.WeightRows;
import io.nightshift.kernels.parallel.Workers;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Products for the layers of a 7B model, packing included. The counter {@code operations} is floating-point operations
 * a nanosecond (GFLOP/s), those of the full product also for the Gram matrix, of which half is computed.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 2, time = 3)
@Measurement(iterations = 3, time = 3)
public class GemmBenchmark {
    private static final int BLOCK = 384;

    /** Tokens, inputs and outputs: attention, gate and up, down. */
    @Param({"512x4096x4096", "512x4096x11008", "512x11008x4096", "2048x4096x4096"})
    String shape;

    @Param("1")
    int threads;

    private Workers workers;
    private int tokens;
    private int inputs;
    private int outputs;
    private float[] activations;
    private float[] result;
    private float[][] blocks;
    private WeightRows rows;

    /** Floating-point operations. */
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Operations {
        public double operations;

        @Setup(Level.Iteration)
        public void clear() {
            operations = 0;
        }
    }

    @Setup
    public void setUp() {
        String[] sizes = shape.split("x");
        tokens = Integer.parseInt(sizes[0]);
        inputs = Integer.parseInt(sizes[1]);
        outputs = Integer.parseInt(sizes[2]);
        workers = new Workers(threads);
        activations = RandomFloats.of(tokens * inputs, 1);
        float[] weights = RandomFloats.of(outputs * inputs, 2);
        result = new float[tokens * outputs];
        blocks = new float[Gram.blocks(inputs, BLOCK)][BLOCK * BLOCK];
        rows = (from, to, column, columns, into, stride) -> {
            for (int row = from; row < to; row++) {
                System.arraycopy(weights, row * inputs + column, into, (row - from) * stride, columns);
            }
        };
    }

    @TearDown
    public void tearDown() {
        workers.close();
    }

    @Benchmark
    public float[] gemm(Operations counter) {
        PackedActivations packed = PackedActivations.of(activations, 0, tokens, inputs, workers);
        Gemm.multiply(packed, rows, outputs, null, result, 0, outputs, workers);
        counter.operations += 2.0 * tokens * inputs * outputs;
        return result;
    }

    @Benchmark
    public float[][] gram(Operations counter) {
        Gram.add(activations, tokens, inputs, BLOCK, blocks, workers);
        counter.operations += 2.0 * tokens * inputs * inputs;
        return blocks;
    }
}
