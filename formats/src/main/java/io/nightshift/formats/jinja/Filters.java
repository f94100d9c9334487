package io.nightshift.formats.jinja;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Jinja2's filters (filters.py), and {@code tojson} as transformers has it. */
final class Filters {
    private static final Pattern INTEGER = Pattern.compile("[+-]?[0-9]+");
    private static final Pattern NUMBER = Pattern.compile("[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?");
    private static final Pattern OTHER_NUMBER = Pattern.compile("(?i).*(_|inf|nan|[^\\x00-\\x7f]).*", Pattern.DOTALL);
    private static final Pattern WORD_BEGIN = Pattern.compile("(?<=[-\\s({\\[<])(?=[^-\\s({\\[<])");

    private Filters() {}

    /**
     * Applies a filter.
     *
     * @throws JinjaException if it is not supported, or does not take the value
     */
    static Object apply(String name, Object value, Arguments arguments) {
        return switch (name) {
            case "tojson" -> PythonJson.filter(value, arguments);
            case "length", "count" -> {
                arguments.bind(name, 0);
                yield Python.length(value);
            }
            case "trim" -> {
                Object characters = arguments.bind(name, 0, "chars")[0];
                yield PythonText.strip(text(name, value), characters instanceof String only ? only : null, true, true);
            }
            case "string" -> {
                arguments.bind(name, 0);
                yield value instanceof Markup ? value : PythonText.of(value);
            }
            case "safe" -> {
                arguments.bind(name, 0);
                yield new Markup(PythonText.of(value));
            }
            case "upper" -> {
                arguments.bind(name, 0);
                yield StringMethods.upper(text(name, value));
            }
            case "lower" -> {
                arguments.bind(name, 0);
                yield StringMethods.lower(text(name, value));
            }
            case "capitalize" -> {
                arguments.bind(name, 0);
                yield StringMethods.capitalized(text(name, value));
            }
            case "title" -> {
                arguments.bind(name, 0);
                yield title(text(name, value));
            }
            case "replace" -> {
                Object[] given = arguments.bind(name, 2, "old", "new", "count");
                long count = given[2] == Arguments.MISSING || given[2] == null ? -1 : integer(name, given[2]);
                yield StringMethods.replaced(text(name, value), text(name, given[0]), text(name, given[1]), count);
            }
            case "indent" -> indent(value, arguments);
            case "default", "d" -> {
                Object[] given = arguments.bind(name, 0, "default_value", "boolean");
                boolean empty = value instanceof Undefined
                        || given[1] != Arguments.MISSING && Python.truth(given[1]) && !Python.truth(value);
                yield empty ? given[0] == Arguments.MISSING ? "" : given[0] : value;
            }
            case "int" -> toInteger(value, arguments);
            case "float" -> toFloat(value, arguments);
            case "abs" -> {
                arguments.bind(name, 0);
                yield Python.compare(value, 0L) < 0 ? Python.negate(value) : Python.plus(value);
            }
            case "list" -> {
                arguments.bind(name, 0);
                yield new ArrayList<>(Python.items(value));
            }
            case "first" -> {
                arguments.bind(name, 0);
                List<Object> items = Python.items(value);
                yield items.isEmpty() ? new Undefined("there is no first item") : items.get(0);
            }
            case "last" -> {
                arguments.bind(name, 0);
                requireBackwards(name, value);
                List<Object> items = Python.items(value);
                yield items.isEmpty() ? new Undefined("there is no last item") : items.get(items.size() - 1);
            }
            case "reverse" -> {
                arguments.bind(name, 0);
                requireBackwards(name, value);
                yield reversed(value);
            }
            case "items" -> {
                arguments.bind(name, 0);
                if (!(value instanceof Map<?, ?>) && !(value instanceof Undefined)) {
                    throw new JinjaException("items: " + Python.typeName(value) + " has no pairs of keys and values");
                }
                yield new OneWay(value instanceof Map<?, ?> map ? Subscript.pairs(map) : List.of());
            }
            case "dictsort" -> dictSort(value, arguments);
            case "sort" -> sort(value, arguments);
            case "unique" -> unique(value, arguments);
            case "min", "max" -> extreme(name, value, arguments);
            case "join" -> {
                Object[] given = arguments.bind(name, 0, "d", "attribute");
                List<String> parts = new ArrayList<>();
                for (Object item : Python.items(value)) {
                    parts.add(PythonText.of(attribute(item, given[1])));
                }
                yield String.join(given[0] == Arguments.MISSING ? "" : PythonText.of(given[0]), parts);
            }
            case "map" -> map(value, arguments);
            case "select", "reject" -> {
                Predicate<Object> test = test(arguments, 0);
                yield new OneWay(itemsIfAny(value).stream().filter(name.equals("select") ? test : test.negate()).toList());
            }
            case "selectattr", "rejectattr" -> {
                if (arguments.positional().isEmpty()) {
                    throw new JinjaException(name + " needs the name of an attribute");
                }
                Object attribute = arguments.positional().get(0);
                Predicate<Object> test = test(arguments, 1);
                Predicate<Object> ofItem = item -> test.test(attribute(item, attribute));
                yield new OneWay(itemsIfAny(value).stream()
                        .filter(name.equals("selectattr") ? ofItem : ofItem.negate()).toList());
            }
            default -> throw JinjaException.unsupported("the filter " + name);
        };
    }

