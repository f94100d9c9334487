package io.nightshift.jobs.storage;

import java.io.Serializable;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Where a folder is: a path of the local file system, or a URI of a Hadoop file system such as {@code s3a://} or
 * {@code hdfs://}.
 *
 * @param text as the user gave it, without slashes at the end
 * @param scheme of the URI, {@code file} for local paths
 */
public record StorageLocation(String text, String scheme) implements Serializable {
    /** At least two letters: C:\models is a path. */
    private static final Pattern SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]+):.*");

    /** What to do where a folder was wanted and a place of the Hugging Face hub was given. */
    static final String HOW_TO_DOWNLOAD =
            "download the checkpoint first (hf download OWNER/NAME --local-dir FOLDER) and give that folder";

    private static final Set<String> WEB = Set.of("http", "https", "hf");

    /**
     * Reads what a user wrote.
     *
     * @throws StorageException if it is not a path or a usable URI
     */
    public static StorageLocation parse(String location) throws StorageException {
        String text = location.length() > 1 ? location.replaceAll("(?<=[^/:])/+$", "") : location;
        var scheme = SCHEME.matcher(text);
        StorageLocation parsed = new StorageLocation(text, scheme.matches() ? scheme.group(1) : "file");
        if (text.isBlank()) {
            throw new StorageException("''", "is no location; give a folder");
        }
        if (text.indexOf('\0') >= 0) {
            throw new StorageException(text, "has a NUL character, which no path has");
        }
        if (WEB.contains(parsed.scheme)) {
            throw new StorageException(text, "is an address of the web, not a folder; " + HOW_TO_DOWNLOAD);
        }
        if (parsed.scheme.equals("s3") || parsed.scheme.equals("s3n")) {
            throw new StorageException(text, "Hadoop's S3 client is meant; write s3a:// instead of " + parsed.scheme + "://");
        }
        if (!parsed.isLocal()) {
            parsed.requireAuthority();
        }
        return parsed;
    }

    /** Whether it is a path of the local file system. */
    public boolean isLocal() {
        return scheme.equals("file");
    }

    /** The local path, absolute. */
    public Path localPath() {
        if (!isLocal()) {
            throw new IllegalStateException(text + " is not a local path");
        }
        // As Hadoop and Spark have it, what follows file: is no URI: a % in it is a %.
        String path = text.startsWith("file:") ? new org.apache.hadoop.fs.Path(text).toUri().getPath() : text;
        return Path.of(path).toAbsolutePath().normalize();
    }

    /** The location as a Hadoop path, with its scheme. Never made of a URI: any character may be in a path. */
    public org.apache.hadoop.fs.Path hadoopPath() {
        return isLocal()
                ? new org.apache.hadoop.fs.Path("file", "", localPath().toString())
                : new org.apache.hadoop.fs.Path(text);
    }

    /** The last part of the path. */
    public String name() {
        String path = isLocal() ? localPath().toString() : text;
        return path.substring(path.lastIndexOf('/') + 1);
    }

    /** The folder that it lies in; none for the root of a file system or bucket. */
    public Optional<StorageLocation> parent() throws StorageException {
        if (hadoopPath().getParent() == null) {
            return Optional.empty();
        }
        return Optional.of(parse(isLocal()
                ? localPath().getParent().toString()
                : text.substring(0, text.length() - name().length())));
    }

    private void requireAuthority() throws StorageException {
        try {
            URI uri = hadoopPath().toUri();
            if (scheme.equals("s3a") && uri.getAuthority() == null) {
                throw new StorageException(text, "there is no bucket in it; write s3a://BUCKET/FOLDER");
            }
        } catch (IllegalArgumentException e) {
            throw new StorageException(text, "is no location; write s3a://BUCKET/FOLDER or a path", e);
        }
    }
}
