package io.nightshift.kernels.benchmark;

import io.nightshift.kernels.BlockInputs;
import io.nightshift.kernels.CorrelatedInputs;
import io.nightshift.kernels.encoding.EncodedRows;
import io.nightshift.kernels.encoding.Metric;
import io.nightshift.kernels.encoding.RowCoder;
import io.nightshift.kernels.encoding.RowEncoding;
import io.nightshift.kernels.exl2.Exl2Encoding;
import io.nightshift.kernels.exl2.GroupLayout;
import io.nightshift.kernels.linear.GramMatrix;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.rounding.Damping;
import io.nightshift.kernels.rounding.FeedbackFactor;
import java.io.IOException;
import java.util.Arrays;
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
 * Milliseconds on one core for 256 rows of EXL2: the search of what rows share, rounding with error feedback, reading back, and
 * rows that are rounded each for itself.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 2)
public class Exl2Benchmark {
    private static final int ROWS = 256;
    private static final int GROUP = 128;

    @Param({"1024", "4096"})
    int channels;

    private FeedbackFactor factor;
    private Metric.Statistics metric;
    private Metric.Importance importance;
    private float[] weights;
    private Exl2Encoding encoding;
    private RowCoder coder;
    private EncodedRows encoded;
    private float[] values;
    private Workers workers;

    @Setup
    public void setUp() throws IOException {
        workers = new Workers(1);
        GramMatrix gram = CorrelatedInputs.gram(512, channels, 1);
        factor = FeedbackFactor.of(gram, null, Damping.DEFAULT, workers);
        metric = new Metric.Statistics(gram.diagonal(), gram);
        importance = new Metric.Importance(gram.diagonal());
        weights = BlockInputs.BF16_NORMAL.rows(ROWS, channels, 1);
        int[] bits = new int[channels / GROUP];
        int[] sizes = new int[channels / GROUP];
        Arrays.fill(bits, 4);
        Arrays.fill(sizes, GROUP);
        encoding = new Exl2Encoding("1:4b_128g", GroupLayout.of(channels, bits, sizes));
        coder = settle().coder();
        encoded = roundWithErrorFeedback();
        values = new float[weights.length];
    }

    @TearDown
    public void tearDown() {
        workers.close();
    }

    @Benchmark
    public RowEncoding settle() throws IOException {
        return encoding.settle(action -> action.apply(weights, ROWS), factor, workers);
    }

    @Benchmark
    public EncodedRows roundWithErrorFeedback() {
        return coder.feedback(null, weights, ROWS, factor, metric, workers);
    }

    @Benchmark
    public float[] decode() {
        coder.decode(encoded, 0, ROWS, values, 0);
        return values;
    }

    @Benchmark
    public EncodedRows eachForItself() {
        return encoding.coder().nearest(weights, 0, ROWS, channels, importance, workers);
    }
}
