package io.nightshift.formats.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Python's operators on values. A value is null (None), a Boolean, a number ({@link PythonNumber}), a String, a List, a Map
 * (a dict, in order), or one of this package's own: {@link PythonTuple}, {@link View}, {@link OneWay},
 * {@link Undefined}, {@link Namespace}, {@link Loop}, {@link Callable}, {@link Markup}. None of them is ever changed, but for
 * namespaces.
 */
final class Python {
    private static final int LONGEST_REPETITION = 1 << 20;

    private Python() {}

    static String typeName(Object value) {
        if (value == null) {
            return "None";
        }
        if (value instanceof Boolean) {
            return "a truth value";
        }
        if (value instanceof String || value instanceof Markup) {
            return "a string";
        }
        if (value instanceof List) {
            return "a list";
        }
        if (value instanceof Map) {
            return "a dict";
        }
        if (value instanceof Undefined undefined) {
            return "an undefined value (" + undefined.why() + ")";
        }
        if (PythonNumber.is(value)) {
            return "a number";
        }
        if (value instanceof PythonTuple) {
            return "a tuple";
        }
        if (value instanceof Callable) {
            return "a function";
        }
        return value instanceof View || value instanceof OneWay ? "the items of a filter or dict" : "an object";
    }

    /** Whether a value counts as true. */
    static boolean truth(Object value) {
        if (value == null || value instanceof Undefined) {
            return false;
        }
        if (value instanceof Boolean truth) {
            return truth;
        }
        if (value instanceof BigInteger) {
            return true;
        }
        if (PythonNumber.is(value)) {
            return PythonNumber.toDouble(value) != 0;
        }
        if (value instanceof String || value instanceof Markup || isSized(value)) {
            return length(value) > 0;
        }
        return true;
    }

    private static boolean isSized(Object value) {
        return value instanceof List || value instanceof Map || value instanceof PythonTuple || value instanceof View;
    }

    /** {@code len(value)}. */
    static long length(Object value) {
        if (value instanceof String || value instanceof Markup) {
            return PythonText.length(PythonText.of(value));
        }
        if (value instanceof Undefined) {
            return 0;
        }
        if (isSized(value)) {
            return items(value).size();
        }
        throw new JinjaException(typeName(value) + " has no length");
    }

    /** Whether a value can be gone through. */
    static boolean isIterable(Object value) {
        return value instanceof String || value instanceof Undefined || value instanceof OneWay || isSized(value)
                || value instanceof Markup;
    }

    /** What going through a value gives: its items, the keys of a dict, the characters of a string. */
    static List<Object> items(Object value) {
        if (value instanceof List<?> list) {
            return new ArrayList<>(list);
        }
        if (value instanceof Map<?, ?> map) {
            return new ArrayList<>(map.keySet());
        }
        if (value instanceof PythonTuple tuple) {
            return tuple.items();
        }
        if (value instanceof View view) {
            return view.items();
        }
        if (value instanceof OneWay oneWay) {
            return oneWay.take();
        }
        if (value instanceof String text) {
            return PythonText.characters(text);
        }
        if (value instanceof Undefined) {
            return List.of();
        }
        throw new JinjaException(typeName(value) + " cannot be gone through");
    }

    /** {@code a == b}. */
    static boolean equal(Object a, Object b) {
        if (a instanceof Markup || b instanceof Markup) {
            throw JinjaException.unsupported("comparing a text marked as safe");
        }
        if (PythonNumber.is(a) && PythonNumber.is(b)) {
            if (a instanceof BigInteger || b instanceof BigInteger) {
                return a.equals(b);
            }
            return PythonNumber.isInteger(a) && PythonNumber.isInteger(b)
                    ? PythonNumber.toLong(a) == PythonNumber.toLong(b)
                    : PythonNumber.toDouble(a) == PythonNumber.toDouble(b);
        }
        if (a instanceof List<?> one && b instanceof List<?> other) {
            return allEqual(one, other);
        }
        if (a instanceof PythonTuple one && b instanceof PythonTuple other) {
            return allEqual(one.items(), other.items());
        }
        if (a instanceof Map<?, ?> one && b instanceof Map<?, ?> other) {
            return one.size() == other.size() && one.entrySet().stream().allMatch(entry ->
                    other.containsKey(entry.getKey()) && equal(entry.getValue(), other.get(entry.getKey())));
        }
        if (a instanceof Undefined && b instanceof Undefined) {
            return true;
        }
        if (a instanceof View || b instanceof View) {
            throw JinjaException.unsupported("comparing what a dict's methods give");
        }
        return Objects.equals(a, b);
    }

    private static boolean allEqual(List<?> a, List<?> b) {
        if (a.size() != b.size()) {
            return false;
        }
        for (int i = 0; i < a.size(); i++) {
            if (!equal(a.get(i), b.get(i))) {
                return false;
            }
        }
        return true;
    }

