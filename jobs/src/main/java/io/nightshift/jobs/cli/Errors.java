package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Printable;
import io.nightshift.formats.storage.UnreadableException;
import io.nightshift.jobs.storage.StorageException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns an exception into one line for the user and an exit code. */
final class Errors implements IExecutionExceptionHandler, IParameterExceptionHandler {
    /** Exit code of a usage or input error. */
    static final int INPUT = 2;

    /** Exit code of a failure at run time. */
    static final int FAILURE = 1;

    /** A name from a file may be as long as its author liked. */
    private static final Pattern LONG = Pattern.compile("(\\S{300})\\S+");

    private final BooleanSupplier verbose;

    Errors(BooleanSupplier verbose) {
        this.verbose = verbose;
    }

    @Override
    public int handleExecutionException(Exception e, CommandLine line, ParseResult result) {
        print(line.getErr(), e, e.getMessage());
        boolean input = e instanceof InvalidModelException
                || e instanceof StorageException storage && !storage.isTemporary()
                || e.getCause() instanceof AccessDeniedException
                || e instanceof UnreadableException;
        return input ? INPUT : FAILURE;
    }

    @Override
    public int handleParseException(ParameterException e, String[] arguments) {
        PrintWriter err = e.getCommandLine().getErr();
        if (e.getCause() instanceof InvalidModelException invalid) {
            // A value that our converters refuse: they say why, picocli would add the names of classes.
            print(err, invalid, invalid.getMessage());
            return INPUT;
        }
        Optional<UnmatchedArgumentException> unmatched =
                e instanceof UnmatchedArgumentException given ? Optional.of(given) : unknownOption(e, arguments);
        print(err, e, unmatched.map(found -> unmatched(found, arguments)).orElse(e.getMessage()));
        err.println("See: " + e.getCommandLine().getCommandSpec().qualifiedName() + " --help");
        err.flush();
        return INPUT;
    }

    /** What is no exception, such as a heap that is full. */
    int handleError(Error e, PrintWriter err) {
        String message = e instanceof OutOfMemoryError
                ? "out of memory (" + e.getMessage() + "); the heap has " + (Runtime.getRuntime().maxMemory() >> 20)
                        + " MiB: set NIGHTSHIFT_MEMORY, or spark-submit's --driver-memory, to more"
                : e.toString();
        print(err, e, message);
        return FAILURE;
    }

    /** Where an option is missing, one that is misspelt says more than the one that is missing. */
    private static Optional<UnmatchedArgumentException> unknownOption(ParameterException e, String[] arguments) {
        if (!(e instanceof MissingParameterException)) {
            return Optional.empty();
        }
        return Arrays.stream(arguments)
                .filter(argument -> argument.startsWith("--"))
                .map(argument -> argument.replaceFirst("=.*", ""))
                .filter(name -> !e.getCommandLine().getCommandSpec().optionsMap().containsKey(name))
                .findFirst()
                .map(name -> new UnmatchedArgumentException(e.getCommandLine(), List.of(name)));
    }

    private static String unmatched(UnmatchedArgumentException e, String[] arguments) {
        String first = e.getUnmatched().get(0);
        int at = Arrays.asList(arguments).indexOf(first);
        if (at > 0 && arguments[at - 1].endsWith(",")) {
            return "'" + first + "' stands after a comma and a blank; write " + arguments[at - 1] + first
                    + ", or put the list in quotes";
        }
        boolean option = first.startsWith("-");
        boolean command = !option && !e.getCommandLine().getSubcommands().isEmpty();
        List<String> similar = e.getSuggestions();
        return (option ? "unknown option '" : command ? "unknown command '" : "unexpected argument '") + first + "'"
                + (similar.isEmpty() || !option && !command ? "" : "; did you mean " + String.join(" or ", similar) + "?");
    }

    /** A line about what went wrong, as it may be shown. */
    static String line(String text) {
        return "nightshift: " + Printable.escaped(LONG.matcher(text).replaceAll("$1…"));
    }

    private void print(PrintWriter err, Throwable e, String given) {
        if (Interruption.ofProcess().hasBegun()) {
            return; // It was said already, and what fails now fails because of that.
        }
        err.println(line(Printable.firstLine(given).orElse(e.toString())));
        if (verbose.getAsBoolean()) {
            e.printStackTrace(err);
        }
        err.flush();
    }
}
