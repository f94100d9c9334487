package io.nightshift.jobs.testing;

import io.nightshift.jobs.cli.Nightshift;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A command line that runs in a process of its own, so that it can be killed. */
public final class CommandProcess {
    private CommandProcess() {}

    /**
     * Starts it.
     *
     * @param properties of Spark, by their whole names
     * @param folder that {@code said} and {@code err} are written to
     */
    public static Process start(List<String> arguments, Map<String, String> properties, Path folder) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        // What this JVM was started with, the modules that Spark needs open among it.
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith("--add-") || argument.startsWith("-XX:+Ignore"))
                .forEach(command::add);
        command.addAll(ChildJvm.OPTIONS);
        command.add("-Xmx600m");
        properties.forEach((name, value) -> command.add("-D" + name + "=" + value));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Nightshift.class.getName()));
        command.addAll(arguments);
        return new ProcessBuilder(command)
                .redirectOutput(folder.resolve("said").toFile())
                .redirectError(folder.resolve("err").toFile())
                .start();
    }
}
