package io.nightshift.formats.jinja;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;

/** Jinja2's tests (tests.py): what stands behind {@code is}. */
final class Tests {
    private Tests() {}

    /**
     * Applies a test.
     *
     * @throws JinjaException if it is not supported, or does not take the value
     */
    static boolean apply(String name, Object value, List<Object> arguments) {
        int wanted = switch (name) {
            case "eq", "equalto", "==", "ne", "!=", "lt", "lessthan", "<", "gt", "greaterthan", ">", "le", "<=", "ge", ">=",
                    "in", "divisibleby", "sameas" -> 1;
            default -> 0;
        };
        if (arguments.size() != wanted) {
            throw new JinjaException("the test " + name + " takes " + wanted + " arguments, and is given " + arguments.size());
        }
        Object other = wanted == 1 ? arguments.get(0) : null;
        return switch (name) {
            case "defined" -> !(value instanceof Undefined);
            case "undefined" -> value instanceof Undefined;
            case "none" -> value == null;
            case "boolean" -> value instanceof Boolean;
            case "true" -> Boolean.TRUE.equals(value);
            case "false" -> Boolean.FALSE.equals(value);
            case "integer" -> value instanceof Long || value instanceof BigInteger;
            case "float" -> value instanceof Double;
            case "number" -> PythonNumber.is(value);
            case "string" -> value instanceof String || value instanceof Markup;
            case "mapping" -> value instanceof Map;
            case "sequence" -> value instanceof String || value instanceof Markup || value instanceof List
                    || value instanceof Map || value instanceof PythonTuple || value instanceof Undefined;
            case "iterable" -> Python.isIterable(value);
            // An undefined value has the method, which then fails; so has loop.
            case "callable" -> value instanceof Callable || value instanceof Undefined || value instanceof Loop;
            case "odd" -> Python.equal(Python.remainder(value, 2L), 1L);
            case "even" -> Python.equal(Python.remainder(value, 2L), 0L);
            case "divisibleby" -> Python.equal(Python.remainder(value, other), 0L);
            case "eq", "equalto", "==" -> Python.equal(value, other);
            case "ne", "!=" -> !Python.equal(value, other);
            case "lt", "lessthan", "<" -> Python.compare(value, other) < 0;
            case "gt", "greaterthan", ">" -> Python.compare(value, other) > 0;
            case "le", "<=" -> Python.compare(value, other) <= 0;
            case "ge", ">=" -> Python.compare(value, other) >= 0;
            case "in" -> Python.contains(other, value);
            case "sameas" -> {
                if (other != null && !(other instanceof Boolean)) {
                    throw JinjaException.unsupported("the test sameas with anything but none, true and false");
                }
                yield value == null ? other == null : value.equals(other);
            }
            default -> throw JinjaException.unsupported("the test " + name);
        };
    }
}
