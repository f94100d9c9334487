package io.nightshift.jobs.batch.manifest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.testing.S3Server;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredManifestFilesTest {
    private static final List<String> KEYS = List.of("nights/a-1/config.json", "nights/a-2/config.json",
            "nights/b-1/x/config.json", "nights/b-1/empty/weights.bin", "nights/readme.txt", "corpus/1.jsonl",
            "corpus/2.jsonl", "corpus/_SUCCESS");

    private static void check(StoredManifestFiles files, String base) throws Exception {
        assertEquals(List.of(base + "/nights/a-1"), files.checkpoints(base + "/nights/a-1"));
        assertEquals(List.of(base + "/nights/a-1"), files.checkpoints(base + "/nights/a-1/"));
        assertEquals(List.of(base + "/nights/a-1", base + "/nights/a-2"), files.checkpoints(base + "/nights/a-*"));
        assertEquals(List.of(base + "/nights/a-1", base + "/nights/a-2", base + "/nights/b-1/x"),
                files.checkpoints(base + "/nights/*/"));
        assertEquals(List.of(base + "/nights/a-1", base + "/nights/a-2"), files.checkpoints(base + "/nights/"));
        assertEquals(List.of(), files.checkpoints(base + "/nights"));
        assertEquals(List.of(), files.checkpoints(base + "/gone/*"));
        assertEquals(List.of(base + "/corpus/1.jsonl", base + "/corpus/2.jsonl"), files.texts(base + "/corpus/*.jsonl"));
        assertEquals(List.of(base + "/corpus/1.jsonl", base + "/corpus/2.jsonl"), files.texts(base + "/corpus"));
        assertEquals(List.of(), files.texts(base + "/gone.txt"));
    }

    @Test
    void localFoldersAreFound(@TempDir Path base) throws Exception {
        for (String key : KEYS) {
            Files.createDirectories(base.resolve(key).getParent());
            Files.writeString(base.resolve(key), "{}");
        }
        check(new StoredManifestFiles(new HadoopSettings(Map.of())), base.toString());
    }

    @Test
    void prefixesOfAnObjectStoreAreFound() throws Exception {
        try (S3Server s3 = S3Server.start()) {
            KEYS.forEach(key -> s3.put(key, new byte[] {'{', '}'}));
            check(new StoredManifestFiles(s3.settings()), "s3a://" + S3Server.BUCKET);
        }
    }
}
