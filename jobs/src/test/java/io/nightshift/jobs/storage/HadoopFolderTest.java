package io.nightshift.jobs.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredFile;
import io.nightshift.jobs.testing.S3Server;
import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.security.AccessControlException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class HadoopFolderTest {
    private static final byte[] WEIGHTS = new byte[20 << 20];

    private static S3Server s3;

    @BeforeAll
    static void start() throws Exception {
        new Random(1).nextBytes(WEIGHTS);
        s3 = S3Server.start();
        s3.put("llama/model.safetensors", WEIGHTS);
        s3.put("llama/config.json", "{}".getBytes());
        s3.put("llama/original/params.json", "{}".getBytes());
    }

    @AfterAll
    static void stop() throws Exception {
        s3.close();
    }

    private static ModelFolder open() throws IOException {
        return FolderReference.find(s3.location("llama/"), s3.settings()).open();
    }

    @Test
    void listsTheFilesOfTheFolderWithLengthsAndTags() throws IOException {
        List<StoredFile> files = open().list();

        assertEquals(List.of("config.json", "model.safetensors"), files.stream().map(StoredFile::name).toList());
        assertEquals(WEIGHTS.length, files.get(1).length());
        assertTrue(files.get(1).version().matches("\"?[0-9a-f]{32}\"?"), files.get(1).version());
    }

    @Test
    void isNamedAsTheLastFolder() throws IOException {
        assertEquals("llama", open().name());
        assertEquals(s3.location("llama"), open().location());
    }

    @Test
    void fetchesWhatIsAskedForAndLittleMore() throws IOException {
        ModelFolder folder = open();
        s3.resetCounters();
        byte[] block = new byte[4 << 20];
        long asked = 0;
        for (long position = 100; position + block.length <= WEIGHTS.length; position += block.length + 12345) {
            folder.readFully("model.safetensors", position, block, 0, block.length);
            asked += block.length;
            assertEquals(
                    -1, Arrays.mismatch(block, Arrays.copyOfRange(WEIGHTS, (int) position, (int) position + block.length)));
        }

        assertTrue(s3.bytesSent() <= 1.05 * asked, s3.bytesSent() + " bytes for " + asked);
    }

    @Test
    void fetchesSmallRangesAlone() throws IOException {
        ModelFolder folder = open();
        s3.resetCounters();
        byte[] row = new byte[2048];
        for (int i = 0; i < 20; i++) {
            folder.readFully("model.safetensors", i * 100_000L, row, 0, row.length);
        }

        assertTrue(s3.bytesSent() < 20 * (row.length + 1000), s3.bytesSent() + " bytes for " + 20 * row.length);
    }

    @Test
    void listsTheStoreOnce() throws IOException {
        s3.resetCounters();
        FolderReference.find(s3.location("llama"), s3.settings()).open().list();

        assertEquals(List.of("list"), s3.operations());
    }

    @Test
    void asksForNothingButTheRangesOnceListed() throws IOException {
        FolderReference reference = FolderReference.find(s3.location("llama"), s3.settings());
        reference.open().readFully("config.json", 0, new byte[2], 0, 2);
        s3.resetCounters();
        ModelFolder folder = reference.open();
        folder.list();
        folder.find("config.json");
        folder.readFully("config.json", 0, new byte[2], 0, 2);
        folder.readFully("model.safetensors", 5, new byte[2], 0, 2);

        assertEquals(List.of("getBlob", "getBlob"), s3.operations());
    }

    @Test
    void readsIntoTheMiddleOfAnArray() throws IOException {
        byte[] into = new byte[10];
        open().readFully("model.safetensors", 1000, into, 3, 4);

        byte[] expected = new byte[10];
        System.arraycopy(WEIGHTS, 1000, expected, 3, 4);
        assertArrayEquals(expected, into);
    }

    @Test
    void readingBeyondTheEndNamesTheFileAndItsLength() throws IOException {
        ModelFolder folder = open();
        EOFException e = assertThrows(
                EOFException.class, () -> folder.readFully("model.safetensors", WEIGHTS.length - 3, new byte[4], 0, 4));
        assertTrue(e.getMessage().contains("llama/model.safetensors"), e.getMessage());
    }

    @Test
    void readingAMissingFileNamesIt() throws IOException {
        ModelFolder folder = open();
        StorageException e =
                assertThrows(StorageException.class, () -> folder.readFully("model-2.safetensors", 0, new byte[4], 0, 4));
        assertEquals(s3.location("llama/model-2.safetensors") + ": is not there", e.getMessage());
    }

    @Test
    void aSubfolderIsListedOrIsNotThere() throws IOException {
        assertEquals(List.of("params.json"),
                open().subfolder("original").orElseThrow().list().stream().map(StoredFile::name).toList());
        assertEquals(Optional.empty(), open().subfolder("onnx"));
    }

    @Test
    void aSubfolderThatCannotBeListedSaysWhy() throws IOException {
        FileSystem closed = new RawLocalFileSystem() {
            @Override
            public FileStatus getFileStatus(Path path) {
                return new FileStatus(0, true, 1, 1, 0, path);
            }

            @Override
            public FileStatus[] listStatus(Path path) throws IOException {
                throw new AccessControlException("no");
            }
        };
        ModelFolder folder = new HadoopFolder(StorageLocation.parse("hdfs://store/model"), closed, List.of());

        StorageException e = assertThrows(StorageException.class, () -> folder.subfolder("original"));
        assertEquals("hdfs://store/model/original: access was denied; check the credentials and what they allow",
                e.getMessage());
    }

    @Test
    void readingAFileThatWasReplacedSinceItWasListedFails() throws IOException {
        s3.put("changing/model.safetensors", new byte[1000]);
        ModelFolder folder =
                FolderReference.find(s3.location("changing"), s3.settings()).open();
        s3.put("changing/model.safetensors", Arrays.copyOf(new byte[] {1, 2, 3}, 1000));

        StorageException e = assertThrows(
                StorageException.class, () -> folder.readFully("model.safetensors", 0, new byte[4], 0, 4));
        assertTrue(e.getMessage().contains("was changed while it was being read"), e.getMessage());
    }
}
