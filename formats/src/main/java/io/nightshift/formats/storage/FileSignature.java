package io.nightshift.formats.storage;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What a file is that is not what its name says, told by how it begins. */
public final class FileSignature {
    /** Bytes that are enough to tell. */
    public static final int LENGTH = 64;

    private static final String AGAIN = "; fetch the file again";

    /** Beginnings of texts, in lower case, and what they are. */
    private static final Map<String, String> TEXTS = Map.of(
            "version https://git-lfs.github.com/spec", "a Git LFS pointer and not the content: run git lfs pull, or"
                    + " download the file again",
            "<!doctype html", "a web page" + AGAIN,
            "<html", "a web page" + AGAIN,
            "<?xml", "an XML document, such as an object store's error message" + AGAIN);

    private static final Map<String, String> MAGIC = Map.of(
            "PK\u0003\u0004", "a ZIP archive, such as a PyTorch file",
            "GGUF", "a GGUF file",
            "PAR1", "a Parquet file",
            "\u001f\u008b", "compressed with gzip: decompress it",
            "\u0028\u00b5\u002f\u00fd", "compressed with zstd: decompress it",
            "BZh", "compressed with bzip2: decompress it",
            "\u0080\u0002", "a Python pickle",
            "\u0080\u0004", "a Python pickle",
            "\u007fELF", "a program");

    private FileSignature() {}

    /**
     * What a file is, if it is of a kind that is often in the place of another.
     *
     * @param start its first bytes, {@value #LENGTH} or the whole file
     */
    public static Optional<String> of(byte[] start) {
        String bytes = new String(start, 0, Math.min(start.length, LENGTH), StandardCharsets.ISO_8859_1);
        Optional<String> binary = beginning(bytes, MAGIC);
        return binary.isPresent() ? binary : beginning(bytes.stripLeading().toLowerCase(Locale.ROOT), TEXTS);
    }

    /** Words to be put behind a message that says what a file is not; none where it is not known what it is. */
    public static String behind(byte[] start) {
        return of(start).map(what -> "; it is " + what).orElse("");
    }

    private static Optional<String> beginning(String text, Map<String, String> known) {
        List<String> found = new ArrayList<>();
        known.forEach((beginning, what) -> {
            if (text.startsWith(beginning)) {
                found.add(what);
            }
        });
        return found.stream().findFirst();
    }
}
