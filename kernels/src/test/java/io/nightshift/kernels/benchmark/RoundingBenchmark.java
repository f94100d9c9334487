package io.nightshift.kernels.benchmark;

import io.nightshift.kernels.BlockInputs;
import io.nightshift.kernels.CorrelatedInputs;
import io.nightshift.kernels.encoding.IntegerGroups;
import io.nightshift.kernels.encoding.ScaleType;
import io.nightshift.kernels.linear.GramLoss;
import io.nightshift.kernels.linear.GramMatrix;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.rounding.Damping;
import io.nightshift.kernels.rounding.ErrorFeedback;
import io.nightshift.kernels.rounding.FeedbackFactor;
import io.nightshift.kernels.rounding.Grid;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
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
 * Milliseconds on one core: the factor (a third of channels³ multiply-adds in double precision), and for 256 rows of
 * weights rounding with error feedback and the loss of a change (half of channels² multiply-adds a row each).
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 2)
public class RoundingBenchmark {
    private static final int ROWS = 256;

    @Param({"1024", "4096"})
    int channels;

    private GramMatrix gram;
    private FeedbackFactor factor;
    private GramLoss loss;
    private float[] weights;
    private Grid grid;
    private byte[] levels;
    private Workers workers;

    @Setup
    public void setUp() {
        workers = new Workers(1);
        gram = CorrelatedInputs.gram(512, channels, 1);
        factor = FeedbackFactor.of(gram, null, Damping.DEFAULT, workers);
        loss = GramLoss.of(gram, workers);
        weights = BlockInputs.BF16_NORMAL.rows(ROWS, channels, 1);
        grid = new IntegerGroups(4, 128, false, ScaleType.F16).grid(weights, 0, ROWS, channels, null).grid();
        levels = new byte[weights.length];
    }

    @TearDown
    public void tearDown() {
        workers.close();
    }

    @Benchmark
    public FeedbackFactor factorise() {
        return FeedbackFactor.of(gram, null, Damping.DEFAULT, workers);
    }

    @Benchmark
    public byte[] roundWithErrorFeedback() {
        ErrorFeedback.round(factor, weights, 0, grid, levels, workers);
        return levels;
    }

    @Benchmark
    public double[] loss() {
        return loss.ofRows(weights, 0, ROWS, workers);
    }
}
