package io.nightshift.jobs.testing;

import io.nightshift.jobs.cli.Nightshift;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * A command line that was run in this process, as the main class runs it.
 *
 * @param exitCode its exit code
 * @param out what it printed
 * @param err what it printed as errors
 */
public record CommandRun(int exitCode, String out, String err) {
    /** Runs a command line with options of Hadoop, such as those of an object store. */
    public static CommandRun with(Map<String, String> hadoop, String... arguments) {
        hadoop.forEach((key, value) -> System.setProperty("spark.hadoop." + key, value));
        try {
            return of(arguments);
        } finally {
            hadoop.keySet().forEach(key -> System.clearProperty("spark.hadoop." + key));
        }
    }

    /** Runs a command line. */
    public static CommandRun of(String... arguments) {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream caughtOut = new ByteArrayOutputStream();
        ByteArrayOutputStream caughtErr = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(caughtOut, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(caughtErr, true, StandardCharsets.UTF_8));
            int exitCode = Nightshift.execute(arguments);
            return new CommandRun(
                    exitCode, caughtOut.toString(StandardCharsets.UTF_8), caughtErr.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }
}
