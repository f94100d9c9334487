package io.nightshift.jobs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class NightBarsTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private long nanos;

    private NightBars bars(int columns) {
        return new NightBars(new PrintStream(out, true, StandardCharsets.UTF_8), columns, () -> nanos);
    }

    /** What a terminal shows: a line ends, or a sequence goes up so many lines and clears them. */
    private List<String> screen() {
        List<String> lines = new ArrayList<>();
        String left = out.toString(StandardCharsets.UTF_8);
        while (!left.isEmpty()) {
            if (left.startsWith("\u001b[")) {
                int up = Integer.parseInt(left.substring(2, left.indexOf('A')));
                lines.subList(lines.size() - up, lines.size()).clear();
                left = left.substring(left.indexOf('J') + 1);
            } else {
                int end = left.indexOf(System.lineSeparator());
                lines.add(left.substring(0, end));
                left = left.substring(end + System.lineSeparator().length());
            }
        }
        return lines;
    }

    @Test
    void aBarForEachModelAtWorkStaysBelowTheLines() {
        NightBars bars = bars(80);
        bars.reached("one", "calibrating", 0.5);
        bars.reached("two", "writing", 0);
        bars.line("two", "warning: no card");
        assertEquals(List.of(
                "two: warning: no card",
                "[==========          ]  50 %  one: calibrating",
                "[                    ]   0 %  two: writing"), screen());
        bars.ended("one");
        bars.line("one", "gguf:Q8_0 complete");
        assertEquals(List.of(
                "two: warning: no card",
                "one: gguf:Q8_0 complete",
                "[                    ]   0 %  two: writing"), screen());
        bars.ended("two");
        assertEquals(List.of("two: warning: no card", "one: gguf:Q8_0 complete"), screen());
    }

    @Test
    void whatOthersPrintStandsAboveTheBars() {
        NightBars bars = bars(80);
        bars.reached("one", "writing", 0);
        PrintStream others = bars.stream();
        others.print("nightshift: inter");
        others.println("rupted");
        bars.line("one", "failed: Spark was stopped");
        bars.ended("one");
        assertEquals(List.of("nightshift: interrupted", "one: failed: Spark was stopped"), screen());
    }

    @Test
    void isDrawnTenTimesASecondAtMost() {
        NightBars bars = bars(80);
        bars.reached("one", "writing", 0);
        bars.reached("one", "writing", 0.3);
        assertEquals(List.of("[                    ]   0 %  one: writing"), screen());
        nanos += 100_000_000;
        bars.reached("one", "writing", 1);
        assertEquals(List.of("[====================] 100 %  one: writing"), screen());
    }

    @Test
    void noLineIsAsWideAsTheTerminal() {
        bars(30).reached("a-model-with-a-long-name", "searching scales", 0);
        assertEquals(List.of(29), screen().stream().map(String::length).toList());
    }
}
