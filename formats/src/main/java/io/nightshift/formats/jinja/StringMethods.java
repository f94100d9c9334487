package io.nightshift.formats.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Methods of Python's strings. */
final class StringMethods {
    private static final Set<String> OTHERS = Set.of("casefold", "center", "encode", "expandtabs", "format_map",
            "index", "isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric",
            "isprintable", "isspace", "istitle", "isupper", "ljust", "maketrans", "partition", "rindex", "rjust",
            "rpartition", "swapcase", "title", "translate", "zfill");

    private StringMethods() {}

    /**
     * A method of a text.
     *
     * @return null if strings have none of that name
     * @throws JinjaException if they have, but it is not supported
     */
    static Callable find(String text, String name) {
        return switch (name) {
            case "strip" -> arguments -> strip(text, name, arguments, true, true);
            case "lstrip" -> arguments -> strip(text, name, arguments, true, false);
            case "rstrip" -> arguments -> strip(text, name, arguments, false, true);
            case "split" -> arguments -> split(text, name, arguments, false);
            case "rsplit" -> arguments -> split(text, name, arguments, true);
            case "splitlines" -> arguments -> {
                arguments.bind(name, 0);
                return PythonText.lines(text);
            };
            case "startswith" -> arguments -> affixes(name, arguments).stream().anyMatch(text::startsWith);
            case "endswith" -> arguments -> affixes(name, arguments).stream().anyMatch(text::endsWith);
            case "removeprefix" -> arguments -> {
                String prefix = string(name, arguments.bind(name, 1, "prefix")[0]);
                return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
            };
            case "removesuffix" -> arguments -> {
                String suffix = string(name, arguments.bind(name, 1, "suffix")[0]);
                return text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
            };
            case "upper" -> arguments -> {
                arguments.bind(name, 0);
                return upper(text);
            };
            case "lower" -> arguments -> {
                arguments.bind(name, 0);
                return lower(text);
            };
            case "capitalize" -> arguments -> {
                arguments.bind(name, 0);
                return capitalized(text);
            };
            case "replace" -> arguments -> {
                Object[] given = arguments.bind(name, 2, "old", "new", "count");
                long count = given[2] == Arguments.MISSING ? -1 : integer(name, given[2]);
                return replaced(text, string(name, given[0]), string(name, given[1]), count);
            };
            case "find" -> arguments -> index(text, text.indexOf(string(name, arguments.bind(name, 1, "sub")[0])));
            case "rfind" -> arguments -> index(text, text.lastIndexOf(string(name, arguments.bind(name, 1, "sub")[0])));
            case "count" -> arguments -> count(text, string(name, arguments.bind(name, 1, "sub")[0]));
            case "format" -> arguments -> format(text, arguments);
            case "join" -> arguments -> {
                List<String> parts = new ArrayList<>();
                for (Object item : Python.items(arguments.bind(name, 1, "iterable")[0])) {
                    parts.add(string(name, item));
                }
                return String.join(text, parts);
            };
            default -> {
                if (OTHERS.contains(name)) {
                    throw JinjaException.unsupported("the method " + name + " of a string");
                }
                yield null;
            }
        };
    }

    static String upper(String text) {
        return text.toUpperCase(Locale.ROOT);
    }

