package io.nightshift.jobs.batch.manifest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.nightshift.jobs.batch.manifest.ManifestFiles.Checkpoints;
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
            "corpus/2.jsonl", "corpus/_SUCCESS", "odd/m[1]/config.json", "odd/m1/config.json", "odd/d[1].txt", "odd/d1.txt");

    private static void check(StoredManifestFiles files, String base) throws Exception {
        String one = base + "/nights/a-1";
        String two = base + "/nights/a-2";
        assertEquals(new Checkpoints(false, List.of(one)), files.checkpoints(one));
        assertEquals(new Checkpoints(true, List.of(one)), files.checkpoints(one + "/"));
        assertEquals(new Checkpoints(true, List.of(one, two)), files.checkpoints(base + "/nights/a-*"));
        assertEquals(new Checkpoints(true, List.of(one, two, base + "/nights/b-1/x")), files.checkpoints(base + "/nights/*/"));
        assertEquals(new Checkpoints(true, List.of(one, two)), files.checkpoints(base + "/nights/"));
        assertEquals(new Checkpoints(false, List.of()), files.checkpoints(base + "/nights"));
        assertEquals(new Checkpoints(true, List.of()), files.checkpoints(base + "/gone/*"));
        assertEquals(new Checkpoints(false, List.of(base + "/odd/m[1]")), files.checkpoints(base + "/odd/m[1]"));
        assertEquals(new Checkpoints(true, List.of(base + "/odd/m1", base + "/odd/m[1]")),
                files.checkpoints(base + "/odd/m*"));
        assertEquals(List.of(base + "/corpus/1.jsonl", base + "/corpus/2.jsonl"), files.texts(base + "/corpus/*.jsonl"));
        assertEquals(List.of(base + "/corpus/1.jsonl", base + "/corpus/2.jsonl"), files.texts(base + "/corpus"));
        assertEquals(List.of(base + "/odd/d[1].txt"), files.texts(base + "/odd/d[1].txt"));
        assertEquals(List.of(), files.texts(base + "/gone.txt"));
    }

    @Test
    void localFoldersAreFound(@TempDir Path base) throws Exception {
        for (String key : KEYS) {
            Files.createDirectories(base.resolve(key).getParent());
            Files.writeString(base.resolve(key), "{}");
        }
        StoredManifestFiles files = new StoredManifestFiles(new HadoopSettings(Map.of()));
        check(files, base.toString());
        // Outputs are named after it.
        assertEquals(new Checkpoints(false, List.of(base + "/nights/a-1")), files.checkpoints(base + "/nights/a-1/."));
    }

    @Test
    void prefixesOfAnObjectStoreAreFound() throws Exception {
        try (S3Server s3 = S3Server.start()) {
            KEYS.forEach(key -> s3.put(key, new byte[] {'{', '}'}));
            check(new StoredManifestFiles(s3.settings()), "s3a://" + S3Server.BUCKET);
        }
    }
}
