package io.nightshift.formats.layout;

import io.nightshift.formats.storage.StoredFile;
import java.io.Serializable;
import java.util.List;
import java.util.stream.Stream;

/**
 * A whole output, laid out to the last byte: one file, or a folder.
 *
 * @param name of the file or the folder
 * @param files that tasks fill; of an output that is one file the only one, with the output's name
 * @param copies files of the checkpoint's folder that are copied as they are; none where the output is one file
 * @param generated small files of a folder. The last one makes it loadable: it is removed before anything is written, and
 *     committed after everything else
 * @param madeOf what the bytes follow from besides this layout, the checkpoint and the kernels: options, statistics
 */
public record OutputLayout(String name, List<LaidOutFile> files, List<StoredFile> copies, List<GeneratedFile> generated,
        List<String> madeOf) implements Serializable {
    /** An output that is one file. */
    public static OutputLayout ofFile(LaidOutFile file, List<String> madeOf) {
        return new OutputLayout(file.name(), List.of(file), List.of(), List.of(), madeOf);
    }

    /** Whether it is a folder. */
    public boolean isFolder() {
        return !generated.isEmpty();
    }

    /** All items, file by file. */
    public Stream<Item> items() {
        return files.stream().flatMap(file -> file.items().stream());
    }

    /** Bytes of all its files. */
    public long bytes() {
        return files.stream().mapToLong(LaidOutFile::length).sum()
                + copies.stream().mapToLong(StoredFile::length).sum()
                + generated.stream().mapToLong(file -> file.content().length).sum();
    }

    /** Bits that a weight takes on average, headers and padding left out. */
    public double bitsPerWeight() {
        long bytes = items().mapToLong(item -> item.length() - item.padding()).sum();
        long weights = items().mapToLong(Item::weights).sum();
        return weights == 0 ? 0 : 8.0 * bytes / weights;
    }
}