    static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }

    /** The first character as in a title, the others small. */
    static String capitalized(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = text.codePointAt(0);
        if (first >= 0x80) {
            throw JinjaException.unsupported("capitalizing the character U+%04X".formatted(first));
        }
        return upper(text.substring(0, 1)) + lower(text.substring(1));
    }

    private static String strip(String text, String name, Arguments arguments, boolean left, boolean right) {
        Object characters = arguments.bind(name, 0, "chars")[0];
        boolean blank = characters == Arguments.MISSING || characters == null;
        return PythonText.strip(text, blank ? null : string(name, characters), left, right);
    }

    private static List<Object> split(String text, String name, Arguments arguments, boolean fromRight) {
        Object[] given = arguments.bind(name, 0, "sep", "maxsplit");
        long most = given[1] == Arguments.MISSING ? -1 : integer(name, given[1]);
        long limit = most < 0 ? Long.MAX_VALUE : most;
        if (given[0] == Arguments.MISSING || given[0] == null) {
            if (most >= 0) {
                throw JinjaException.unsupported(name + " at white space with a limit");
            }
            return words(text);
        }
        String separator = string(name, given[0]);
        if (separator.isEmpty()) {
            throw new JinjaException(name + "() with an empty separator");
        }
        List<Object> parts = new ArrayList<>();
        if (fromRight) {
            int end = text.length();
            for (int at; parts.size() < limit && (at = text.lastIndexOf(separator, end - separator.length())) >= 0
                    && end >= separator.length(); end = at) {
                parts.add(0, text.substring(at + separator.length(), end));
            }
            parts.add(0, text.substring(0, end));
            return parts;
        }
        int begin = 0;
        for (int at; parts.size() < limit && (at = text.indexOf(separator, begin)) >= 0; begin = at + separator.length()) {
            parts.add(text.substring(begin, at));
        }
        parts.add(text.substring(begin));
        return parts;
    }

    private static List<Object> words(String text) {
        List<Object> words = new ArrayList<>();
        String rest = PythonText.strip(text, null, true, true);
        while (!rest.isEmpty()) {
            int end = 0;
            while (end < rest.length() && !PythonText.isSpace(rest.charAt(end))) {
                end++;
            }
            words.add(rest.substring(0, end));
            rest = PythonText.strip(rest.substring(end), null, true, false);
        }
        return words;
    }

    private static List<String> affixes(String name, Arguments arguments) {
        Object given = arguments.bind(name, 1, "affix")[0];
        if (!(given instanceof PythonTuple tuple)) {
            return List.of(string(name, given));
        }
        return tuple.items().stream().map(item -> string(name, item)).toList();
    }

    /**
     * {@code str.replace}.
     *
     * @param count most replacements; below 0 for all
     */
    static String replaced(String text, String old, String with, long count) {
        if (old.isEmpty()) {
            throw JinjaException.unsupported("replacing an empty string");
        }
        if (count < 0) {
            return text.replace(old, with);
        }
        StringBuilder replaced = new StringBuilder();
        int begin = 0;
        long done = 0;
        for (int at; done < count && (at = text.indexOf(old, begin)) >= 0; begin = at + old.length(), done++) {
            replaced.append(text, begin, at).append(with);
        }
        return replaced.append(text.substring(begin)).toString();
    }

    /** {@code str.format} with places that are {@code {}} alone. */
    private static String format(String text, Arguments arguments) {
        StringBuilder formatted = new StringBuilder();
        int used = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '{' && c != '}') {
                formatted.append(c);
                continue;
            }
            char next = i + 1 < text.length() ? text.charAt(i + 1) : 0;
            if (next == c) {
                formatted.append(c);
            } else if (c == '{' && next == '}') {
                if (used == arguments.positional().size()) {
                    throw new JinjaException("format() has more places than arguments");
                }
                Object value = arguments.positional().get(used++);
                if (!(value instanceof String) && !PythonNumber.is(value)) {
                    throw JinjaException.unsupported("format() of " + Python.typeName(value));
                }
                formatted.append(PythonText.of(value));
            } else {
                throw JinjaException.unsupported("format() with more than {}");
            }
            i++;
        }
        return formatted.toString();
    }

    private static Object index(String text, int at) {
        return at < 0 ? -1L : (long) text.codePointCount(0, at);
    }

    private static Object count(String text, String part) {
        if (part.isEmpty()) {
            return PythonText.length(text) + 1;
        }
        long count = 0;
        for (int at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length())) {
            count++;
        }
        return count;
    }

    private static String string(String method, Object value) {
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (!(value instanceof String)) {
            throw new JinjaException(method + "() takes a string, not " + Python.typeName(value));
        }
        return (String) value;
    }

    private static long integer(String method, Object value) {
        if (!PythonNumber.isInteger(value)) {
            throw new JinjaException(method + "() takes a number, not " + Python.typeName(value));
        }
        return PythonNumber.toLong(value);
    }
}
