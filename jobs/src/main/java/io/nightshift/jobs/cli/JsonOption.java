package io.nightshift.jobs.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintStream;
import picocli.CommandLine.Option;

/** The result as one line for programs, last. */
final class JsonOption {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Option(names = "--json", description = "Print the result as one line of JSON, last.")
    private boolean json;

    /** Prints a result, if that was asked for. */
    void print(Object result, PrintStream out) throws JsonProcessingException {
        if (json) {
            out.println(JSON.writeValueAsString(result));
        }
    }
}
