package io.nightshift.jobs.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Names with characters that stand for others: {@code *}, <code>?</code>, {@code [ab]}, <code>{a,b}</code>. */
public final class Glob {
    private static final Pattern CHARACTERS = Pattern.compile("[*?\\[{]");

    private Glob() {}

    private static boolean isIn(String name) {
        return CHARACTERS.matcher(name).find();
    }

    /** The folder above the first part of a location that has such characters, or above its last one. */
    public static String folderBefore(String location) {
        var first = CHARACTERS.matcher(location);
        String before = first.find() ? location.substring(0, first.start()) : location;
        int slash = before.lastIndexOf('/');
        return before.indexOf("://") + 2 >= slash ? before : before.substring(0, slash);
    }

    /**
     * What a path stands for. What is there under that very name is meant, whatever the name would match.
     *
     * @return files and folders; none if there are none
     */
    public static List<FileStatus> matches(FileSystem store, Path path) throws IOException {
        Optional<FileStatus> there = find(store, path);
        if (there.isPresent()) {
            return List.of(there.get());
        }
        FileStatus[] matches = store.globStatus(path);
        return matches == null ? List.of() : List.of(matches);
    }

    /** Whether a path stands for all that match it: it has such characters, and nothing is there under that very name. */
    public static boolean isPattern(FileSystem store, Path path) throws IOException {
        return isIn(path.toString()) && find(store, path).isEmpty();
    }

    private static Optional<FileStatus> find(FileSystem store, Path path) throws IOException {
        try {
            return Optional.of(store.getFileStatus(path));
        } catch (FileNotFoundException e) {
            return Optional.empty();
        }
    }
}
