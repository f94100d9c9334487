package io.nightshift.jobs.batch.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.batch.manifest.Deadline;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PaceTest {
    private static final Instant START = Instant.parse("2026-11-27T22:00:00Z");
    private static final Instant FIVE = Instant.parse("2026-11-28T05:00:00Z");
    private static final double HOUR = 3600;

    private final Pace pace = new Pace(Optional.of(Deadline.parse("06:00", "UTC")), START, 4);

    @Test
    void withoutADeadlineEverythingStarts() {
        Pace endless = new Pace(Optional.empty(), START, 1);
        endless.measured(1, Duration.ofDays(9));
        assertEquals(Optional.empty(), endless.refusal(1e12, FIVE));
    }

    @Test
    void beforeTheFirstIsDoneACoreDoesASecondInASecond() {
        assertEquals(Optional.empty(), pace.refusal(4 * HOUR, FIVE));
        assertEquals(Optional.of("not started: by its estimate it would take 61 min on the cores at hand, past the deadline"
                + " 2026-11-28T06:00:00Z"), pace.refusal(4 * 61 * 60, FIVE));
    }

    @Test
    void laterTheRateIsThatOfAllModelsThatAreDone() {
        pace.measured(1000, Duration.ofSeconds(10));
        pace.measured(3000, Duration.ofSeconds(1990));
        assertEquals(Optional.empty(), pace.refusal(2 * HOUR, FIVE));
        assertEquals(Optional.of("not started: by its estimate it would take 61 min at this night's pace, past the deadline"
                + " 2026-11-28T06:00:00Z"), pace.refusal(2 * 61 * 60, FIVE));
    }

    @Test
    void nothingStartsAfterTheDeadlineHoweverLittleItTakes() {
        assertTrue(pace.refusal(0, FIVE.plusSeconds(3600)).orElseThrow().contains("its turn came after the deadline"));
        assertTrue(pace.refusal(1e-3, FIVE.plusSeconds(3600).minusNanos(1)).orElseThrow().contains("less than a minute"));
    }
}
