package io.nightshift.jobs.text;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.jobs.storage.Glob;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageErrors;
import io.nightshift.jobs.storage.StorageException;
import io.nightshift.jobs.storage.StorageLocation;
import io.nightshift.jobs.storage.StorageProbe;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;

/**
 * A file of texts.
 *
 * @param path where it is, as a Hadoop path
 * @param format told by its name
 * @param bytes its length
 */
record DataFile(String path, Format format, long bytes) {
    private static final Pattern GLOB_CHARACTER = Pattern.compile("[{}\\[\\]*?\\\\]");

    /** The path as Spark SQL reads it: as a glob, so that a character of globs stands for itself behind a backslash. */
    String sparkPath() {
        return GLOB_CHARACTER.matcher(path).replaceAll("\\\\$0");
    }

    /**
     * Opens the file, decompressed where its name says so.
     *
     * @throws IOException if it cannot be read
     */
    InputStream open(HadoopSettings settings) throws IOException {
        Path file = new Path(path);
        FileSystem fileSystem = settings.fileSystem(StorageLocation.parse(path));
        CompressionCodec codec = new CompressionCodecFactory(fileSystem.getConf()).getCodec(file);
        InputStream raw = fileSystem.open(file);
        try {
            return codec == null ? raw : codec.createInputStream(raw);
        } catch (IOException | RuntimeException e) {
            raw.close();
            throw e;
        }
    }

    /** What a file holds. */
    enum Format {
        TEXT,
        JSON_LINES,
        PARQUET,
        /** A table with a line of names first, its cells between commas. */
        COMMA_SEPARATED,
        /** The same, between tabs. */
        TAB_SEPARATED;

        private static Format of(String name) {
            String lower = name.toLowerCase(Locale.ROOT).replaceAll("\\.(gz|bz2|zst|zstd|lz4|snappy)$", "");
            if (lower.endsWith(".jsonl") || lower.endsWith(".ndjson") || lower.endsWith(".json")) {
                return JSON_LINES;
            }
            if (lower.endsWith(".csv")) {
                return COMMA_SEPARATED;
            }
            if (lower.endsWith(".tsv")) {
                return TAB_SEPARATED;
            }
            return lower.endsWith(".parquet") ? PARQUET : TEXT;
        }
    }

    /**
     * The files of some locations, in the order of their paths.
     *
     * @throws InvalidModelException if a location has none
     * @throws StorageException if a store does not answer or refuses
     */
    static List<DataFile> find(List<String> locations, HadoopSettings settings) throws IOException {
        List<DataFile> files = new ArrayList<>();
        for (String location : locations) {
            List<DataFile> found = find(location, settings);
            if (found.isEmpty()) {
                throw new InvalidModelException(location + ": there is no such file; give files, folders or globs of"
                        + " text, JSON lines (.jsonl), Parquet (.parquet), or tables (.csv, .tsv)");
            }
            files.addAll(found);
        }
        files.sort(Comparator.comparing(DataFile::path));
        return files.stream().distinct().toList();
    }

    /**
     * The files of a location: itself, those of a folder, or those of a glob.
     *
     * @return none if there are none
     * @throws StorageException if the store does not answer or refuses
     */
    static List<DataFile> find(String location, HadoopSettings settings) throws IOException {
        StorageLocation parsed = StorageLocation.parse(location);
        if (!parsed.isLocal()) {
            StorageProbe.check(StorageLocation.parse(Glob.folderBefore(location)), settings);
        }
        List<DataFile> files = new ArrayList<>();
        try {
            Path path = parsed.hadoopPath();
            FileSystem fileSystem = settings.fileSystem(parsed);
            for (FileStatus match : Glob.matches(fileSystem, path)) {
                collect(fileSystem, match, files);
            }
        } catch (InvalidModelException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            throw StorageErrors.explain(location, e);
        }
        return files;
    }

    private static void collect(FileSystem fileSystem, FileStatus match, List<DataFile> files) throws IOException {
        if (match.isFile()) {
            files.add(of(match));
            return;
        }
        if (fileSystem.exists(new Path(match.getPath(), CalibrationManifest.FILE))
                && fileSystem.exists(new Path(match.getPath(), CalibrationManifest.IMATRIX))) {
            throw new InvalidModelException(match.getPath() + ": is a folder of statistics, not of texts; quantize takes it"
                    + " with --stats");
        }
        RemoteIterator<LocatedFileStatus> all = fileSystem.listFiles(match.getPath(), true);
        while (all.hasNext()) {
            FileStatus file = all.next();
            if (!isHidden(file.getPath(), match.getPath())) {
                files.add(of(file));
            }
        }
    }

    /** What Spark, Hadoop and Nightshift put beside data: _SUCCESS, .crc, the folder .nightshift. */
    private static boolean isHidden(Path file, Path folder) {
        for (Path path = file; path.depth() > folder.depth(); path = path.getParent()) {
            if (path.getName().startsWith("_") || path.getName().startsWith(".")) {
                return true;
            }
        }
        return false;
    }

    private static DataFile of(FileStatus file) {
        return new DataFile(file.getPath().toString(), Format.of(file.getPath().getName()), file.getLen());
    }
}
