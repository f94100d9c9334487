package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Printable;
import io.nightshift.formats.storage.UnreadableException;
import io.nightshift.jobs.storage.StorageException;
import java.io.PrintWriter;
import java.util.function.BooleanSupplier;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Turns an exception into one line for the user and an exit code. */
final class Errors implements IExecutionExceptionHandler, IParameterExceptionHandler {
    /** Exit code of a usage or input error. */
    static final int INPUT = 2;

    /** Exit code of a failure at run time. */
    static final int FAILURE = 1;

    private final BooleanSupplier verbose;

    Errors(BooleanSupplier verbose) {
        this.verbose = verbose;
    }

    @Override
    public int handleExecutionException(Exception e, CommandLine line, ParseResult result) {
        print(line.getErr(), e);
        boolean input = e instanceof InvalidModelException || e instanceof StorageException
                || e instanceof UnreadableException;
        return input ? INPUT : FAILURE;
    }

    @Override
    public int handleParseException(ParameterException e, String[] arguments) {
        if (e.getCause() instanceof InvalidModelException invalid) {
            // A value that our converters refuse: they say why, picocli would add the names of classes.
            print(e.getCommandLine().getErr(), invalid);
            return INPUT;
        }
        print(e.getCommandLine().getErr(), e);
        e.getCommandLine().getErr().println("See: " + e.getCommandLine().getCommandSpec().qualifiedName() + " --help");
        return INPUT;
    }

    private void print(PrintWriter err, Exception e) {
        String message = e.getMessage() == null ? e.toString() : e.getMessage();
        String line = message.lines().findFirst().orElse(e.toString());
        err.println("nightshift: " + Printable.escaped(line));
        if (verbose.getAsBoolean()) {
            e.printStackTrace(err);
        }
        err.flush();
    }
}
