package io.nightshift.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.jobs.batch.state.Verification;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "verify",
        description = "Checks outputs against the SHA-256 beside them, and against their own structure.",
        mixinStandardHelpOptions = true)
final class VerifyCommand implements Callable<Integer> {
    @Parameters(paramLabel = "PATH", description = "A .gguf file, an AWQ or EXL2 folder, or a folder of outputs; may be"
            + " s3a://.")
    private String path;

    @Option(names = "--json", description = "Print one line of JSON instead of a table.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        List<Verification.Finding> findings = Verification.of(path, SparkRuntime.toRead(path));
        if (json) {
            System.out.println(new ObjectMapper().writeValueAsString(findings));
        } else {
            findings.forEach(finding -> System.out.printf("%-7s %s: %s%n",
                    finding.sound() ? "ok" : "BROKEN", finding.name(), finding.words()));
        }
        return findings.stream().allMatch(Verification.Finding::sound) ? 0 : Errors.FAILURE;
    }
}
