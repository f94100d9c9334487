package io.nightshift.formats.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** JSON as Python's {@code json.dumps} writes it. */
final class PythonJson {
    private final StringBuilder text = new StringBuilder();
    private final String indent;
    private final String itemSeparator;
    private final String keySeparator;
    private final boolean ascii;
    private final boolean sorted;

    private PythonJson(String indent, String itemSeparator, String keySeparator, boolean ascii, boolean sorted) {
        this.indent = indent;
        this.itemSeparator = itemSeparator;
        this.keySeparator = keySeparator;
        this.ascii = ascii;
        this.sorted = sorted;
    }

    /** The filter {@code tojson} with the parameters that transformers gives it. */
    static String filter(Object value, Arguments arguments) {
        Object[] given = arguments.bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
        boolean ascii = given[0] != Arguments.MISSING && Python.truth(given[0]);
        Object wanted = given[1] == Arguments.MISSING ? null : given[1];
        String indent = null;
        if (wanted instanceof String text) {
            indent = text;
        } else if (wanted != null) {
            if (!PythonNumber.isInteger(wanted)) {
                throw new JinjaException("tojson: the indent is " + Python.typeName(wanted));
            }
            indent = " ".repeat((int) Math.max(0, PythonNumber.toLong(wanted)));
        }
        String item = indent == null ? ", " : ",";
        String key = ": ";
        if (given[2] != Arguments.MISSING && given[2] != null) {
            List<Object> separators = Python.items(given[2]);
            if (separators.size() != 2 || !(separators.get(0) instanceof String) || !(separators.get(1) instanceof String)) {
                throw new JinjaException("tojson: separators are two strings");
            }
            item = (String) separators.get(0);
            key = (String) separators.get(1);
        }
        PythonJson json = new PythonJson(indent, item, key, ascii, given[3] != Arguments.MISSING && Python.truth(given[3]));
        json.write(value, 0);
        return json.text.toString();
    }

    private void write(Object value, int depth) {
        if (value instanceof String string) {
            writeString(string);
        } else if (value == null) {
            text.append("null");
        } else if (value instanceof Boolean) {
            text.append(value);
        } else if (value instanceof Long || value instanceof BigInteger || value instanceof Double) {
            text.append(PythonText.represented(value));
        } else if (value instanceof List<?> list) {
            writeList(list, depth);
        } else if (value instanceof PythonTuple tuple) {
            writeList(tuple.items(), depth);
        } else if (value instanceof Map<?, ?> map) {
            writeMap(map, depth);
        } else {
            throw new JinjaException("tojson: " + Python.typeName(value) + " cannot be written as JSON");
        }
    }

    private void writeList(List<?> list, int depth) {
        if (list.isEmpty()) {
            text.append("[]");
            return;
        }
        text.append('[');
        for (int i = 0; i < list.size(); i++) {
            separate(i, depth + 1);
            write(list.get(i), depth + 1);
        }
        newLine(depth);
        text.append(']');
    }

    private void writeMap(Map<?, ?> map, int depth) {
        if (map.isEmpty()) {
            text.append("{}");
            return;
        }
        List<String> keys = new ArrayList<>();
        for (Object key : map.keySet()) {
            if (!(key instanceof String)) {
                throw JinjaException.unsupported("tojson of a dict with " + Python.typeName(key) + " as a key");
            }
            keys.add((String) key);
        }
        if (sorted) {
            keys.sort(PythonText::compare);
        }
        text.append('{');
        for (int i = 0; i < keys.size(); i++) {
            separate(i, depth + 1);
            writeString(keys.get(i));
            text.append(keySeparator);
            write(map.get(keys.get(i)), depth + 1);
        }
        newLine(depth);
        text.append('}');
    }

    private void separate(int index, int depth) {
        if (index > 0) {
            text.append(itemSeparator);
        }
        newLine(depth);
    }

    private void newLine(int depth) {
        if (indent != null) {
            text.append('\n').append(indent.repeat(depth));
        }
    }

    private void writeString(String string) {
        text.append('"');
        for (int i = 0; i < string.length(); i++) {
            char c = string.charAt(i);
            switch (c) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                case '\f' -> text.append("\\f");
                case '\b' -> text.append("\\b");
                default -> {
                    if (c < ' ' || ascii && c > '~') {
                        text.append("\\u%04x".formatted((int) c));
                    } else {
                        text.append(c);
                    }
                }
            }
        }
        text.append('"');
    }
}
