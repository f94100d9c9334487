package io.nightshift.jobs.batch.run;

import io.nightshift.jobs.batch.manifest.Deadline;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Whether a model would be done by the deadline: the core seconds of its estimate, over those that this night's models did
 * in a second. Before the first is done, a core does one in a second: how fast the cores are, and what an estimate leaves
 * out, nobody knows by then.
 */
final class Pace {
    private final Optional<Instant> end;
    private final double cores;
    private double done;
    private double seconds;

    /** @param cores that a model has for itself, while others run beside it */
    Pace(Optional<Deadline> deadline, Instant start, double cores) {
        end = deadline.map(until -> until.after(start));
        this.cores = cores;
    }

    /**
     * A model is done, all that its estimate counts.
     *
     * @param coreSeconds of the estimate
     * @param took by the clock, others running beside it as they did
     */
    synchronized void measured(double coreSeconds, Duration took) {
        done += coreSeconds;
        seconds += took.toMillis() / 1000.0;
    }

    /** Why a model must not start now; empty if it may. */
    synchronized Optional<String> refusal(double coreSeconds, Instant now) {
        if (end.isEmpty()) {
            return Optional.empty();
        }
        if (!now.isBefore(end.get())) {
            return Optional.of("not started: its turn came after the deadline " + end.get());
        }
        double rate = done > 0 && seconds > 0 ? done / seconds : cores;
        Duration needed = Duration.ofMillis((long) Math.ceil(1000 * coreSeconds / rate));
        return now.plus(needed).isAfter(end.get())
                ? Optional.of("not started: by its estimate it would take " + words(needed)
                        + (done > 0 && seconds > 0 ? " at this night's pace" : " on the cores at hand")
                        + ", past the deadline " + end.get())
                : Optional.empty();
    }

    private static String words(Duration time) {
        return time.toMinutes() < 1 ? "less than a minute" : time.toMinutes() + " min";
    }
}
