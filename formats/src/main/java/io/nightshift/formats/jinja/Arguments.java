package io.nightshift.formats.jinja;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The arguments of a call. */
record Arguments(List<Object> positional, Map<String, Object> named) {
    /** Stands for an argument that was not given. */
    static final Object MISSING = new Object();

    /**
     * The arguments in the order of the parameters' names.
     *
     * @param least how many of them are needed
     * @throws JinjaException if there are too few or too many, or one of another name
     */
    Object[] bind(String function, int least, String... parameters) {
        Object[] bound = new Object[parameters.length];
        Arrays.fill(bound, MISSING);
        if (positional.size() > parameters.length) {
            throw new JinjaException(function + "() takes " + parameters.length + " arguments at most, and is given "
                    + positional.size());
        }
        for (int i = 0; i < positional.size(); i++) {
            bound[i] = positional.get(i);
        }
        named.forEach((name, value) -> {
            int index = Arrays.asList(parameters).indexOf(name);
            if (index < 0 || bound[index] != MISSING) {
                throw new JinjaException(function + "() takes no argument '" + name + "'" + (index < 0 ? "" : " twice"));
            }
            bound[index] = value;
        });
        for (int i = 0; i < least; i++) {
            if (bound[i] == MISSING) {
                throw new JinjaException(function + "() lacks its argument '" + parameters[i] + "'");
            }
        }
        return bound;
    }
}
