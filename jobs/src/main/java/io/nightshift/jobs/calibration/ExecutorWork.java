package io.nightshift.jobs.calibration;

import io.nightshift.jobs.forward.LayerWork;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What executors did, layer by layer and in all. */
final class ExecutorWork {
    /** What one executor did: seconds are those between the start of its first task and the end of its last one. */
    private record Share(long tokens, long bytesRead, double seconds) {
        static Share of(List<LayerWork> tasks) {
            long start = tasks.stream().mapToLong(LayerWork::start).min().orElseThrow();
            // Clocks may begin anywhere, so that times are compared by their differences.
            long nanos = tasks.stream().mapToLong(task -> task.start() - start + task.nanos()).max().orElseThrow();
            return new Share(
                    tasks.stream().mapToLong(LayerWork::tokens).sum(),
                    tasks.stream().mapToLong(LayerWork::bytesRead).sum(),
                    nanos * 1e-9);
        }

        Share plus(Share other) {
            return new Share(tokens + other.tokens, bytesRead + other.bytesRead, seconds + other.seconds);
        }
    }

    private final Map<String, Share> all = new TreeMap<>();

    /**
     * Adds a layer.
     *
     * @param tasks one a group
     * @return what each executor did for it
     */
    List<CalibrateResult.Executor> add(List<LayerWork> tasks) {
        Map<String, List<LayerWork>> byExecutor = new TreeMap<>();
        tasks.forEach(task -> byExecutor.computeIfAbsent(task.executor(), name -> new ArrayList<>()).add(task));
        Map<String, Share> shares = new TreeMap<>();
        byExecutor.forEach((executor, work) -> shares.put(executor, Share.of(work)));
        shares.forEach((executor, share) -> all.merge(executor, share, Share::plus));
        return executors(shares);
    }

    /** What each executor did for all layers. */
    List<CalibrateResult.Executor> inAll() {
        return executors(all);
    }

    private static List<CalibrateResult.Executor> executors(Map<String, Share> shares) {
        List<CalibrateResult.Executor> executors = new ArrayList<>();
        shares.forEach((executor, share) -> executors.add(new CalibrateResult.Executor(
                executor, share.tokens(), share.bytesRead(), share.tokens() / Math.max(1e-9, share.seconds()))));
        return executors;
    }
}
