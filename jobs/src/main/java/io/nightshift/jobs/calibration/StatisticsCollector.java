package io.nightshift.jobs.calibration;

import io.nightshift.formats.forward.ActivationObserver;
import io.nightshift.formats.forward.LinearInput;
import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.kernels.linear.ColumnSums;
import io.nightshift.kernels.linear.Gram;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.transformer.ExpertChoice;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Sums up what the linear layers of one layer read, for one group of sequences. For one task.
 *
 * <p>Memory: two doubles a channel of each input and, for Gram matrices, {@code Gram.blocks(channels, size) * size *
 * size} floats of each: about 2 * channels² bytes.
 */
final class StatisticsCollector implements ActivationObserver, AutoCloseable {
    /** Channels of a side of a Gram matrix's blocks: 256 KiB each. */
    static final int BLOCK = 256;

    private static final float[][] NO_GRAM = {};

    private final StatisticsKind statistics;
    private final boolean routeAllExperts;
    private final Workers workers;
    private final Map<LinearInput, Sums> inputs = new LinkedHashMap<>();
    private final Map<String, InputSums> ofHeads = new LinkedHashMap<>();
    private long[] expertTokens = {};

    /** Sums of one input, and the blocks of its Gram matrix. */
    record Sums(InputSums sums, float[][] gram) {}

    StatisticsCollector(StatisticsKind statistics, boolean routeAllExperts, Workers workers) {
        this.statistics = statistics;
        this.routeAllExperts = routeAllExperts;
        this.workers = workers;
    }

    @Override
    public void inputs(LinearInput input, float[] activations, int tokens) {
        Sums seen = inputs.computeIfAbsent(input, this::nothingYet);
        seen.sums().addTokens(tokens);
        Gram.addSquares(activations, tokens, input.channels(), seen.sums().squares());
        ColumnSums.addAbsolutes(activations, tokens, input.channels(), seen.sums().absolutes());
        if (statistics == StatisticsKind.GRAM) {
            Gram.add(activations, tokens, input.channels(), BLOCK, seen.gram(), workers);
        }
    }

    @Override
    public boolean seesHeads() {
        return true;
    }

    @Override
    public void headInputs(int layer, String linear, Head head, float[] activations, int tokens, int channels) {
        InputSums seen = ofHeads.computeIfAbsent(linear, name ->
                InputSums.ofHeads(layer, linear, Math.multiplyExact(head.count(), channels)));
        if (head.index() == 0) {
            // Each of the heads sees all tokens.
            seen.addTokens(tokens);
        }
        double[] squares = new double[channels];
        double[] absolutes = new double[channels];
        Gram.addSquares(activations, tokens, channels, squares);
        ColumnSums.addAbsolutes(activations, tokens, channels, absolutes);
        for (int i = 0; i < channels; i++) {
            seen.squares()[head.index() * channels + i] += squares[i];
            seen.absolutes()[head.index() * channels + i] += absolutes[i];
        }
    }

    @Override
    public void routed(int layer, ExpertChoice choice) {
        long[] counts = choice.tokensOfExperts();
        if (expertTokens.length == 0) {
            expertTokens = new long[counts.length];
        }
        for (int i = 0; i < counts.length; i++) {
            expertTokens[i] += counts[i];
        }
    }

    @Override
    public boolean routesAllExperts() {
        return routeAllExperts;
    }

    /** Tokens that were routed to each expert; empty where there are none. */
    long[] expertTokens() {
        return expertTokens;
    }

    /**
     * What was seen, in the order of the layer, then what heads read, then experts ascending. Behind all of that comes, for
     * each input that experts have of their own, the sum over the experts.
     */
    List<Sums> finish() {
        List<Sums> all = new ArrayList<>();
        Map<String, Sums> pools = new LinkedHashMap<>();
        inputs.entrySet().stream()
                .filter(entry -> entry.getKey().expert() == LinearInput.NO_EXPERT)
                .forEach(entry -> all.add(entry.getValue()));
        ofHeads.values().forEach(sums -> all.add(new Sums(sums, NO_GRAM)));
        List<LinearInput> ofExperts = inputs.keySet().stream()
                .filter(input -> input.expert() != LinearInput.NO_EXPERT)
                .sorted((a, b) -> Integer.compare(a.expert(), b.expert()))
                .toList();
        for (LinearInput input : ofExperts) {
            Sums seen = inputs.get(input);
            all.add(seen);
            if (PooledExperts.arePooled(input)) {
                Sums pool = pools.computeIfAbsent(input.linears().get(0), name -> new Sums(
                        InputSums.pooled(input), gram(input.channels())));
                pool.sums().add(seen.sums());
                for (int i = 0; i < pool.gram().length; i++) {
                    add(seen.gram()[i], pool.gram()[i]);
                }
            }
        }
        all.addAll(pools.values());
        return all;
    }

    private Sums nothingYet(LinearInput input) {
        return new Sums(InputSums.of(input), gram(input.channels()));
    }

    private float[][] gram(int channels) {
        if (statistics != StatisticsKind.GRAM) {
            return NO_GRAM;
        }
        int size = BLOCK;
        return new float[Gram.blocks(channels, size)][size * size];
    }

    private static void add(float[] from, float[] to) {
        for (int i = 0; i < to.length; i++) {
            to[i] += from[i];
        }
    }

    @Override
    public void close() {
        workers.close();
    }
}
