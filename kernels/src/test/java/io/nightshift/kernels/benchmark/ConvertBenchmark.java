package io.nightshift.kernels.benchmark;

import io.nightshift.kernels.BF16;
import io.nightshift.kernels.BlockInputs;
import io.nightshift.kernels.F16;
import io.nightshift.kernels.F32;
import io.nightshift.kernels.reference.ScalarHalf;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
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

/** Weights converted or checked a microsecond (that is, millions a second), beside scalar loops, in cache. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public class ConvertBenchmark {
    private static final int COUNT = 1 << 15;
    private static final VarHandle SHORTS =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

    @Param({"vector", "scalar"})
    String implementation;

    private final float[] weights = BlockInputs.NORMAL.rows(1, COUNT, 1);
    private final byte[] f16 = new byte[2 * COUNT];
    private final byte[] bf16 = new byte[2 * COUNT];
    private final float[] floats = new float[COUNT];
    private final byte[] words = new byte[2 * COUNT];
    private boolean vector;

    @Setup
    public void setUp() {
        F16.fromFloats(weights, 0, f16, 0, COUNT);
        BF16.fromFloats(weights, 0, bf16, 0, COUNT);
        vector = implementation.equals("vector");
    }

    @Benchmark
    @OperationsPerInvocation(COUNT)
    public int bf16ToFloats() {
        if (vector) {
            return BF16.toFloats(bf16, 0, floats, 0, COUNT);
        }
        int bad = -1;
        for (int i = 0; i < COUNT; i++) {
            floats[i] = ScalarHalf.fromBF16((short) SHORTS.get(bf16, 2 * i));
            bad = Float.isFinite(floats[i]) ? bad : i;
        }
        return bad;
    }

    @Benchmark
    @OperationsPerInvocation(COUNT)
    public int f16ToFloats() {
        if (vector) {
            return F16.toFloats(f16, 0, floats, 0, COUNT);
        }
        int bad = -1;
        for (int i = 0; i < COUNT; i++) {
            floats[i] = ScalarHalf.fromF16((short) SHORTS.get(f16, 2 * i));
            bad = Float.isFinite(floats[i]) ? bad : i;
        }
        return bad;
    }

    @Benchmark
    @OperationsPerInvocation(COUNT)
    public int bf16ToF16() {
        if (vector) {
            return BF16.toF16(bf16, 0, words, 0, COUNT);
        }
        int bad = -1;
        for (int i = 0; i < COUNT; i++) {
            float value = ScalarHalf.fromBF16((short) SHORTS.get(bf16, 2 * i));
            SHORTS.set(words, 2 * i, ScalarHalf.toF16(value));
            bad = Float.isFinite(value) ? bad : i;
        }
        return bad;
    }

    @Benchmark
    @OperationsPerInvocation(COUNT)
    public byte[] f16FromFloats() {
        if (vector) {
            F16.fromFloats(weights, 0, words, 0, COUNT);
        } else {
            for (int i = 0; i < COUNT; i++) {
                SHORTS.set(words, 2 * i, ScalarHalf.toF16(weights[i]));
            }
        }
        return words;
    }

    @Benchmark
    @OperationsPerInvocation(COUNT)
    public byte[] bf16FromFloats() {
        if (vector) {
            BF16.fromFloats(weights, 0, words, 0, COUNT);
        } else {
            for (int i = 0; i < COUNT; i++) {
                SHORTS.set(words, 2 * i, ScalarHalf.toBF16(weights[i]));
            }
        }
        return words;
    }

    @Benchmark
    @OperationsPerInvocation(COUNT)
    public int firstNonFiniteBf16() {
        if (vector) {
            return BF16.firstNonFinite(bf16, 0, COUNT);
        }
        for (int i = 0; i < COUNT; i++) {
            if ((bf16[2 * i + 1] & 0x7f) == 0x7f && bf16[2 * i] < 0) {
                return i;
            }
        }
        return -1;
    }

    @Benchmark
    @OperationsPerInvocation(COUNT)
    public int firstNonFiniteFloat() {
        if (vector) {
            return F32.firstNonFinite(weights, 0, COUNT);
        }
        for (int i = 0; i < COUNT; i++) {
            if (!Float.isFinite(weights[i])) {
                return i;
            }
        }
        return -1;
    }
}
