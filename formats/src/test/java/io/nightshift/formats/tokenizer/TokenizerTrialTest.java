package io.nightshift.formats.tokenizer;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TokenizerTrialTest {
    private static final TokenizerTrial.Library LIBRARY = TokenizerTrial.Library.TOKENIZERS;

    /** A library that panics, as Rust's do. */
    public static final class Panicking {
        public static void main(String[] arguments) {
            System.err.println("\nthread '<unnamed>' panicked at src/tokenizer/mod.rs:12:34:");
            System.err.println("index out of bounds: the len is 3 but the index is 7");
            System.err.println("stack backtrace:\n   0: rust_begin_unwind");
            Runtime.getRuntime().halt(134);
        }
    }

    /** A library that runs into memory that is not its own. */
    public static final class Crashing {
        public static void main(String[] arguments) {
            Runtime.getRuntime().halt(139);
        }
    }

    /** Comes to its end the first time alone. */
    public static final class Once {
        public static void main(String[] arguments) throws IOException {
            Files.createFile(Path.of(arguments[1]).getParent().resolveSibling("once"));
        }
    }

    private static byte[] content(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void aPanicIsOneLineThatNamesTheFile() {
        InvalidModelException error = assertThrows(InvalidModelException.class,
                () -> TokenizerTrial.requireSurvival(Panicking.class, LIBRARY, content("panics"), "models/a/tokenizer.json"));
        assertEquals("models/a/tokenizer.json is not a tokenizer that can be loaded: the library aborts (index out of bounds:"
                + " the len is 3 but the index is 7); is the file damaged, or of a newer version?", error.getMessage());
    }

    @Test
    void aCrashIsToldByItsExitCode() {
        InvalidModelException error = assertThrows(InvalidModelException.class,
                () -> TokenizerTrial.requireSurvival(Crashing.class, LIBRARY, content("crashes"), "tokenizer.json"));
        assertTrue(error.getMessage().contains("the library aborts (exit code 139)"), error.getMessage());
    }

    @Test
    void eachContentIsTriedOnceAndNothingIsLeft() throws IOException {
        TokenizerTrial.requireSurvival(Once.class, LIBRARY, content("once"), "tokenizer.json");
        assertDoesNotThrow(() -> TokenizerTrial.requireSurvival(Once.class, LIBRARY, content("once"), "tokenizer.json"));
        assertThrows(InvalidModelException.class,
                () -> TokenizerTrial.requireSurvival(Once.class, LIBRARY, content("twice"), "tokenizer.json"));
        try (Stream<Path> left = Files.list(NativeLibraries.folder())) {
            assertEquals(List.of(), left.filter(path -> path.getFileName().toString().startsWith("trial-")).toList());
        }
    }

    /** An exception is no danger: the library throws it again where it is loaded, and there the message is made. */
    @ParameterizedTest
    @EnumSource
    void whatALibraryRefusesWithAnExceptionPassesTheTrial(TokenizerTrial.Library library) {
        byte[] noise = new byte[1000];
        new Random(1).nextBytes(noise);
        assertDoesNotThrow(() -> TokenizerTrial.requireSurvival(library, noise, "tokenizer"));
    }

    @Test
    void librariesAreUnpackedIntoAFolderOfThisProcess() throws IOException {
        Path folder = NativeLibraries.folder();
        assertEquals(folder, NativeLibraries.folder());
        assertEquals("rwx------", java.nio.file.attribute.PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)));
        InvalidModelException error = assertThrows(InvalidModelException.class,
                () -> NativeLibraries.load("X", () -> {
                    throw new UnsatisfiedLinkError("failed to map segment");
                }));
        assertEquals("the native library of X cannot be unpacked into " + folder + " and loaded: failed to map segment; set"
                + " TMPDIR (java.io.tmpdir) to a folder that can be written and from which libraries may be loaded",
                error.getMessage());
    }
}
