package io.nightshift.jobs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocationsTest {
    @TempDir
    Path folder;

    @Test
    void commasSeparateAndBlanksAroundThemAreDropped() {
        assertEquals(List.of("a", "b", "c", "d"), Locations.split(List.of("a, b", "c,d,")));
    }

    @Test
    void aCommaBehindABackslashBelongsToTheName() {
        assertEquals(List.of("a,b", "c"), Locations.split(List.of("a\\,b,c")));
    }

    @Test
    void whatIsThereUnderTheWholeNameIsNotCut() throws IOException {
        String file = Files.createFile(folder.resolve("a,b")).toString();
        assertEquals(List.of(file), Locations.split(List.of(file)));
    }
}