    /** Below 0, 0, or above, as a is smaller than, the same as, or larger than b. */
    static int compare(Object a, Object b) {
        if (PythonNumber.is(a) && PythonNumber.is(b)) {
            return PythonNumber.isInteger(a) && PythonNumber.isInteger(b)
                    ? Long.compare(PythonNumber.toLong(a), PythonNumber.toLong(b))
                    : Double.compare(PythonNumber.toDouble(a), PythonNumber.toDouble(b));
        }
        if (a instanceof String one && b instanceof String other) {
            return PythonText.compare(one, other);
        }
        throw new JinjaException(typeName(a) + " and " + typeName(b) + " have no order");
    }

    /** {@code item in container}. */
    static boolean contains(Object container, Object item) {
        if (container instanceof String text) {
            if (item instanceof String part) {
                return text.contains(part);
            }
            throw new JinjaException(typeName(item) + " cannot be in a string");
        }
        if (container instanceof Map<?, ?> map) {
            requireKey(item);
            return map.containsKey(item);
        }
        return items(container).stream().anyMatch(each -> equal(each, item));
    }

    /** Keys of dicts are strings and integers; what else Python takes is refused. */
    static void requireKey(Object key) {
        if (key instanceof List || key instanceof Map) {
            throw new JinjaException(typeName(key) + " cannot be a key");
        }
        if (!(key instanceof String) && !(key instanceof Long) && !(key instanceof Undefined) && key != null) {
            throw JinjaException.unsupported(typeName(key) + " as a key of a dict");
        }
    }

    static Object add(Object a, Object b) {
        requireDefined(a, b);
        if (a instanceof String one && b instanceof String other) {
            return one + other;
        }
        if (a instanceof Markup && (b instanceof String || b instanceof Markup) || a instanceof String && b instanceof Markup) {
            return new Markup(markup(a).text() + markup(b).text());
        }
        if (a instanceof List<?> one && b instanceof List<?> other) {
            List<Object> joined = new ArrayList<>(one);
            joined.addAll(other);
            return joined;
        }
        return arithmetic("+", a, b);
    }

    private static Markup markup(Object text) {
        return text instanceof Markup markup ? markup : Markup.escaped((String) text);
    }

    static Object subtract(Object a, Object b) {
        return arithmetic("-", a, b);
    }

    static Object multiply(Object a, Object b) {
        requireDefined(a, b);
        if (PythonNumber.isInteger(a) && (b instanceof String || b instanceof List)) {
            return multiply(b, a);
        }
        if (PythonNumber.isInteger(b) && (a instanceof String || a instanceof List)) {
            int times = (int) Math.max(0, Math.min(PythonNumber.toLong(b), LONGEST_REPETITION + 1L));
            if (times * length(a) > LONGEST_REPETITION) {
                throw JinjaException.unsupported("repeating to more than " + LONGEST_REPETITION + " items");
            }
            if (a instanceof String text) {
                return text.repeat(times);
            }
            List<Object> repeated = new ArrayList<>();
            for (int i = 0; i < times; i++) {
                repeated.addAll((List<?>) a);
            }
            return repeated;
        }
        return arithmetic("*", a, b);
    }

    static Object divide(Object a, Object b) {
        return arithmetic("/", a, b);
    }

    static Object divideDown(Object a, Object b) {
        return arithmetic("//", a, b);
    }

    static Object remainder(Object a, Object b) {
        if (a instanceof String) {
            throw JinjaException.unsupported("formatting with %");
        }
        return arithmetic("%", a, b);
    }

    /** A number as it is; True and False as the integers that they count as. */
    static Object plus(Object value) {
        return value instanceof Boolean ? (Object) PythonNumber.toLong(value) : value;
    }

    static Object negate(Object value) {
        if (value instanceof Double number) {
            return -number;
        }
        return subtract(0L, value);
    }

    private static Object arithmetic(String operator, Object a, Object b) {
        requireDefined(a, b);
        if (!PythonNumber.is(a) || !PythonNumber.is(b)) {
            throw new JinjaException("there is no " + operator + " of " + typeName(a) + " and " + typeName(b));
        }
        if (operator.contains("/") || operator.equals("%")) {
            if (PythonNumber.toDouble(b) == 0) {
                throw new JinjaException("division by zero");
            }
        }
        try {
            return PythonNumber.isInteger(a) && PythonNumber.isInteger(b) && !operator.equals("/")
                    ? integers(operator, PythonNumber.toLong(a), PythonNumber.toLong(b))
                    : floats(operator, PythonNumber.toDouble(a), PythonNumber.toDouble(b));
        } catch (ArithmeticException e) {
            throw JinjaException.unsupported("computing with a number of more than 64 bits");
        }
    }

    private static Object integers(String operator, long a, long b) {
        return switch (operator) {
            case "+" -> Math.addExact(a, b);
            case "-" -> Math.subtractExact(a, b);
            case "*" -> Math.multiplyExact(a, b);
            case "//" -> Math.floorDiv(a, b);
            default -> Math.floorMod(a, b);
        };
    }

    private static Object floats(String operator, double a, double b) {
        return switch (operator) {
            case "+" -> a + b;
            case "-" -> a - b;
            case "*" -> a * b;
            case "/" -> a / b;
            default -> throw JinjaException.unsupported(operator + " of numbers with a point");
        };
    }

    private static void requireDefined(Object... values) {
        for (Object value : values) {
            if (value instanceof Undefined undefined) {
                throw undefined.error();
            }
        }
    }
}