    /** What filters of texts work on: anything, as it is written. */
    private static String text(String filter, Object value) {
        if (value instanceof Markup) {
            throw JinjaException.unsupported("the filter " + filter + " of a text marked as safe");
        }
        return PythonText.of(value);
    }

    private static long integer(String filter, Object value) {
        if (!PythonNumber.isInteger(value)) {
            throw new JinjaException(filter + " takes a number, not " + Python.typeName(value));
        }
        return PythonNumber.toLong(value);
    }

    /** The items of a value; none of what counts as false, None among it, which these filters take. */
    private static List<Object> itemsIfAny(Object value) {
        return Python.truth(value) ? Python.items(value) : List.of();
    }

    private static void requireBackwards(String filter, Object value) {
        if (value instanceof OneWay || value instanceof Undefined) {
            throw new JinjaException(filter + ": " + Python.typeName(value) + " cannot be gone through backwards");
        }
    }

    private static Object reversed(Object value) {
        if (value instanceof String text) {
            return new StringBuilder(text).reverse().toString();
        }
        List<Object> reversed = new ArrayList<>();
        Python.items(value).forEach(item -> reversed.add(0, item));
        return new OneWay(reversed);
    }

    private static String title(String text) {
        if (!text.chars().allMatch(c -> c < 0x80)) {
            throw JinjaException.unsupported("the filter title of other letters than A to Z");
        }
        StringBuilder title = new StringBuilder();
        for (String word : WORD_BEGIN.split(text)) {
            title.append(StringMethods.capitalized(word));
        }
        return title.toString();
    }

    private static Object indent(Object value, Arguments arguments) {
        Object[] given = arguments.bind("indent", 0, "width", "first", "blank");
        if (!(value instanceof String)) {
            throw new JinjaException("indent takes a string, not " + Python.typeName(value));
        }
        Object width = given[0] == Arguments.MISSING ? (Object) 4L : given[0];
        String indention = width instanceof String text ? text : " ".repeat((int) Math.max(0, integer("indent", width)));
        boolean first = given[1] != Arguments.MISSING && Python.truth(given[1]);
        boolean blank = given[2] != Arguments.MISSING && Python.truth(given[2]);
        StringBuilder indented = new StringBuilder();
        List<Object> lines = PythonText.lines(value + "\n");
        for (int i = 0; i < lines.size(); i++) {
            String line = (String) lines.get(i);
            indented.append(i == 0 ? "" : "\n").append(i > 0 && (blank || !line.isEmpty()) ? indention : "").append(line);
        }
        return (first ? indention : "") + indented;
    }

    private static Object toInteger(Object value, Arguments arguments) {
        Object otherwise = arguments.bind("int", 0, "default")[0];
        Object number = number("int", value);
        if (number instanceof Double real) {
            return Double.isFinite(real) ? PythonNumber.integer(new BigDecimal(real).toBigInteger()) : otherwise;
        }
        if (number instanceof Boolean) {
            return PythonNumber.toLong(number);
        }
        return number != null ? number : otherwise == Arguments.MISSING ? (Object) 0L : otherwise;
    }

    private static Object toFloat(Object value, Arguments arguments) {
        Object otherwise = arguments.bind("float", 0, "default")[0];
        Object number = number("float", value);
        if (number != null) {
            return PythonNumber.toDouble(number);
        }
        return otherwise == Arguments.MISSING ? (Object) 0.0 : otherwise;
    }

    /** A number, or the one that a text is; null if it is none. */
    private static Object number(String filter, Object value) {
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (PythonNumber.is(value)) {
            return value;
        }
        if (!(value instanceof String)) {
            return null;
        }
        String text = PythonText.strip((String) value, null, true, true);
        if (INTEGER.matcher(text).matches()) {
            return PythonNumber.integer(new BigDecimal(text).toBigInteger());
        }
        if (NUMBER.matcher(text).matches()) {
            return Double.valueOf(text);
        }
        if (OTHER_NUMBER.matcher(text).matches()) {
            throw JinjaException.unsupported("the filter " + filter + " of the text '" + text + "'");
        }
        return null;
    }

    /** An attribute of an item by its name, or by several with points between; the item itself where none is given. */
    private static Object attribute(Object item, Object name) {
        if (name == Arguments.MISSING || name == null) {
            return item;
        }
        if (!(name instanceof String)) {
            return Subscript.item(item, name);
        }
        Object found = item;
        for (String part : ((String) name).split("\\.", -1)) {
            found = Subscript.item(found, INTEGER.matcher(part).matches() ? (Object) Long.valueOf(part) : part);
        }
        return found;
    }

    private static Object smallLetters(Object value) {
        return value instanceof String text ? StringMethods.lower(text) : value;
    }

