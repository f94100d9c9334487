package io.nightshift.formats.jinja;

import java.util.List;

/** The variable {@code loop} of a for block. */
final class Loop {
    private final List<Object> items;
    private final int index;

    Loop(List<Object> items, int index) {
        this.items = items;
        this.index = index;
    }

    Object get(String name) {
        int length = items.size();
        return switch (name) {
            case "index" -> index + 1L;
            case "index0" -> (long) index;
            case "revindex" -> (long) (length - index);
            case "revindex0" -> (long) (length - index - 1);
            case "first" -> index == 0;
            case "last" -> index == length - 1;
            case "length" -> (long) length;
            case "previtem" -> index == 0 ? new Undefined("there is no previous item") : items.get(index - 1);
            case "nextitem" -> index == length - 1 ? new Undefined("there is no next item") : items.get(index + 1);
            case "cycle" -> (Callable) this::cycle;
            default -> throw JinjaException.unsupported("loop." + name);
        };
    }

    private Object cycle(Arguments arguments) {
        if (arguments.positional().isEmpty() || !arguments.named().isEmpty()) {
            throw new JinjaException("loop.cycle() needs items to cycle through");
        }
        return arguments.positional().get(index % arguments.positional().size());
    }
}
