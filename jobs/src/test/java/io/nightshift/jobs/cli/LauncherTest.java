package io.nightshift.jobs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The launcher with a {@code java} that prints what it was given. */
class LauncherTest {
    @TempDir
    Path folder;

    private Path launcher;

    private record Run(int exitCode, String out, String err) {}

    @BeforeEach
    void install() throws IOException {
        launcher = Files.copy(Path.of("..", "nightshift"), folder.resolve("nightshift"));
        launcher.toFile().setExecutable(true);
        Files.createDirectories(folder.resolve("jobs/target/lib"));
        Files.createFile(folder.resolve("jobs/target/nightshift-jobs-0.1.0.jar"));
        Files.createDirectories(folder.resolve("tmp"));
    }

    /** A java of some version; {@code --bogus} is an option that it does not know. */
    private void installJava(String version) throws IOException {
        Path java = folder.resolve("jdk/bin/java");
        Files.createDirectories(java.getParent());
        Files.writeString(java, """
                #!/usr/bin/env bash
                for argument in "$@"; do
                  case $argument in
                    --bogus) echo "Unrecognized option: --bogus" >&2
                      echo "Error: Could not create the Java Virtual Machine." >&2
                      exit 1 ;;
                    -XX:ArchiveClassesAtExit=*) if [ -e "${0%/bin/java}/fails" ]; then exit 1; fi
                      echo classes >"${argument#*=}"; exit ;;
                  esac
                done
                if [ "${*: -1}" = -version ]; then echo 'openjdk version "VERSION" 2024-01-16' >&2; exit 0; fi
                printf '%s\\n' "$@"
                echo "host=${SPARK_LOCAL_HOSTNAME:-}"
                """.replace("VERSION", version));
        java.toFile().setExecutable(true);
    }

    private Run run(Map<String, String> environment, String... arguments) throws IOException, InterruptedException {
        List<String> command = Stream.concat(Stream.of(launcher.toString()), Stream.of(arguments)).toList();
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        Map<String, String> all = new HashMap<>(environment);
        all.put("JAVA_HOME", folder.resolve("jdk").toString());
        all.put("TMPDIR", folder.resolve("tmp").toString());
        for (String name : List.of("NIGHTSHIFT_MEMORY", "NIGHTSHIFT_JAVA", "SPARK_LOCAL_IP", "SPARK_LOCAL_HOSTNAME")) {
            builder.environment().remove(name);
        }
        builder.environment().putAll(all);
        Process process = builder.start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        return new Run(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "NIGHTSHIFT_MEMORY | 2x           | is no amount of memory; give one such as 8g or 4096m",
                "NIGHTSHIFT_MEMORY | 1.5g         | is no amount of memory; give one such as 8g or 4096m",
                "NIGHTSHIFT_MEMORY | -1g          | is no amount of memory; give one such as 8g or 4096m",
                "NIGHTSHIFT_MEMORY | 300m         | is too little; give at least 512m",
                "NIGHTSHIFT_MEMORY | 0g           | is too little; give at least 512m",
                "NIGHTSHIFT_MEMORY | 511000000    | is too little; give at least 512m",
                "NIGHTSHIFT_MEMORY | 99999999999g | is more than any machine has",
                "NIGHTSHIFT_JAVA   | --bogus      | java does not take it: Unrecognized option: --bogus",
            })
    void refusesAWrongSettingInOneLine(String name, String value, String message) throws Exception {
        installJava("17.0.9");
        Run run = run(Map.of(name, value), "inspect", "file");
        String colon = message.startsWith("java") ? ": " : " ";
        assertEquals("nightshift: " + name + "=" + value + colon + message + "\n", run.err());
        assertEquals(2, run.exitCode());
        assertEquals("", run.out());
    }

    @ParameterizedTest
    @CsvSource({"11.0.22, 11", "1.8.0_402, 8", "16.0.2, 16"})
    void refusesAnOldJava(String version, String shown) throws Exception {
        installJava(version);
        Run run = run(Map.of(), "inspect", "file");
        assertEquals("nightshift: " + folder + "/jdk/bin/java is Java " + shown
                + "; install a JDK, 17 or newer, or set JAVA_HOME to one\n", run.err());
        assertEquals(2, run.exitCode());
    }

    @Test
    void readsTheVersionFromTheJdksFile() throws Exception {
        installJava("17.0.9");
        Files.writeString(folder.resolve("jdk/release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"11.0.22\"\n");
        assertTrue(run(Map.of(), "inspect", "file").err().contains("java is Java 11;"));
    }

    @ParameterizedTest
    @CsvSource({"17.0.9, false", "21.0.2, false", "23, true", "25.0.1, true"})
    void givesOptionsThatThisJavaKnowsAndLetsNoneBeIgnored(String version, boolean unsafe) throws Exception {
        installJava(version);
        Run run = run(Map.of("NIGHTSHIFT_MEMORY", "2g", "NIGHTSHIFT_JAVA", "-Da=b -Dc=d"), "inspect", "a file");
        assertEquals(0, run.exitCode(), run.err());
        List<String> given = run.out().lines().toList();
        assertTrue(given.containsAll(List.of("-Xmx2g", "-Da=b", "-Dc=d", "inspect", "a file")), run.out());
        assertEquals(unsafe, given.contains("--sun-misc-unsafe-memory-access=allow"));
        assertFalse(run.out().contains("IgnoreUnrecognizedVMOptions"), run.out());
        assertTrue(given.contains(folder + "/jobs/target/nightshift-jobs-0.1.0.jar"), run.out());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "inspect file                    |              | localhost",
                "quantize --master local[2]      |              | localhost",
                "quantize --master=local         |              | localhost",
                "quantize --master spark://a:1   |              | ''",
                "inspect file                    | my-own-name  | my-own-name",
            })
    void localSparkNeedsNoNameOfTheMachine(String arguments, String given, String host) throws Exception {
        installJava("17.0.9");
        Map<String, String> environment = given == null ? Map.of() : Map.of("SPARK_LOCAL_HOSTNAME", given);
        Run run = run(environment, arguments.split(" "));
        assertEquals(0, run.exitCode(), run.err());
        assertTrue(run.out().endsWith("\nhost=" + host + "\n"), run.out());
    }

