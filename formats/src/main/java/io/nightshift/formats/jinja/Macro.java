package io.nightshift.formats.jinja;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A macro, with the names around its definition. */
record Macro(Definition definition, Scope scope, Optional<Macro> caller) implements Callable {
    /**
     * What a macro is.
     *
     * @param name its name
     * @param parameters in order
     * @param defaults of those parameters that have one
     */
    record Definition(String name, List<String> parameters, Map<String, Expression> defaults, Statement.Block body) {}

    Macro(Definition definition, Scope scope) {
        this(definition, scope, Optional.empty());
    }

    /** The macro, called with a block. */
    Macro with(Macro block) {
        return new Macro(definition, scope, Optional.of(block));
    }

    @Override
    public Object call(Arguments arguments) {
        Scope inner = scope.inner();
        if (caller.isPresent()) {
            inner.set("caller", caller.get());
        }
        Object[] bound = arguments.bind(definition.name(), 0, definition.parameters().toArray(new String[0]));
        for (int i = 0; i < bound.length; i++) {
            String name = definition.parameters().get(i);
            if (bound[i] != Arguments.MISSING) {
                inner.set(name, bound[i]);
            } else if (definition.defaults().containsKey(name)) {
                inner.set(name, definition.defaults().get(name).value(inner));
            } else {
                inner.set(name, new Undefined("the parameter '" + name + "' was not given"));
            }
        }
        inner.enterCall();
        try {
            return definition.body().text(inner);
        } finally {
            inner.leaveCall();
        }
    }
}
