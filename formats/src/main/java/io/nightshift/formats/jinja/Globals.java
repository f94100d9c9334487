package io.nightshift.formats.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The functions that templates find there: Jinja2's, and those of transformers. */
final class Globals {
    /** Longest range, as in Jinja2's sandbox. */
    private static final long LONGEST_RANGE = 100_000;

    private Globals() {}

    static Map<String, Object> of(Rendering rendering) {
        Map<String, Object> globals = new LinkedHashMap<>();
        globals.put("range", (Callable) Globals::range);
        globals.put("namespace", (Callable) arguments -> new Namespace(keywords("namespace", arguments)));
        globals.put("dict", (Callable) arguments -> keywords("dict", arguments));
        globals.put("raise_exception", (Callable) arguments -> {
            throw new JinjaException(PythonText.of(arguments.bind("raise_exception", 1, "message")[0]));
        });
        globals.put("strftime_now", (Callable) arguments -> {
            Object format = arguments.bind("strftime_now", 1, "format")[0];
            if (!(format instanceof String)) {
                throw new JinjaException("strftime_now: the format is " + Python.typeName(format));
            }
            return Strftime.format(rendering.now(), (String) format);
        });
        for (String name : List.of("lipsum", "cycler", "joiner")) {
            globals.put(name, (Callable) arguments -> {
                throw JinjaException.unsupported(name + "()");
            });
        }
        return globals;
    }

    private static Map<String, Object> keywords(String function, Arguments arguments) {
        if (!arguments.positional().isEmpty()) {
            throw JinjaException.unsupported(function + "() with arguments without a name");
        }
        return new LinkedHashMap<>(arguments.named());
    }

    private static Object range(Arguments arguments) {
        Object[] given = arguments.bind("range", 1, "first", "second", "step");
        if (!arguments.named().isEmpty()) {
            throw new JinjaException("range() takes no arguments with a name");
        }
        long from = given[1] == Arguments.MISSING ? 0 : integer(given[0]);
        long to = integer(given[1] == Arguments.MISSING ? given[0] : given[1]);
        long step = given[2] == Arguments.MISSING ? 1 : integer(given[2]);
        if (step == 0) {
            throw new JinjaException("range() with a step of 0");
        }
        List<Object> range = new ArrayList<>();
        for (long i = from; step > 0 ? i < to : i > to; i += step) {
            range.add(i);
            if (range.size() > LONGEST_RANGE) {
                throw new JinjaException("range() of more than " + LONGEST_RANGE + " numbers");
            }
        }
        return new View(range);
    }

    private static long integer(Object value) {
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (!PythonNumber.isInteger(value)) {
            throw new JinjaException("range() of " + Python.typeName(value));
        }
        return PythonNumber.toLong(value);
    }
}
