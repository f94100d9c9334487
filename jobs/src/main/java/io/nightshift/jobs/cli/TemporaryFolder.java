package io.nightshift.jobs.cli;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/** The folder that the launcher made for this process's temporary files; there is none under spark-submit. */
final class TemporaryFolder {
    private static final String PROPERTY = "nightshift.temporary";

    private TemporaryFolder() {}

    /** Deletes it with all that lies in it. What cannot be deleted is left to the launcher's next run. */
    static void delete() {
        String folder = System.getProperty(PROPERTY);
        if (folder == null) {
            return;
        }
        try {
            Files.walkFileTree(Path.of(folder), new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    return deleted(file);
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException e) {
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path visited, IOException e) {
                    return deleted(visited);
                }
            });
        } catch (IOException e) {
            // Left to the next run.
        }
    }

    private static FileVisitResult deleted(Path path) {
        path.toFile().delete();
        return FileVisitResult.CONTINUE;
    }
}
