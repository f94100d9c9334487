package io.nightshift.formats.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What is behind a point or in brackets. Jinja2 looks for an attribute and then for an item behind a point, and the other way
 * round in brackets (environment.py, getattr and getitem).
 */
final class Subscript {
    /** What would change a list or dict, which the sandbox of transformers forbids. */
    private static final Set<String> CHANGING = Set.of("append", "clear", "extend", "insert", "pop", "remove", "reverse",
            "sort", "popitem", "setdefault", "update");

    private Subscript() {}

    /** {@code value.name}. */
    static Object attribute(Object value, String name) {
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (name.startsWith("_")) {
            throw JinjaException.unsupported("the attribute " + name);
        }
        Object method = method(value, name);
        if (method != null) {
            return method;
        }
        if (value instanceof Namespace namespace) {
            return namespace.get(name);
        }
        if (value instanceof Loop loop) {
            return loop.get(name);
        }
        if (value instanceof Map<?, ?> map && map.containsKey(name)) {
            return map.get(name);
        }
        return missing(value, name);
    }

    /** {@code value[key]}. */
    static Object item(Object value, Object key) {
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (value instanceof Map<?, ?> map) {
            if (key instanceof String name) {
                return map.containsKey(name) ? map.get(name) : attribute(value, name);
            }
            Python.requireKey(key);
            return map.containsKey(key) ? map.get(key) : missing(value, key);
        }
        if (key instanceof String name) {
            return attribute(value, name);
        }
        if (PythonNumber.isInteger(key) && (value instanceof String || isSequence(value))) {
            List<Object> items = Python.items(value);
            long index = PythonNumber.toLong(key);
            long at = index < 0 ? index + items.size() : index;
            return at >= 0 && at < items.size() ? items.get((int) at) : missing(value, key);
        }
        if (value instanceof View || value instanceof OneWay || value instanceof Markup) {
            throw JinjaException.unsupported("an index into " + Python.typeName(value));
        }
        return missing(value, key);
    }

    private static boolean isSequence(Object value) {
        return value instanceof List || value instanceof PythonTuple;
    }

    private static Undefined missing(Object value, Object name) {
        String shown = name instanceof String || PythonNumber.is(name) ? PythonText.represented(name) : "such item";
        return new Undefined(Python.typeName(value) + " has no " + shown);
    }

    /** A method; null if there is none of that name. */
    private static Object method(Object value, String name) {
        if (value instanceof String text) {
            return StringMethods.find(text, name);
        }
        if (value instanceof Markup) {
            throw JinjaException.unsupported("a method of a text marked as safe");
        }
        if (value instanceof Map<?, ?> || value instanceof List) {
            if (value instanceof Map<?, ?> map) {
                Callable method = methodOfDict(map, name);
                if (method != null) {
                    return method;
                }
            }
            boolean changing = CHANGING.contains(name) && (value instanceof List || !Set.of("append", "extend", "insert",
                    "remove", "reverse", "sort").contains(name));
            if (changing) {
                throw new JinjaException("the attribute " + name + " of " + Python.typeName(value)
                        + " is unsafe: it would change what is rendered");
            }
            if (name.equals("copy") || name.equals("fromkeys") || value instanceof List && Set.of("index", "count")
                    .contains(name)) {
                throw JinjaException.unsupported("the method " + name + " of " + Python.typeName(value));
            }
        }
        return null;
    }

    private static Callable methodOfDict(Map<?, ?> map, String name) {
        return switch (name) {
            case "get" -> arguments -> {
                Object[] given = arguments.bind("get", 1, "key", "default");
                Python.requireKey(given[0]);
                return map.containsKey(given[0]) ? map.get(given[0]) : given[1] == Arguments.MISSING ? null : given[1];
            };
            case "keys" -> arguments -> {
                arguments.bind("keys", 0);
                return new View(new ArrayList<>(map.keySet()));
            };
            case "values" -> arguments -> {
                arguments.bind("values", 0);
                return new View(new ArrayList<>(map.values()));
            };
            case "items" -> arguments -> {
                arguments.bind("items", 0);
                return new View(pairs(map));
            };
            default -> null;
        };
    }

    /** The entries of a dict, each a tuple of key and value. */
    static List<Object> pairs(Map<?, ?> map) {
        List<Object> pairs = new ArrayList<>();
        map.forEach((key, value) -> {
            List<Object> pair = new ArrayList<>();
            pair.add(key);
            pair.add(value);
            pairs.add(new PythonTuple(pair));
        });
        return pairs;
    }

    /** {@code value[from:to:step]}; bounds that are not there are null. */
    static Object slice(Object value, Object from, Object to, Object step) {
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (!(value instanceof String) && !isSequence(value)) {
            if (value instanceof View || value instanceof OneWay || value instanceof Markup) {
                throw JinjaException.unsupported("a slice of " + Python.typeName(value));
            }
            throw new JinjaException(Python.typeName(value) + " has no slices");
        }
        List<Object> items = Python.items(value);
        long stride = step == null ? 1 : bound(step);
        if (stride == 0) {
            throw new JinjaException("a slice with a step of 0");
        }
        int size = items.size();
        long begin = from == null ? (stride > 0 ? 0 : size - 1) : clipped(bound(from), size, stride);
        long end = to == null ? (stride > 0 ? size : -1) : clipped(bound(to), size, stride);
        List<Object> taken = new ArrayList<>();
        for (long i = begin; stride > 0 ? i < end : i > end; i += stride) {
            taken.add(items.get((int) i));
        }
        if (value instanceof String) {
            StringBuilder text = new StringBuilder();
            taken.forEach(text::append);
            return text.toString();
        }
        return value instanceof PythonTuple ? new PythonTuple(taken) : taken;
    }

    private static long bound(Object value) {
        if (!PythonNumber.isInteger(value)) {
            throw new JinjaException("a slice with " + Python.typeName(value) + " as a bound");
        }
        return PythonNumber.toLong(value);
    }

    private static long clipped(long bound, int size, long stride) {
        long at = bound < 0 ? bound + size : bound;
        return stride > 0 ? Math.max(0, Math.min(at, size)) : Math.max(-1, Math.min(at, size - 1));
    }
}
