package io.nightshift.jobs.robustness;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Damages files of JSON.
 *
 * @param needed the keys at the top that nothing can do without
 * @param dimensions those of them that have to be positive whole numbers
 */
record JsonDamage(Set<String> needed, Set<String> dimensions) implements Damage.Damager {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String[] ODD = {
        "null", "\"\"", "\"text\"", "-1", "0", "1.5", "1e308", "9223372036854775807", "123456789012345678901234567890", "[]",
        "{}", "true", "[1, 2]", "{\"a\": 1}", "\"\\u0000\\u001b[31m\"", "[[[[]]]]", "-0.0", "2147483648", "\"1\""
    };
    private static final String[] NO_OBJECT = {"", " \n", "null", "[]", "{}", "3", "\"text\"", "<html></html>", "\u0000\u0000"};
    private static final int DEEP = 20_000;

    @Override
    public Damage damage(byte[] content, Random random, int number) {
        String text = new String(content, StandardCharsets.UTF_8);
        switch (number % 8) {
            case 0 -> {
                int length = random.nextInt(text.strip().length());
                return new Damage("cut", "to " + length + " characters", bytes(text.substring(0, length)), true);
            }
            case 1 -> {
                byte[] damaged = content.clone();
                int at = random.nextInt(damaged.length);
                damaged[at] ^= (byte) (1 << random.nextInt(8));
                return new Damage("a flipped bit", "at " + at, damaged, false);
            }
            case 2 -> {
                String whole = NO_OBJECT[random.nextInt(NO_OBJECT.length)];
                return new Damage("no object", "'" + whole + "'", bytes(whole), !needed.isEmpty());
            }
            case 3 -> {
                int length = 1 + random.nextInt(Math.min(200, text.length() - 1));
                int from = random.nextInt(text.length() - length);
                return new Damage("a piece missing", length + " characters from " + from,
                        bytes(text.substring(0, from) + text.substring(from + length)), false);
            }
            case 4 -> {
                return removed(text, random);
            }
            case 5 -> {
                String deep = "[".repeat(DEEP) + "]".repeat(DEEP);
                return replaced(text, random, random.nextBoolean() ? deep : "\"" + "x".repeat(DEEP) + "\"", "a deep or long value");
            }
            default -> {
                return replaced(text, random, ODD[random.nextInt(ODD.length)], "an odd value");
            }
        }
    }

    private Damage removed(String text, Random random) {
        JsonNode root = read(text);
        Place place = place(root, random);
        if (place.object instanceof ObjectNode object) {
            object.remove(place.key);
        } else {
            ((ArrayNode) place.object).remove(Integer.parseInt(place.key));
        }
        return new Damage("a value missing", place.path, bytes(root.toString()), needed.contains(place.path));
    }

    private Damage replaced(String text, Random random, String value, String kind) {
        JsonNode root = read(text);
        Place place = place(root, random);
        String mark = "@@@damaged@@@";
        if (place.object instanceof ObjectNode object) {
            object.put(place.key, mark);
        } else {
            ((ArrayNode) place.object).set(Integer.parseInt(place.key), mark);
        }
        String shown = value.length() > 40 ? value.substring(0, 40) + "…" : value;
        return new Damage(kind, place.path + " = " + shown, bytes(root.toString().replace("\"" + mark + "\"", value)),
                dimensions.contains(place.path) && !value.equals("true"));
    }

    private record Place(JsonNode object, String key, String path) {}

    /** A value, most often one at the top. */
    private static Place place(JsonNode root, Random random) {
        JsonNode at = root;
        String path = "";
        while (true) {
            List<String> keys = new ArrayList<>();
            if (at.isObject()) {
                at.fieldNames().forEachRemaining(keys::add);
            } else {
                for (int i = 0; i < at.size(); i++) {
                    keys.add(String.valueOf(i));
                }
            }
            String key = keys.get(random.nextInt(keys.size()));
            String below = path.isEmpty() ? key : path + "." + key;
            JsonNode child = at.isObject() ? at.get(key) : at.get(Integer.parseInt(key));
            if (child.isContainerNode() && !child.isEmpty() && random.nextInt(4) > 0) {
                at = child;
                path = below;
            } else {
                return new Place(at, key, below);
            }
        }
    }

    private static JsonNode read(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** For files whose values are all optional. */
    static JsonDamage ofOptionalValues() {
        return new JsonDamage(Set.of(), Set.of());
    }

    /** For files that need some values. */
    static JsonDamage needing(String... keys) {
        return new JsonDamage(Set.of(keys), Set.of());
    }

    /** These too, and they are positive whole numbers. */
    JsonDamage andDimensions(String... keys) {
        List<String> all = new ArrayList<>(needed);
        all.addAll(Arrays.asList(keys));
        return new JsonDamage(Set.copyOf(all), Set.of(keys));
    }
}
