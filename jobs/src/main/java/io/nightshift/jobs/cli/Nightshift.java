package io.nightshift.jobs.cli;

import io.nightshift.jobs.VectorModule;
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
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            BatchCommand.class,
            CalibrateCommand.class,
            EvaluateCommand.class,
            InspectCommand.class,
            VerifyCommand.class
        })
public final class Nightshift implements Runnable {
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
        line.getCommandSpec().addSubcommand("quantize", quantize());
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
