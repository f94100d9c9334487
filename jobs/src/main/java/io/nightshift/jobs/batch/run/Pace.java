package io.nightshift.jobs.batch.run;

import io.nightshift.jobs.batch.manifest.Deadline;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Whether a model would be done by the deadline: the slowest model of this night so far, by its bytes, says how long one
 * takes. Before the first is done nobody knows, and all that comes before the deadline may start.
 */
final class Pace {
    private final Optional<Instant> end;
    private double secondsPerByte;

    Pace(Optional<Deadline> deadline, Instant start) {
        end = deadline.map(until -> until.after(start));
    }

    /** A model is done. */
    synchronized void measured(long work, double seconds) {
        if (work > 0) {
            secondsPerByte = Math.max(secondsPerByte, seconds / work);
        }
    }

    /** Why a model must not start now; empty if it may. */
    synchronized Optional<String> refusal(long work, Instant now) {
        if (end.isEmpty() || work == 0) {
            return Optional.empty();
        }
        if (!now.isBefore(end.get())) {
            return Optional.of("not started: its turn came after the deadline " + end.get());
        }
        long seconds = Math.round(secondsPerByte * work);
        return now.plusSeconds(seconds).isAfter(end.get())
                ? Optional.of("not started: it would take " + Duration.ofSeconds(seconds).toMinutes()
                        + " min at this night's pace, past the deadline " + end.get())
                : Optional.empty();
    }
}