    @Test
    void removesTheTemporaryFoldersOfProcessesThatAreDeadAndNoOther() throws Exception {
        installJava("17.0.9");
        run(Map.of(), "inspect", "file"); // This java is no Nightshift: the folder stays, and its process is dead.
        List<Path> first = temporary();
        assertEquals(1, first.size());
        String mine = first.get(0).getFileName().toString();
        String start = mine.substring(0, mine.lastIndexOf('-') + 1);
        Files.writeString(first.get(0).resolve("spark-left"), "left");
        Path ofAProcessThatRuns = Files.createDirectory(folder.resolve("tmp").resolve(start + ProcessHandle.current().pid()));
        Path ofAnotherMachine = Files.createDirectory(folder.resolve("tmp").resolve(start + "other-1"));
        Run run = run(Map.of(), "inspect", "file");
        List<Path> after = temporary();
        assertFalse(after.contains(first.get(0)), after.toString());
        assertTrue(after.containsAll(List.of(ofAProcessThatRuns, ofAnotherMachine)), after.toString());
        assertEquals(3, after.size());
        assertTrue(run.out().contains("-Djava.io.tmpdir=" + folder + "/tmp/" + start), run.out());
    }

    @Test
    void aTemporaryFolderThatCannotBeMadeIsNamed() throws Exception {
        installJava("17.0.9");
        Files.delete(folder.resolve("tmp"));
        Run run = run(Map.of(), "inspect", "file");
        assertEquals("nightshift: " + folder + "/tmp: no temporary folder can be made there; set TMPDIR to a folder that can"
                + " be written\n", run.err());
        assertEquals(2, run.exitCode());
    }

    /** The archive of classes, which is there when there was a command that works. */
    private List<Path> archives() throws IOException {
        try (Stream<Path> found = Files.list(folder.resolve("jobs/target"))) {
            return found.filter(file -> file.toString().contains(".jsa")).toList();
        }
    }

    private void installWithSample() throws IOException {
        installJava("17.0.9");
        Files.writeString(folder.resolve("jdk/release"), "JAVA_VERSION=\"17.0.9\"\n");
        Files.createDirectories(folder.resolve("samples/tiny-llama"));
    }

    @Test
    void theFirstCommandThatWorksMakesTheArchiveOfClassesForAll() throws Exception {
        installWithSample();
        assertFalse(run(Map.of(), "inspect", "file").out().contains("SharedArchiveFile"));
        assertEquals(List.of(), archives());
        Run first = run(Map.of(), "quantize", "--to", "gguf:Q4_K_M");
        assertEquals("nightshift: preparing a faster start (once, some 20 s)\n", first.err());
        assertEquals(1, archives().size());
        Path archive = archives().get(0);
        for (Run run : List.of(first, run(Map.of(), "inspect", "file"), run(Map.of(), "batch"))) {
            assertEquals(0, run.exitCode());
            assertTrue(run.out().contains("-XX:SharedArchiveFile=" + archive + "\n"), run.out());
        }
        assertEquals("", run(Map.of(), "evaluate").err());

        // Built again since: it is not taken, and made again.
        Files.setLastModifiedTime(archive, FileTime.fromMillis(0));
        assertFalse(run(Map.of(), "inspect", "file").out().contains("SharedArchiveFile"));
        assertTrue(run(Map.of(), "calibrate").err().contains("preparing"));
        // Another JDK has its own.
        Files.writeString(folder.resolve("jdk/release"), "JAVA_VERSION=\"25\"\n");
        assertTrue(run(Map.of(), "quantize").out().contains("-Xlog:aot*=off"));
        assertEquals(2, archives().size());
    }

    @Test
    void commandsRunWithoutAnArchiveThatCannotBeMade() throws Exception {
        installWithSample();
        Files.createFile(folder.resolve("jdk/fails"));
        Run run = run(Map.of(), "quantize");
        assertEquals("nightshift: preparing a faster start (once, some 20 s)\n"
                + "nightshift: that failed; commands start without\n", run.err());
        assertEquals(0, run.exitCode());
        assertFalse(run.out().contains("SharedArchiveFile"), run.out());
        assertEquals("", run(Map.of(), "quantize").err());
    }

    private List<Path> temporary() throws IOException {
        try (Stream<Path> found = Files.list(folder.resolve("tmp"))) {
            return found.toList();
        }
    }
}
