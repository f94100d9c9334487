package io.nightshift.formats.jinja;

import java.util.List;

/** What Python's generators give: items that can be gone through once. */
final class OneWay {
    private final List<Object> items;
    private boolean used;

    OneWay(List<Object> items) {
        this.items = items;
    }

    List<Object> take() {
        if (used) {
            throw JinjaException.unsupported("going through the same result of a filter twice (list makes one that stays)");
        }
        used = true;
        return items;
    }
}