    private static List<Object> dictSort(Object value, Arguments arguments) {
        Object[] given = arguments.bind("dictsort", 0, "case_sensitive", "by", "reverse");
        if (!(value instanceof Map<?, ?> map)) {
            throw new JinjaException("dictsort takes a dict, not " + Python.typeName(value));
        }
        boolean exact = given[0] != Arguments.MISSING && Python.truth(given[0]);
        Object by = given[1] == Arguments.MISSING ? "key" : given[1];
        if (!by.equals("key") && !by.equals("value")) {
            throw new JinjaException("dictsort sorts by key or value");
        }
        int index = by.equals("key") ? 0 : 1;
        Comparator<Object> order = (a, b) -> {
            Object one = ((PythonTuple) a).items().get(index);
            Object other = ((PythonTuple) b).items().get(index);
            return exact ? Python.compare(one, other) : Python.compare(smallLetters(one), smallLetters(other));
        };
        List<Object> pairs = Subscript.pairs(map);
        pairs.sort(given[2] != Arguments.MISSING && Python.truth(given[2]) ? order.reversed() : order);
        return pairs;
    }

    private static List<Object> sort(Object value, Arguments arguments) {
        Object[] given = arguments.bind("sort", 0, "reverse", "case_sensitive", "attribute");
        boolean exact = given[1] != Arguments.MISSING && Python.truth(given[1]);
        if (given[2] instanceof String names && names.contains(",")) {
            throw JinjaException.unsupported("the filter sort by several attributes");
        }
        Comparator<Object> order = (a, b) -> {
            Object one = attribute(a, given[2]);
            Object other = attribute(b, given[2]);
            return exact ? Python.compare(one, other) : Python.compare(smallLetters(one), smallLetters(other));
        };
        List<Object> sorted = new ArrayList<>(Python.items(value));
        sorted.sort(given[0] != Arguments.MISSING && Python.truth(given[0]) ? order.reversed() : order);
        return sorted;
    }

    private static OneWay unique(Object value, Arguments arguments) {
        Object[] given = arguments.bind("unique", 0, "case_sensitive", "attribute");
        boolean exact = given[0] != Arguments.MISSING && Python.truth(given[0]);
        List<Object> seen = new ArrayList<>();
        List<Object> unique = new ArrayList<>();
        for (Object item : Python.items(value)) {
            Object key = attribute(item, given[1]);
            if (key instanceof List || key instanceof Map) {
                throw new JinjaException("unique: " + Python.typeName(key) + " cannot be looked up");
            }
            Object compared = exact ? key : smallLetters(key);
            if (seen.stream().noneMatch(each -> Python.equal(each, compared))) {
                seen.add(compared);
                unique.add(item);
            }
        }
        return new OneWay(unique);
    }

    private static Object extreme(String name, Object value, Arguments arguments) {
        Object[] given = arguments.bind(name, 0, "case_sensitive", "attribute");
        boolean exact = given[0] != Arguments.MISSING && Python.truth(given[0]);
        List<Object> items = Python.items(value);
        if (items.isEmpty()) {
            return new Undefined("there is no item");
        }
        Object found = items.get(0);
        for (Object item : items.subList(1, items.size())) {
            Object one = attribute(item, given[1]);
            Object other = attribute(found, given[1]);
            int order = exact ? Python.compare(one, other) : Python.compare(smallLetters(one), smallLetters(other));
            if (name.equals("min") ? order < 0 : order > 0) {
                found = item;
            }
        }
        return found;
    }

    private static OneWay map(Object value, Arguments arguments) {
        List<Object> mapped = new ArrayList<>();
        if (arguments.positional().isEmpty()) {
            Object[] given = arguments.bind("map", 0, "attribute", "default");
            if (given[0] == Arguments.MISSING) {
                throw new JinjaException("map needs a filter or an attribute");
            }
            if (given[1] != Arguments.MISSING && given[0] instanceof String name && name.contains(".")) {
                throw JinjaException.unsupported("the filter map with a default for attributes of attributes");
            }
            for (Object item : itemsIfAny(value)) {
                Object found = attribute(item, given[0]);
                boolean replaced = found instanceof Undefined && given[1] != Arguments.MISSING && given[1] != null;
                mapped.add(replaced ? given[1] : found);
            }
            return new OneWay(mapped);
        }
        String filter = PythonText.of(arguments.positional().get(0));
        List<Object> rest = arguments.positional().subList(1, arguments.positional().size());
        for (Object item : itemsIfAny(value)) {
            mapped.add(apply(filter, item, new Arguments(rest, arguments.named())));
        }
        return new OneWay(mapped);
    }

    /** The test that a filter names from one of its arguments on; whether an item counts as true, where it names none. */
    private static Predicate<Object> test(Arguments arguments, int from) {
        if (!arguments.named().isEmpty()) {
            throw JinjaException.unsupported("a filter of items with named arguments");
        }
        List<Object> given = arguments.positional();
        if (given.size() <= from) {
            return Python::truth;
        }
        String name = PythonText.of(given.get(from));
        List<Object> rest = given.subList(from + 1, given.size());
        return item -> Tests.apply(name, item, rest);
    }
}
