package io.nightshift.formats.layout;

import java.io.Serializable;
import java.util.List;

/**
 * A file that tasks fill.
 *
 * @param name within the output
 * @param header its first bytes, at least one
 * @param items what follows, without gaps
 */
public record LaidOutFile(String name, byte[] header, List<Item> items) implements Serializable {
    /** Length of the file in bytes. */
    public long length() {
        return header.length + items.stream().mapToLong(Item::length).reduce(0, Math::addExact);
    }
}
