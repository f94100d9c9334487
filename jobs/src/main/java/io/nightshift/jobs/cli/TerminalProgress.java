package io.nightshift.jobs.cli;

import io.nightshift.formats.Printable;
import io.nightshift.jobs.tasks.Progress;
import java.io.PrintStream;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** One bar over all parts on a terminal; a line a while where there is none. */
final class TerminalProgress implements Progress {
    private static final long LINE_EVERY_NANOS = 10_000_000_000L;
    private static final long MEGABYTE = 1_000_000;

    private final PrintStream err;
    private final boolean terminal;
    private ProgressBar bar;
    private int pieces;
    private int done;
    private long bytes;
    private long written;
    private long read;
    private long start;
    private long lastLine;

    TerminalProgress(PrintStream err, boolean terminal) {
        this.err = err;
        this.terminal = terminal;
    }

    @Override
    public synchronized void warning(String message) {
        err.println("nightshift: warning: " + message);
    }

    @Override
    public synchronized void skipped(String location) {
        err.println(location + " is complete already (--overwrite makes it again)");
    }

    @Override
    public synchronized void found(int count, int all, String what) {
        if (count > 0) {
            err.println("found " + count + " of " + all + " " + what + " of a run that was cut off");
        }
    }

    @Override
    public synchronized void started(int allPieces, long allBytes) {
        pieces = allPieces;
        bytes = allBytes;
        done = 0;
        written = 0;
        read = 0;
        start = System.nanoTime();
        lastLine = start;
        if (terminal) {
            bar = new ProgressBarBuilder()
                    .setTaskName("quantizing")
                    .setStyle(ProgressBarStyle.ASCII)
                    .setInitialMax(allBytes)
                    .setUnit(" MB", MEGABYTE)
                    .showSpeed()
                    .build();
        }
    }

    @Override
    public synchronized void advanced(long bytesRead, long bytesWritten) {
        done++;
        written += bytesWritten;
        read += bytesRead;
        if (bar != null) {
            bar.setExtraMessage(done + " of " + pieces + " parts");
            bar.stepTo(written);
        } else if (System.nanoTime() - lastLine > LINE_EVERY_NANOS) {
            lastLine = System.nanoTime();
            double seconds = (lastLine - start) * 1e-9;
            err.printf(
                    Locale.ROOT,
                    "%d of %d parts, %s/s, about %.0f s to go%n",
                    done,
                    pieces,
                    Printable.bytes((read + written) / seconds),
                    seconds * (bytes - written) / Math.max(1, written));
        }
    }

    @Override
    public synchronized void phase(String name) {
        err.println(name);
    }

    @Override
    public synchronized void stopped() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }
}
