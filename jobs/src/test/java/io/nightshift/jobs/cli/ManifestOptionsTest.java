package io.nightshift.jobs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.nightshift.jobs.batch.manifest.ManifestKey;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** A manifest has the options of the commands, by the same names: one that is added there has to be thought of here. */
class ManifestOptionsTest {
    /** What a night decides itself, or says otherwise. */
    private static final Set<String> OF_COMMANDS_ALONE = Set.of("model", "to", "output", "quantized", "data", "work", "report",
            "parquet", "base-logits", "save-base-logits", "base", "recipe", "save-recipe",
            "dry-run", "master", "json", "help", "version", "verbose");

    @Test
    void everyOptionOfQuantizeAndEvaluateIsAKey() {
        Set<String> options = new TreeSet<>();
        for (CommandLine command : new CommandLine[] {Nightshift.quantize(), new CommandLine(new EvaluateCommand())}) {
            for (OptionSpec option : command.getCommandSpec().options()) {
                options.add(option.longestName().replaceFirst("^--", ""));
            }
        }
        options.removeAll(OF_COMMANDS_ALONE);
        // Of a format that only the tests have.
        options.removeIf(option -> option.startsWith("w4w8-"));
        Arrays.stream(ManifestKey.values()).map(ManifestKey::word).forEach(options::remove);
        assertEquals(Set.of(), options);
    }
}
