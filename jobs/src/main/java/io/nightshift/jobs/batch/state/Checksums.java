package io.nightshift.jobs.batch.state;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Sha256;
import io.nightshift.jobs.batch.files.NightFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * SHA-256 of an output's files, in a file beside it that {@code sha256sum -c} takes. Parts are written by many tasks and
 * SHA-256 runs through a file in order, so each output is read back once, by one reader.
 */
public final class Checksums {
    /** What the file's name ends in. */
    public static final String END = ".sha256";

    private static final Pattern LINE = Pattern.compile("([0-9a-f]{64}) [ *](.+)");
    private static final int BUFFER = 1 << 20;

    private Checksums() {}

    /** SHA-256 of a file, in hexadecimal: reads it once. */
    public static String of(NightFiles files, String name) throws IOException {
        try (InputStream in = files.open(name)) {
            Sha256 digest = new Sha256();
            byte[] buffer = new byte[BUFFER];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                digest.add(buffer, 0, read);
            }
            return digest.hexadecimal();
        }
    }

    /**
     * Reads an output back.
     *
     * @param name a file or folder, as a path within the night's output
     * @return the digests by paths relative to the folder that the output lies in
     */
    public static Map<String, String> read(NightFiles files, String name) throws IOException {
        Map<String, String> digests = new TreeMap<>();
        String folder = name.substring(0, name.lastIndexOf('/') + 1);
        for (NightFiles.Entry entry : files.list(name)) {
            digests.put(entry.name().substring(folder.length()), of(files, entry.name()));
        }
        if (digests.isEmpty()) {
            digests.put(name.substring(folder.length()), of(files, name));
        }
        return digests;
    }

    /** Writes the digests of an output beside it. */
    public static void write(NightFiles files, String name, Map<String, String> digests) throws IOException {
        files.write(name + END, text(digests).getBytes(StandardCharsets.UTF_8));
    }

    /** Digests as sha256sum writes them. */
    public static String text(Map<String, String> digests) {
        StringBuilder text = new StringBuilder();
        digests.forEach((file, digest) -> text.append(digest).append("  ").append(file).append('\n'));
        return text.toString();
    }

    /**
     * Reads what sha256sum writes.
     *
     * @param source for messages
     * @throws InvalidModelException if a line is no digest and name, or the name leads out of the folder
     */
    public static Map<String, String> parse(String source, byte[] content) {
        Map<String, String> digests = new TreeMap<>();
        int number = 0;
        for (String line : new String(content, StandardCharsets.UTF_8).split("\n")) {
            number++;
            Matcher matcher = LINE.matcher(line);
            if (!matcher.matches() || matcher.group(2).startsWith("/")
                    || List.of(matcher.group(2).split("/")).contains("..")) {
                throw new InvalidModelException(source + ":" + number + ": is no line of sha256sum: a digest, two spaces"
                        + " and a name within the folder");
            }
            digests.put(matcher.group(2), matcher.group(1));
        }
        return digests;
    }
}
