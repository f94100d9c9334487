package io.nightshift.formats.tokenizer;

import io.nightshift.formats.InvalidModelException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;

/**
 * Where the native libraries of DJL's jars are unpacked: a temporary folder of this process alone, removed when it ends.
 * DJL's own choice, a folder in the user's home or else one under /tmp that all users share, may belong to someone else.
 */
final class NativeLibraries {
    private static Path folder;

    private NativeLibraries() {}

    /** Loads a library. */
    interface Loader {
        void load() throws Exception;
    }

    /**
     * Loads a library, unpacking it before.
     *
     * @param name for the message
     * @throws InvalidModelException if it cannot be unpacked or loaded; the message names the folder
     */
    static void load(String name, Loader library) {
        Path unpacked = folder();
        try {
            library.load();
        } catch (Exception | LinkageError e) {
            Throwable cause = e;
            while (cause.getCause() != null) {
                cause = cause.getCause();
            }
            throw new InvalidModelException("the native library of " + name + " cannot be unpacked into " + unpacked
                    + " and loaded: " + cause.getMessage() + "; set TMPDIR (java.io.tmpdir) to a folder that can be written"
                    + " and from which libraries may be loaded", e);
        }
    }

    /**
     * The folder, which is made when it is first asked for.
     *
     * @throws InvalidModelException if it cannot be made
     */
    static synchronized Path folder() {
        if (folder == null) {
            try {
                folder = Files.createTempDirectory("nightshift-native-");
            } catch (IOException e) {
                throw new InvalidModelException("no temporary folder for the tokenizers' native libraries can be made in "
                        + System.getProperty("java.io.tmpdir") + "; set TMPDIR (java.io.tmpdir) to a folder that can be"
                        + " written", e);
            }
            properties(folder).forEach(System::setProperty);
            Path made = folder;
            Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(made), "native-libraries"));
        }
        return folder;
    }

    /** Options of Java with which another process takes the libraries from the same folder. */
    static List<String> options() {
        return properties(folder()).entrySet().stream()
                .map(property -> "-D" + property.getKey() + "=" + property.getValue())
                .toList();
    }

    private static Map<String, String> properties(Path folder) {
        return Map.of(
                // Else DJL would fetch a build for a graphics card that it sees, and report its use on Amazon's machines.
                "ai.djl.offline", "true",
                // DJL looks for either name.
                "DJL_CACHE_DIR", folder.toString(),
                "ENGINE_CACHE_DIR", folder.toString());
    }

    private static void delete(Path made) {
        try {
            Files.walkFileTree(made, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path visited, IOException e) throws IOException {
                    Files.deleteIfExists(visited);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            // The process ends; a temporary folder stays.
        }
    }
}
