package io.nightshift.jobs.batch.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.batch.manifest.Deadline;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PaceTest {
    private static final Instant START = Instant.parse("2026-11-27T22:00:00Z");
    private static final Instant FIVE = Instant.parse("2026-11-28T05:00:00Z");

    private final Pace pace = new Pace(Optional.of(Deadline.parse("06:00", "UTC")), START);

    @Test
    void withoutADeadlineEverythingStarts() {
        Pace endless = new Pace(Optional.empty(), START);
        endless.measured(1, 1e9);
        assertEquals(Optional.empty(), endless.refusal(1L << 50, FIVE));
    }

    @Test
    void whatWouldNotBeDoneAtThePaceOfTheSlowestDoesNotStart() {
        assertEquals(Optional.empty(), pace.refusal(1L << 50, FIVE));
        pace.measured(1000, 10);
        pace.measured(1000, 1000);
        pace.measured(1000, 20);
        assertEquals(Optional.empty(), pace.refusal(3600, FIVE));
        assertEquals(Optional.of("not started: it would take 61 min at this night's pace, past the deadline"
                + " 2026-11-28T06:00:00Z"), pace.refusal(3660, FIVE));
    }

    @Test
    void nothingStartsAfterTheDeadlineButWhatIsCompleteIsLookedAt() {
        Instant six = FIVE.plusSeconds(3600);
        assertTrue(pace.refusal(1, six).orElseThrow().contains("its turn came after the deadline"));
        assertEquals(Optional.empty(), pace.refusal(0, six));
    }
}
