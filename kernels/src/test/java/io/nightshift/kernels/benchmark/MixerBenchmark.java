package io.nightshift.kernels.benchmark;

import io.nightshift.kernels.linear.CausalAttention;
import io.nightshift.kernels.linear.GatedDeltaRule;
import io.nightshift.kernels.linear.HeadAttention;
import io.nightshift.kernels.linear.RandomFloats;
import io.nightshift.kernels.linear.SelectiveScan;
import io.nightshift.kernels.linear.TokenChannels;
import java.util.Arrays;
import java.util.List;
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
import org.openjdk.jmh.annotations.Warmup;

/**
 * What mixes the tokens of a sequence, projections aside: full attention, the delta rule and Mamba 2's scan of the same width,
 * 2,048; and heads of DeepSeek's attention of that width, whose keys have a part in common. The scan has twice the channels, as
 * models have it.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 2, time = 3)
@Measurement(iterations = 3, time = 3)
public class MixerBenchmark {
    private static final int KEY_HEADS = 8;
    private static final int VALUE_HEADS = 16;
    private static final int SIZE = 128;
    private static final int DELTA_CHANNELS = (2 * KEY_HEADS + VALUE_HEADS) * SIZE;
    private static final int QUERY_HEADS = 8;
    private static final int SHARED_HEADS = 2;
    private static final int QUERY_SIZE = 256;
    private static final int QUERIES = QUERY_HEADS * QUERY_SIZE;
    private static final int KEYS = SHARED_HEADS * QUERY_SIZE;
    private static final int ATTENTION_CHANNELS = QUERIES + 2 * KEYS;

    private static final int LATENT_HEADS = 16;
    private static final int UNROTATED = 128;
    private static final int ROTATED = 64;
    private static final int LATENT_QUERIES = LATENT_HEADS * (UNROTATED + ROTATED);
    private static final int DECOMPRESSED = LATENT_HEADS * 2 * UNROTATED;

    private static final SelectiveScan SCAN = new SelectiveScan(1, 64, 128, 64);

    @Param({"256", "2048"})
    int tokens;

    private float[] scanned;
    private float[] mixed;
    private float[] attended;
    private float[] asked;
    private float[] decompressed;
    private float[] decays;
    private float[] shares;
    private float[] result;

    @Setup
    public void setUp() {
        mixed = RandomFloats.of(tokens * DELTA_CHANNELS, 1);
        for (int i = 0; i < mixed.length; i++) {
            mixed[i] /= (float) Math.sqrt(SIZE);
        }
        scanned = RandomFloats.of(tokens * SCAN.inputs(), 5);
        attended = RandomFloats.of(tokens * ATTENTION_CHANNELS, 2);
        asked = RandomFloats.of(tokens * LATENT_QUERIES, 3);
        decompressed = RandomFloats.of(tokens * (DECOMPRESSED + ROTATED), 4);
        decays = new float[tokens * SCAN.heads()];
        shares = new float[tokens * SCAN.heads()];
        Arrays.fill(decays, -0.1f);
        Arrays.fill(shares, 0.5f);
        result = new float[tokens * SCAN.channels()];
    }

    @Benchmark
    public float[] deltaRule() {
        GatedDeltaRule rule = new GatedDeltaRule(KEY_HEADS, VALUE_HEADS, SIZE, SIZE);
        for (int head = 0; head < VALUE_HEADS; head++) {
            rule.apply(head, mixed, 0, DELTA_CHANNELS, decays, shares, 0, tokens, result, 0, VALUE_HEADS * SIZE);
        }
        return result;
    }

    @Benchmark
    public float[] scan() {
        float[] skips = new float[SCAN.heads()];
        for (int piece = 0; piece < SCAN.pieces(); piece++) {
            SCAN.apply(piece, scanned, 0, SCAN.inputs(), decays, shares, 0, skips, tokens, result, 0, SCAN.channels());
        }
        return result;
    }

    @Benchmark
    public float[] attention() {
        CausalAttention attention = new CausalAttention(QUERY_HEADS, SHARED_HEADS, QUERY_SIZE, 0.0625f, 0, 0);
        for (int head = 0; head < QUERY_HEADS; head++) {
            attention.attend(head, attended, 0, ATTENTION_CHANNELS, attended, QUERIES, ATTENTION_CHANNELS, attended,
                    QUERIES + KEYS, ATTENTION_CHANNELS, tokens, result, 0, QUERIES, CausalAttention.NO_SINK);
        }
        return result;
    }

    @Benchmark
    public float[] latentAttention() {
        int stride = DECOMPRESSED + ROTATED;
        HeadAttention attention = new HeadAttention(0.072f, 0, 0);
        for (int head = 0; head < LATENT_HEADS; head++) {
            int at = head * 2 * UNROTATED;
            TokenChannels query =
                    new TokenChannels(asked, head * (UNROTATED + ROTATED), LATENT_QUERIES, UNROTATED + ROTATED);
            List<TokenChannels> keys = List.of(new TokenChannels(decompressed, at, stride, UNROTATED),
                    new TokenChannels(decompressed, DECOMPRESSED, stride, ROTATED));
            attention.attend(query, keys, new TokenChannels(decompressed, at + UNROTATED, stride, UNROTATED), tokens, result,
                    head * UNROTATED, LATENT_HEADS * UNROTATED, HeadAttention.NO_SINK);
        }
        return result;
    }
}
