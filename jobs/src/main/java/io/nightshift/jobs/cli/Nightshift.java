package io.nightshift.jobs.cli;

import io.nightshift.jobs.VectorModule;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.spark.SparkUserAppException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The main class, under the launcher and under spark-submit alike. */
@Command(
        name = "nightshift",
        description = "Quantizes language-model checkpoints on Apache Spark.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND")
public final class Nightshift implements Runnable {
    private static final Map<String, Supplier<CommandLine>> COMMANDS = new TreeMap<>(Map.of(
            "batch", () -> new CommandLine(new BatchCommand()),
            "calibrate", () -> new CommandLine(new CalibrateCommand()),
            "evaluate", () -> new CommandLine(new EvaluateCommand()),
            "inspect", () -> new CommandLine(new InspectCommand()),
            "quantize", Nightshift::quantize,
            "verify", () -> new CommandLine(new VerifyCommand())));

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--verbose",
            scope = ScopeType.INHERIT,
            description = "Show the stack trace of an error, and what Spark has to say.")
    private boolean verbose;

    boolean isVerbose() {
        return verbose;
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "give a command: quantize, batch, calibrate,"
                + " evaluate, inspect or verify");
    }

    /**
     * Runs a command line.
     *
     * @return 0 if every output was committed, 2 for a usage or input error, 1 for a failure at run time
     */
    public static int execute(String... arguments) {
        Nightshift nightshift = new Nightshift();
        CommandLine line = new CommandLine(nightshift);
        named(arguments).forEach((name, command) -> line.addSubcommand(name, command.get()));
        Errors errors = new Errors(nightshift::isVerbose);
        line.setExecutionExceptionHandler(errors);
        line.setParameterExceptionHandler(errors);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        try {
            return line.execute(arguments);
        } catch (Error e) {
            // Such as a heap that is full: picocli leaves them to the JVM, which would print a stack trace.
            return errors.handleError(e, line.getErr());
        }
    }

    /** The command that is named, where one is: reading the options of all takes a tenth of a second. */
    private static Map<String, Supplier<CommandLine>> named(String[] arguments) {
        Supplier<CommandLine> first = arguments.length == 0 ? null : COMMANDS.get(arguments[0]);
        return first == null ? COMMANDS : Map.of(arguments[0], first);
    }

    /** The command with a mixin for each format that is registered. */
    static CommandLine quantize() {
        TargetSelection selection = new TargetSelection();
        CommandLine quantize = new CommandLine(new QuantizeCommand(selection));
        selection.addFormats(quantize);
        return quantize;
    }

    /** Runs a command line and ends the process with its exit code. */
    public static void main(String[] arguments) throws SparkUserAppException {
        if (!VectorModule.isPresent()) {
            System.err.println("nightshift: " + VectorModule.MISSING);
            ProcessEnd.with(Errors.INPUT);
        }
        Interruption interruption = Interruption.ofProcess();
        interruption.watch();
        int exitCode = execute(arguments);
        interruption.commandEnded();
        if (!interruption.hasBegun()) {
            TemporaryFolder.delete();
        }
        ProcessEnd.with(exitCode);
    }
}
