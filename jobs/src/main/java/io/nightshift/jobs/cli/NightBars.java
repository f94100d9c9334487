package io.nightshift.jobs.cli;

import io.nightshift.jobs.batch.run.NightProgress;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * A bar for each model that is at work, below the lines of all models and whatever else is printed there ({@link #stream}).
 * Control sequences of ECMA-48 take the bars away before a line and put them below it again.
 */
final class NightBars implements NightProgress {
    private static final long REDRAWN_EVERY_NANOS = 100_000_000;
    private static final int BAR = 20;

    /** Moves up so many lines and clears all from there on. */
    private static final String UP_AND_CLEAR = "\u001b[%dA\u001b[J";

    private final PrintStream out;
    private final int columns;
    private final LongSupplier clock;
    private final Map<String, String> bars = new LinkedHashMap<>();
    private int drawn;
    private long lastDrawn;

    /**
     * Bars on a terminal.
     *
     * @param columns of it
     * @param clock nanoseconds: bars are drawn ten times a second at most
     */
    NightBars(PrintStream out, int columns, LongSupplier clock) {
        this.out = out;
        this.columns = columns;
        this.clock = clock;
        lastDrawn = clock.getAsLong() - REDRAWN_EVERY_NANOS;
    }

    @Override
    public boolean isInterrupted() {
        return Interruption.ofProcess().hasBegun();
    }

    /** For all else that goes to the terminal, such as errors that Spark logs: whole lines stand above the bars. */
    PrintStream stream() {
        return new PrintStream(new OutputStream() {
            private final ByteArrayOutputStream line = new ByteArrayOutputStream();

            @Override
            public synchronized void write(int value) {
                line.write(value);
                if (value == '\n') {
                    above(line.toString(StandardCharsets.UTF_8));
                    line.reset();
                }
            }
        }, true, StandardCharsets.UTF_8);
    }

    private synchronized void above(String line) {
        draw(line);
    }

    @Override
    public synchronized void line(String model, String text) {
        draw(model + ": " + text + System.lineSeparator());
    }

    @Override
    public synchronized void reached(String model, String phase, double share) {
        int full = (int) (share * BAR);
        String bar = String.format(Locale.ROOT, "[%s%s] %3d %%  %s: %s", "=".repeat(full), " ".repeat(BAR - full),
                (int) (share * 100), model, phase);
        // A line that is broken would be two to move over.
        String fitting = bar.substring(0, Math.min(bar.length(), columns - 1));
        boolean isNew = bars.put(model, fitting) == null;
        if (isNew || clock.getAsLong() - lastDrawn >= REDRAWN_EVERY_NANOS) {
            draw("");
        }
    }

    @Override
    public synchronized void ended(String model) {
        bars.remove(model);
        draw("");
    }

    /** @param lines above the bars, each with its end */
    private void draw(String lines) {
        StringBuilder text = new StringBuilder();
        if (drawn > 0) {
            text.append(String.format(UP_AND_CLEAR, drawn));
        }
        text.append(lines);
        bars.values().forEach(bar -> text.append(bar).append(System.lineSeparator()));
        out.print(text);
        out.flush();
        drawn = bars.size();
        lastDrawn = clock.getAsLong();
    }
}
