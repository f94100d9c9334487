package io.nightshift.jobs.storage;

import java.io.IOException;
import java.io.Serializable;
import java.net.URI;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;

/**
 * A Hadoop configuration that can be sent to executors: what differs from Hadoop's own defaults. Secrets in it travel
 * as Spark's own Hadoop configuration does; prefer providers that find credentials on each machine.
 *
 * @param values keys and values as they were set, without Hadoop's defaults
 */
public record HadoopSettings(Map<String, String> values) implements Serializable {
    /**
     * What the jobs need and set where the user did not. The stream: the default one of Hadoop 3.5 reads beyond what is
     * asked for, up to nearly twice as much.
     */
    private static final Map<String, String> OURS = Map.of("fs.s3a.input.stream.type", "classic");

    /** Names the user's own file system for local paths. */
    private static final String LOCAL_IMPLEMENTATION = "fs.file.impl";

    private static final Map<FileSystemKey, FileSystem> FILE_SYSTEMS = new ConcurrentHashMap<>();

    private record FileSystemKey(String scheme, String authority, HadoopSettings settings) {}

    public HadoopSettings {
        values = Map.copyOf(values);
    }

    /** The settings of a configuration: for Spark {@code sparkContext.hadoopConfiguration()}. */
    public static HadoopSettings of(Configuration configuration) {
        Map<String, String> values = new TreeMap<>(OURS);
        for (Map.Entry<String, String> entry : configuration) {
            if (!isDefault(configuration.getPropertySources(entry.getKey()))) {
                values.put(entry.getKey(), entry.getValue());
            }
        }
        return new HadoopSettings(values);
    }

    /** These settings with one more, or another value. */
    HadoopSettings with(Map<String, String> more) {
        Map<String, String> all = new TreeMap<>(values);
        all.putAll(more);
        return new HadoopSettings(all);
    }

    /** Whether a setting that is not Hadoop's is true. */
    public boolean isTrue(String key) {
        return Boolean.parseBoolean(values.get(key));
    }

    /** A Hadoop configuration with these settings over Hadoop's defaults. */
    public Configuration configuration() {
        Configuration configuration = new Configuration();
        values.forEach(configuration::set);
        return configuration;
    }

    /**
     * The file system of a location: one for each store and settings in a process. Hadoop's own cache does not look at
     * the settings. It is closed when the process ends.
     */
    public FileSystem fileSystem(StorageLocation location) throws StorageException {
        var uri = location.hadoopPath().toUri();
        FileSystemKey key = new FileSystemKey(uri.getScheme(), uri.getAuthority(), this);
        FileSystem known = FILE_SYSTEMS.get(key);
        if (known != null) {
            return known;
        }
        synchronized (FILE_SYSTEMS) {
            FileSystem opened = FILE_SYSTEMS.get(key);
            if (opened == null) {
                opened = newFileSystem(location);
                FILE_SYSTEMS.put(key, opened);
            }
            return opened;
        }
    }

    /** A file system of its own, to be closed. */
    FileSystem newFileSystem(StorageLocation location) throws StorageException {
        try {
            URI uri = location.hadoopPath().toUri();
            if (!location.isLocal() || values.containsKey(LOCAL_IMPLEMENTATION)) {
                return FileSystem.newInstance(uri, configuration());
            }
            FileSystem local = new LocalFiles();
            local.initialize(uri, configuration());
            return local;
        } catch (IOException | RuntimeException e) {
            throw StorageErrors.explain(location.text(), e);
        }
    }

    private static boolean isDefault(String[] sources) {
        return sources != null && Arrays.stream(sources).allMatch(source -> source.endsWith("-default.xml"));
    }
}
