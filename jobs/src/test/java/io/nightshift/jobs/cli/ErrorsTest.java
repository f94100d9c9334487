package io.nightshift.jobs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.storage.StorageException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.AccessDeniedException;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class ErrorsTest {
    private final StringWriter printed = new StringWriter();

    private int handle(boolean verbose, Exception e) {
        CommandLine line = new CommandLine(new Nightshift()).setErr(new PrintWriter(printed));
        return new Errors(() -> verbose).handleExecutionException(e, line, null);
    }

    @Test
    void inputErrorsAreToldFromFailuresAtRunTime() {
        assertEquals(2, handle(false, new InvalidModelException("a tensor is missing")));
        assertEquals(2, handle(false, new StorageException("here", "is not there")));
        assertEquals(1, handle(false, new IOException("a task failed")));
        assertEquals(1, handle(false, new IllegalStateException("a defect")));
    }

    @Test
    void anInputThatMayNotBeReadIsAnInputError() {
        assertEquals(2, handle(false, new IOException("a/b: cannot be read: permission denied",
                new AccessDeniedException("a/b"))));
    }

    @Test
    void aHeapThatIsFullSaysWhatToSet() {
        assertEquals(1, new Errors(() -> false).handleError(new OutOfMemoryError("Java heap space"), new PrintWriter(printed)));
        assertTrue(printed.toString().startsWith("nightshift: out of memory (Java heap space); the heap has "), printed.toString());
        assertTrue(printed.toString().contains("NIGHTSHIFT_MEMORY"), printed.toString());
        assertEquals(1, printed.toString().lines().count());
    }

    @Test
    void oneLineIsPrinted() {
        handle(false, new IOException("a task failed\n\tat somewhere", new RuntimeException("cause")));
        assertEquals("nightshift: a task failed" + System.lineSeparator(), printed.toString());
    }

    @Test
    void anExceptionWithoutAMessageIsNamed() {
        handle(false, new NullPointerException());
        assertEquals("nightshift: java.lang.NullPointerException" + System.lineSeparator(), printed.toString());
    }

    @Test
    void theStackTraceIsPrintedOnRequest() {
        handle(true, new IOException("a task failed", new RuntimeException("cause")));
        assertTrue(printed.toString().contains("Caused by: java.lang.RuntimeException: cause"), printed.toString());
    }
}
