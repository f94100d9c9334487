package io.nightshift.formats.modelcard;

import io.nightshift.formats.storage.ModelFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * The front matter of a folder's {@code README.md}: the YAML between two lines of {@code ---} (metadata.py,
 * load_model_card).
 */
record ModelCard(Map<?, ?> values) {
    private static final String FILE = "README.md";
    /** The line ends of Python's splitlines. */
    private static final Pattern LINE_END =
            Pattern.compile("\r\n|[\n\r\u000b\u000c\u001c\u001d\u001e\u0085\u2028\u2029]");

    private static final int LONGEST = 64 << 20;

    /**
     * Reads the card. It is empty where there is no file or no front matter. Front matter that is not YAML makes it
     * empty too, with a warning.
     */
    static ModelCard read(ModelFolder folder, Consumer<String> warnings) throws IOException {
        if (folder.find(FILE).isEmpty()) {
            return new ModelCard(Map.of());
        }
        String text = new String(folder.read(FILE), StandardCharsets.UTF_8);
        List<String> lines = Arrays.asList(LINE_END.split(text, -1));
        if (!lines.get(0).equals("---")) {
            return new ModelCard(Map.of());
        }
        int end = lines.subList(1, lines.size()).indexOf("---");
        List<String> front = lines.subList(1, end < 0 ? lines.size() : end + 1);
        String yaml = String.join("\n", front) + "\n";
        // The converter's own repairs: a bare no is Norwegian, not false; tabs are two spaces.
        yaml = yaml.replace("- no\n", "- \"no\"\n").replace("\t", "  ");
        String ignored = folder.location() + "/" + FILE + ": its front matter is ignored, for it is not ";
        try {
            Object values = parser().load(yaml);
            if (values instanceof Map<?, ?> map) {
                return new ModelCard(map);
            }
            warnings.accept(ignored + "a table of keys and values");
        } catch (YAMLException e) {
            warnings.accept(ignored + "valid YAML: " + e.getMessage().lines().findFirst().orElse(""));
        }
        return new ModelCard(Map.of());
    }

    private static Yaml parser() {
        LoaderOptions options = new LoaderOptions();
        options.setCodePointLimit(LONGEST);
        return new Yaml(new SafeConstructor(options));
    }

    /** The value of the first of some keys that is there; null where that value is null, or no key is there. */
    Object first(String... keys) {
        return Arrays.stream(keys).filter(values::containsKey).findFirst().map(values::get).orElse(null);
    }

    /** The value of the first of some keys that has one; null where none has. */
    Object firstValue(String... keys) {
        return Arrays.stream(keys).map(values::get).filter(value -> value != null).findFirst().orElse(null);
    }

    /** Whether one of the keys is there, be it without a value. */
    boolean hasAny(String... keys) {
        return Arrays.stream(keys).anyMatch(values::containsKey);
    }

    /** The entries of a list or the one value of a string; nothing for anything else. */
    static List<Object> entries(Object value) {
        if (value instanceof List<?> list) {
            return new ArrayList<>(list);
        }
        return value instanceof String ? List.of(value) : List.of();
    }
}
