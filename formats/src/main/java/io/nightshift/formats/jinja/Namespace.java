package io.nightshift.formats.jinja;

import java.util.HashMap;
import java.util.Map;

/** Jinja2's namespace: attributes that may be set from inner scopes. */
final class Namespace {
    private final Map<String, Object> attributes = new HashMap<>();

    Namespace(Map<String, Object> attributes) {
        this.attributes.putAll(attributes);
    }

    Object get(String name) {
        return attributes.containsKey(name)
                ? attributes.get(name)
                : new Undefined("'namespace object' has no attribute '" + name + "'");
    }

    void set(String name, Object value) {
        attributes.put(name, value);
    }
}
