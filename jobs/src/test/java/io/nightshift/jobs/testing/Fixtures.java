package io.nightshift.jobs.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.types.FileType;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.quantize.Quantizers;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Small checkpoints, and the digests of what llama.cpp makes of them. They lie with the formats' tests. */
public final class Fixtures {
    private static final Path RESOURCES = Path.of("..", "formats", "src", "test", "resources");
    private static final Path FOLDER = RESOURCES.resolve("fixtures");

    private Fixtures() {}

    /** The folder of a checkpoint. */
    public static Path model(String name) {
        return FOLDER.resolve(name);
    }

    /** The folders of tiny checkpoints, one or more of each family of models. */
    public static List<Path> families() throws IOException {
        try (Stream<Path> entries = Files.list(RESOURCES.resolve("families"))) {
            return entries.filter(Files::isDirectory).sorted().toList();
        }
    }

    /** The tiny checkpoint of one architecture. */
    public static Path family(String name) throws IOException {
        return families().stream()
                .filter(path -> path.endsWith(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(name));
    }

    /** The digests that lie beside a checkpoint. */
    public static JsonNode digests(Path model) throws IOException {
        return new ObjectMapper().readTree(model.resolveSibling(model.getFileName() + ".json").toFile());
    }

    /** The importance matrix of a checkpoint. */
    public static Path imatrix(String name) {
        return FOLDER.resolve(name + ".imatrix.gguf");
    }

    /** SHA-256 of the file that llama-quantize makes of a checkpoint. */
    public static String golden(String name, String fileType) throws IOException {
        return golden(name, fileType, false);
    }

    /** SHA-256 of the file that llama-quantize makes of a checkpoint, with its importance matrix or without. */
    public static String golden(String name, String fileType, boolean importance) throws IOException {
        return goldens(name, importance).at("/" + fileType + "/sha256").asText();
    }

    /** SHA-256 of a file that llama-quantize makes of mixtral-moe with other options about the importance matrix. */
    public static String goldenOfOptions(String key) throws IOException {
        return new ObjectMapper().readTree(RESOURCES.resolve("imatrix/quantized.json").toFile()).get(key).asText();
    }

    /** The file types that llama-quantize makes of a checkpoint out of the tensor types that we can make. */
    public static List<FileType> fileTypes(String name, boolean importance) throws IOException {
        JsonNode goldens = goldens(name, importance);
        return Arrays.stream(FileType.values())
                .filter(type -> !goldens.get(type.name()).has("error"))
                .filter(type -> StreamSupport.stream(goldens.get(type.name()).get("tensors").spliterator(), false)
                        .allMatch(tensor -> Quantizers.types().contains(GgmlType.valueOf(tensor.get(1).asText()))))
                .toList();
    }

    /** The file types that llama-quantize refuses to make of a checkpoint. */
    public static List<FileType> refused(String name, boolean importance) throws IOException {
        JsonNode goldens = goldens(name, importance);
        return Arrays.stream(FileType.values())
                .filter(type -> goldens.get(type.name()).has("error"))
                .toList();
    }

    private static JsonNode goldens(String name, boolean importance) throws IOException {
        return digests(model(name)).get(importance ? "quantize_imatrix" : "quantize");
    }

    /** SHA-256 of a file. */
    public static String sha256(Path file) throws IOException {
        MessageDigest digest = sha256();
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
            in.transferTo(java.io.OutputStream.nullOutputStream());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** SHA-256 of some bytes. */
    public static String sha256(byte[] content) {
        return HexFormat.of().formatHex(sha256().digest(content));
    }

    /** Copies a checkpoint, so that a test can break it. */
    public static Path copy(String name, Path to) throws IOException {
        return copy(model(name), to);
    }

    /** Copies a folder of files, so that a test can break it. */
    public static Path copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        for (Path file : files(from)) {
            Files.copy(file, to.resolve(file.getFileName()));
            to.resolve(file.getFileName()).toFile().setWritable(true);
        }
        return to;
    }

    /** Copies a checkpoint with another first weight: the same names and shapes, and yet another model. */
    public static Path retrained(String name, Path to) throws IOException {
        copy(name, to);
        SafetensorsTensor first = Checkpoint.readTensors(new LocalFolder(to)).stream()
                .min(Comparator.comparing(SafetensorsTensor::name)).orElseThrow();
        try (RandomAccessFile file = new RandomAccessFile(to.resolve(first.file()).toFile(), "rw")) {
            file.seek(first.position());
            int weight = file.read();
            file.seek(first.position());
            file.write(weight ^ 1);
        }
        return to;
    }

    /** The files of a folder, hidden ones too; none where it is not there. */
    public static List<Path> files(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
