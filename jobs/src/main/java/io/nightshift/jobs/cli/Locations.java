package io.nightshift.jobs.cli;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Lists of files and folders as they are given to an option. */
final class Locations {
    private Locations() {}

    /**
     * Cuts the values of an option at their commas. A value that is the name of something that is there is not cut,
     * nor is a comma with a backslash before it a place to cut: a file may be called {@code a,b}. Blanks around a
     * location are dropped.
     */
    static List<String> split(List<String> values) {
        List<String> locations = new ArrayList<>();
        for (String value : values) {
            if (value.indexOf(',') >= 0 && exists(value)) {
                locations.add(value);
                continue;
            }
            for (String part : value.split("(?<!\\\\),")) {
                String location = part.replace("\\,", ",").strip();
                if (!location.isEmpty()) {
                    locations.add(location);
                }
            }
        }
        return locations;
    }

    private static boolean exists(String value) {
        try {
            return Files.exists(Path.of(value));
        } catch (InvalidPathException e) {
            return false;
        }
    }
}
