package io.nightshift.jobs.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;

/** Statistics of a small model, Gram matrices among them, made from the command line. */
public final class CalibratedSample {
    private CalibratedSample() {}

    /**
     * Calibrates over six sequences of 64 tokens.
     *
     * @param folder where the text goes
     * @param output where the statistics go
     */
    public static void write(String model, Path folder, Path output) throws IOException {
        Path text = Texts.write(folder.resolve("text.txt"), Texts.document(3, 600));
        CommandRun run = CommandRun.of("calibrate", "--model", model, "--data", text.toString(), "--samples", "6",
                "--sequence-length", "64", "--statistics", "gram", "--output", output.toString(), "--master", "local[2]");
        assertEquals(0, run.exitCode(), run.err());
    }
}
