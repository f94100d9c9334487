package io.nightshift.formats.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.sentencepiece.SpTokenizer;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Sha256;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Loads a tokenizer in a process of its own before this process does: a native library that panics or runs into memory
 * that is not its own ends the process it is in, without an exception. Each content is tried once. A trial takes as long
 * as a small JVM needs to start and the library to read the file.
 */
final class TokenizerTrial {
    /** Each of them may abort. */
    enum Library {
        TOKENIZERS {
            @Override
            void tryOut(byte[] content) throws IOException {
                try (var tokenizer = HuggingFaceTokenizer.newInstance(
                        new ByteArrayInputStream(content), RustTokenizer.OPTIONS)) {
                    tokenizer.decode(tokenizer.encode(TEXT, true, false).getIds(), false);
                }
            }
        },
        SENTENCE_PIECE {
            @Override
            void tryOut(byte[] content) {
                try (var tokenizer = new SpTokenizer(content)) {
                    tokenizer.getProcessor().encode(TEXT);
                }
            }
        };

        abstract void tryOut(byte[] content) throws IOException;
    }

    /** Letters, digits, blanks, line ends and other scripts: what a pre-tokenizer tells apart. */
    private static final String TEXT = "Hello  wörld, 1234 times!\n\tñ 你好 🦙 <s>";

    private static final long TIME_LIMIT_SECONDS = 120;
    private static final String PANIC = "panicked at";
    private static final Set<String> SURVIVED = ConcurrentHashMap.newKeySet();

    private TokenizerTrial() {}

    /**
     * The other process.
     *
     * @param arguments the library and the file
     */
    public static void main(String[] arguments) throws IOException {
        byte[] content = Files.readAllBytes(Path.of(arguments[1]));
        try {
            Library.valueOf(arguments[0]).tryOut(content);
        } catch (IOException | RuntimeException | LinkageError e) {
            // An exception is no danger: who asked meets the same one and knows what to say.
            return;
        }
    }

    /**
     * Makes sure that a library survives a tokenizer.
     *
     * @param content of the tokenizer's file
     * @param file its name, for messages
     * @throws InvalidModelException if the library aborts, or does not come to an end
     */
    static void requireSurvival(Library library, byte[] content, String file) {
        requireSurvival(TokenizerTrial.class, library, content, file);
    }

    /** @param trial the main class of the other process */
    static void requireSurvival(Class<?> trial, Library library, byte[] content, String file) {
        String digest = trial.getName() + library + Sha256.of(content);
        if (SURVIVED.contains(digest)) {
            return;
        }
        try {
            Path folder = Files.createTempDirectory(NativeLibraries.folder(), "trial-");
            try {
                run(trial, library, Files.write(folder.resolve("tokenizer"), content), file);
            } finally {
                for (String name : List.of("tokenizer", "said", "hs_err")) {
                    Files.deleteIfExists(folder.resolve(name));
                }
                Files.deleteIfExists(folder);
            }
        } catch (IOException e) {
            throw new InvalidModelException(file + ": could not be tried out in a process of its own: " + e.getMessage(), e);
        }
        SURVIVED.add(digest);
    }

    private static void run(Class<?> trial, Library library, Path tokenizer, String file) throws IOException {
        Path said = tokenizer.resolveSibling("said");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-XX:-CreateCoredumpOnCrash",
                "-XX:ErrorFile=" + tokenizer.resolveSibling("hs_err")));
        command.addAll(NativeLibraries.options());
        if (Runtime.version().feature() >= 22) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        command.addAll(List.of("-cp", classPath(trial), trial.getName(), library.name(), tokenizer.toString()));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        try {
            process.getOutputStream().close();
            if (!process.waitFor(TIME_LIMIT_SECONDS, TimeUnit.SECONDS)) {
                throw new InvalidModelException(file + " is not a tokenizer that can be loaded: the library was not done with"
                        + " it after " + TIME_LIMIT_SECONDS + " s");
            }
            if (process.exitValue() != 0) {
                throw new InvalidModelException(file + " is not a tokenizer that can be loaded: the library aborts ("
                        + reason(said, process.exitValue()) + "); is the file damaged, or of a newer version?");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InvalidModelException(file + ": interrupted while it was tried out", e);
        } finally {
            process.destroyForcibly();
        }
    }

    /** A panic's own words stand in the line below the one that says where. */
    private static String reason(Path said, int exitValue) throws IOException {
        List<String> lines = new String(Files.readAllBytes(said), StandardCharsets.UTF_8).lines().toList();
        for (int i = 0; i + 1 < lines.size(); i++) {
            if (lines.get(i).contains(PANIC)) {
                String words = lines.get(i + 1).strip();
                return words.length() > 200 ? words.substring(0, 200) + "…" : words;
            }
        }
        return "exit code " + exitValue;
    }

    /** Only what the trial needs: a logging library on the class path would take longer to start than all else. */
    private static String classPath(Class<?> trial) throws IOException {
        try {
            List<Class<?>> needed = List.of(
                    trial,
                    TokenizerTrial.class,
                    HuggingFaceTokenizer.class,
                    SpTokenizer.class,
                    ai.djl.util.Utils.class,
                    com.google.gson.Gson.class,
                    org.slf4j.Logger.class);
            List<String> paths = new ArrayList<>();
            for (Class<?> type : needed) {
                paths.add(Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString());
            }
            return paths.stream().distinct().collect(Collectors.joining(File.pathSeparator));
        } catch (URISyntaxException e) {
            throw new IOException("the class path cannot be told", e);
        }
    }
}
