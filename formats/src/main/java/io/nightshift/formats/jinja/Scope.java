package io.nightshift.formats.jinja;

import java.util.HashMap;
import java.util.Map;

/** Names and their values. A scope sees those around it; what it sets, these do not see. */
final class Scope {
    /** Macros within macros; Python's own limit is of that order. */
    private static final int MOST_CALLS = 100;

    private final Scope outer;
    private final Rendering rendering;
    private final Map<String, Object> names = new HashMap<>();

    private Scope(Scope outer, Rendering rendering) {
        this.outer = outer;
        this.rendering = rendering;
    }

    static Scope outermost(Rendering rendering, Map<String, Object> variables) {
        Scope globals = new Scope(null, rendering);
        globals.names.putAll(Globals.of(rendering));
        Scope scope = globals.inner();
        scope.names.putAll(variables);
        return scope;
    }

    Scope inner() {
        return new Scope(this, rendering);
    }

    void set(String name, Object value) {
        names.put(name, value);
    }

    Object get(String name) {
        for (Scope scope = this; scope != null; scope = scope.outer) {
            if (scope.names.containsKey(name)) {
                return scope.names.get(name);
            }
        }
        return new Undefined("'" + name + "' is undefined");
    }

    void enterCall() {
        if (++rendering.calls > MOST_CALLS) {
            throw new JinjaException("macros call each other without end");
        }
    }

    void leaveCall() {
        rendering.calls--;
    }
}
