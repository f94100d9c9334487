package io.nightshift.jobs.calibration;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.nightshift.formats.statistics.StatisticsKind;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class CalibrationOptionsTest {
    private static CalibrationOptions options(OptionalInt groups) {
        return new CalibrationOptions(
                new CalibrationInput.Tokens("tokens.safetensors"), groups, StatisticsKind.GRAM, 32, false);
    }

    @Test
    void thereIsAGroupForEachThousandTokensAndNoMoreThan16() {
        CalibrationOptions options = options(OptionalInt.empty());
        assertEquals(16, options.groupsOf(128, 512));
        assertEquals(16, options.groupsOf(100_000, 512));
        assertEquals(4, options.groupsOf(8, 512));
        assertEquals(7, options.groupsOf(31, 256));
        assertEquals(1, options.groupsOf(3, 100));
        assertEquals(2, options.groupsOf(2, 8192));
    }

    @Test
    void asManyAsAskedForAndNoMoreThanSequences() {
        assertEquals(40, options(OptionalInt.of(40)).groupsOf(128, 512));
        assertEquals(3, options(OptionalInt.of(40)).groupsOf(3, 512));
    }
}
