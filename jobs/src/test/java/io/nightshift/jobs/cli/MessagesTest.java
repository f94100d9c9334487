package io.nightshift.jobs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.Fixtures;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What users get wrong: one line that says what to do, the documented exit code, and nothing made. */
class MessagesTest {
    @TempDir
    Path folder;

    /** MODEL stands for a checkpoint and OUT for a folder; _ for a blank within an argument. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "quantize --model https://huggingface.co/a/b --to gguf:Q8_0 --output OUT | https://huggingface.co/a/b: is an address"
                        + " of the web, not a folder; download the checkpoint first (hf download OWNER/NAME",
                "quantize --model hf://a/b --to gguf:Q8_0 --output OUT | hf://a/b: is an address of the web",
                "quantize --model meta-llama/Llama-3.2-1B --to gguf:Q8_0 --output OUT | meta-llama/Llama-3.2-1B: there is no such"
                        + " folder; if a repository of Hugging Face is meant, download the checkpoint first (hf download",
                "calibrate --model meta-llama/Llama-3.2-1B --data pom.xml --output OUT | if a repository of Hugging Face is",
                "inspect http://localhost/model | http://localhost/model: is an address of the web",
                "quantize --model MODEL --to gguf:Q8_0 --output OUT --master foo | --master foo: is no Spark master; give"
                        + " local[N], local[*], spark://HOST:PORT, yarn or k8s://URL",
                "quantize --model MODEL --to gguf:Q8_0 --output OUT --master local[0] | --master local[0]: is no Spark master",
                "quantize --model MODEL --to gguf:Q8_0 --output OUT --master spark://no-such-host.invalid:7077 | --master"
                        + " spark://no-such-host.invalid:7077: no Spark master answers there (the host"
                        + " no-such-host.invalid is unknown); start it, or correct the URL",
                "quantize --model MODEL --to gguf:Q8_0 --output OUT --master spark://127.0.0.1:1 | no Spark master answers"
                        + " there (Connection refused); start it, or correct the URL",
                "quantize --model MODEL --to gguf:Q8_0 --output OUT --master spark://nowhere | is no Spark master; write"
                        + " spark://HOST:PORT",
                "quantize --model MODEL --to gguf:Q8_0, gguf:Q4_0 --output OUT | 'gguf:Q4_0' stands after a comma and a"
                        + " blank; write gguf:Q8_0,gguf:Q4_0, or put the list in quotes",
                "quantize --model MODEL --to gguf:Q8_0 --output OUT --part-size 9999999T | '9999999T' is more than any file"
                        + " has; give a size such as 64M",
                "quantize --model MODEL --to gguf:Q8_0 --output OUT --part-size 999999999T | is more than any file has",
                "quantize --model MODEL --to gguf:Q8_0 --output OUT --overwrit | unknown option '--overwrit'; did you mean"
                        + " --overwrite",
                "quantize --modell MODEL --to gguf:Q8_0 --output OUT | unknown option '--modell'; did you mean --model",
                "quantise --model MODEL --to gguf:Q8_0 --output OUT | unknown command 'quantise'; did you mean quantize",
                "inspect MODEL MODEL | unexpected argument 'MODEL'",
            })
    void refusesInOneLine(String command, String message) throws IOException {
        Path model = Fixtures.model("llama-spm");
        String[] arguments = Arrays.stream(command.trim().split(" "))
                .map(word -> word.replace("MODEL", model.toString())
                        .replace("OUT", folder.resolve("out").toString()))
                .toArray(String[]::new);
        CommandRun run = CommandRun.of(arguments);
        String line = run.err().lines().findFirst().orElseThrow();
        assertTrue(line.startsWith("nightshift: "), run.err());
        assertTrue(line.contains(message.replace("MODEL", model.toString())), run.err());
        assertFalse(run.err().contains("\tat "), run.err());
        assertEquals(2, run.exitCode(), run.err());
        assertEquals(List.of(), Fixtures.files(folder));
    }

    @Test
    void blanksWithinAListAreNoPartOfAName() throws IOException {
        CommandRun run = CommandRun.of("quantize", "--model", Fixtures.model("llama-spm").toString(), "--to",
                "gguf:Q8_0, gguf:Q4_0", "--output", folder.toString(), "--master", "local[2]");
        assertEquals(0, run.exitCode(), run.err());
        assertTrue(Files.exists(folder.resolve("llama-spm-Q4_0.gguf")));
    }

    @Test
    void controlCharactersOfANameAreNotPrinted() {
        CommandRun run = CommandRun.of("inspect", "/no/such\u001b[31m/folder");
        assertEquals("nightshift: /no/such\\u001b[31m/folder: there is no such folder" + System.lineSeparator(), run.err());
    }

    /** The store may have time later: no error of the user's. */
    @Test
    void aStoreThatIsOverloadedIsAFailureAtRunTime() throws IOException {
        HttpServer overloaded = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
        overloaded.createContext("/", exchange -> {
            byte[] body = ("<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>")
                    .getBytes(StandardCharsets.UTF_8);
            exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(503, exchange.getRequestMethod().equals("HEAD") ? -1 : body.length);
            if (!exchange.getRequestMethod().equals("HEAD")) {
                exchange.getResponseBody().write(body);
            }
            exchange.close();
        });
        overloaded.start();
        Map<String, String> options = new TreeMap<>(Map.of(
                "spark.hadoop.fs.s3a.endpoint", "http://127.0.0.1:" + overloaded.getAddress().getPort(),
                "spark.hadoop.fs.s3a.endpoint.region", "us-east-1",
                "spark.hadoop.fs.s3a.path.style.access", "true",
                "spark.hadoop.fs.s3a.access.key", "a",
                "spark.hadoop.fs.s3a.secret.key", "b"));
        options.forEach(System::setProperty);
        try {
            CommandRun run = CommandRun.of("quantize", "--model", "s3a://busy/model", "--to", "gguf:Q8_0", "--output",
                    folder.toString());
            assertEquals("nightshift: s3a://busy/model: the store is overloaded (SlowDown); try again later"
                    + System.lineSeparator(), run.err());
            assertEquals(1, run.exitCode());
        } finally {
            options.keySet().forEach(System::clearProperty);
            overloaded.stop(0);
        }
    }
}
