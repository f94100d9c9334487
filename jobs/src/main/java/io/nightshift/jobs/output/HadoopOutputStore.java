package io.nightshift.jobs.output;

import io.nightshift.formats.storage.StoredFile;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageErrors;
import io.nightshift.jobs.storage.StorageException;
import io.nightshift.jobs.storage.StorageLocation;
import io.nightshift.jobs.storage.StoredFiles;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.fs.BBPartHandle;
import org.apache.hadoop.fs.BBUploadHandle;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.MultipartUploader;
import org.apache.hadoop.fs.PartHandle;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.fs.UploadHandle;
import org.apache.hadoop.fs.s3a.S3AFileSystem;
import org.apache.hadoop.util.functional.FutureIO;
import software.amazon.awssdk.services.s3.model.MultipartUpload;

/** A folder of a Hadoop file system that has a multipart uploader: S3A, HDFS. Completing the upload is the commit. */
final class HadoopOutputStore implements OutputStore {
    /**
     * Set to true for stores that want part numbers without gaps (S3 directory buckets, S3 with additional checksums).
     * Attempts at one part then share its number: if a late one replaces the winner's bytes by others, the completion
     * is refused and the job has to be run again.
     */
    static final String CONSECUTIVE = "nightshift.output.consecutive.parts";

    /**
     * Set to true for stores that want all parts of a file of one length, but for the last (Cloudflare R2); numbers are
     * consecutive then, too.
     */
    static final String EQUAL = "nightshift.output.equal.parts";

    private final StorageLocation folder;
    private final HadoopSettings settings;
    private final FileSystem fileSystem;

    HadoopOutputStore(StorageLocation folder, HadoopSettings settings) throws StorageException {
        this.folder = folder;
        this.settings = settings;
        fileSystem = settings.fileSystem(folder);
    }

    static MultipartUploader uploader(FileSystem fileSystem, StorageLocation folder) throws IOException {
        try {
            return fileSystem.createMultipartUploader(fileSystem.makeQualified(folder.hadoopPath())).build();
        } catch (UnsupportedOperationException e) {
            throw new StorageException(folder.text(), "its file system cannot be uploaded to in parts; write to a path, "
                    + "s3a:// or hdfs://", e);
        }
    }

    @Override
    public String location() {
        return folder.text();
    }

    @Override
    public boolean versionTellsContent() {
        return true;
    }

    @Override
    public Optional<StoredFile> find(String name) throws IOException {
        return call(name, () -> {
            try {
                FileStatus status = fileSystem.getFileStatus(path(name));
                return status.isFile() ? Optional.of(StoredFiles.of(name, status)) : Optional.empty();
            } catch (FileNotFoundException e) {
                return Optional.empty();
            }
        });
    }

    @Override
    public boolean isFolder(String name) throws IOException {
        return call(name, () -> {
            try {
                return fileSystem.getFileStatus(path(name)).isDirectory();
            } catch (FileNotFoundException e) {
                return false;
            }
        });
    }

    @Override
    public byte[] readHead(String name, int length) throws IOException {
        return call(name, () -> {
            byte[] head = new byte[length];
            try (var in = FutureIO.awaitFuture(fileSystem.openFile(path(name))
                    .opt("fs.option.openfile.read.policy", "random")
                    .opt("fs.s3a.readahead.range", "0")
                    .build())) {
                in.readFully(0, head, 0, length);
            }
            return head;
        });
    }

    @Override
    public InputStream open(String name) throws IOException {
        return call(name, () -> fileSystem.open(path(name)));
    }

    @Override
    public void replace(String name, byte[] content) throws IOException {
        call(name, () -> {
            try (OutputStream out = fileSystem.create(path(name), true)) {
                out.write(content);
            }
            return null;
        });
    }

    @Override
    public void delete(String name) throws IOException {
        call(name, () -> {
            StoredFiles.delete(fileSystem, path(name));
            return null;
        });
    }

    @Override
    public void start(String name, Recorder recorder) throws IOException {
        recorder.record(UNKNOWN);
        byte[] id = call(name, () -> {
            try (MultipartUploader uploader = uploader(fileSystem, folder)) {
                return FutureIO.awaitFuture(uploader.startUpload(path(name))).toByteArray();
            }
        });
        recorder.record(id);
    }

    @Override
    public PartSink sink(String name, byte[] upload, int parts, long length) {
        return settings.isTrue(EQUAL) ? equalParts(name, upload, length) : anyParts(name, upload, parts);
    }

    private UploadPartSink anyParts(String name, byte[] upload, int parts) {
        return new UploadPartSink(upload(name, upload), parts,
                settings.isTrue(CONSECUTIVE) ? 1 : UploadPartSink.numbersPerPart(parts));
    }

    private EqualPartSink equalParts(String name, byte[] upload, long length) {
        return new EqualPartSink(upload(name, upload), PartGrid.of(length));
    }

    private PartUpload upload(String name, byte[] id) {
        return new PartUpload(folder, settings, name, id);
    }

    @Override
    public boolean sharesPartNumbers() {
        return settings.isTrue(EQUAL) || settings.isTrue(CONSECUTIVE);
    }

    @Override
    public List<Seam> seams(String name, byte[] upload, List<PartReceipt> parts, long length) throws IOException {
        return settings.isTrue(EQUAL) ? equalParts(name, upload, length).seams(parts) : List.of();
    }

    @Override
    public void complete(String name, byte[] upload, List<PartReceipt> parts, List<SeamReceipt> seams) throws IOException {
        Part last = parts.get(parts.size() - 1).part();
        Map<Integer, byte[]> byNumber = settings.isTrue(EQUAL)
                ? equalParts(name, upload, last.position() + last.length()).handles(parts, seams)
                : anyParts(name, upload, parts.size()).handles(parts);
        Map<Integer, PartHandle> winners = new TreeMap<>();
        byNumber.forEach((number, handle) -> winners.put(number, BBPartHandle.from(ByteBuffer.wrap(handle))));
        call(name, () -> {
            try (MultipartUploader uploader = uploader(fileSystem, folder)) {
                return FutureIO.awaitFuture(uploader.complete(handle(upload), path(name), winners));
            }
        });
    }

    @Override
    public void deleteSeams(String name, byte[] upload) throws IOException {
        if (settings.isTrue(EQUAL)) {
            call(name, () -> {
                SeamFiles seams = new SeamFiles(upload(name, upload));
                if (upload.length == 0) {
                    seams.deleteOfAll();
                } else {
                    seams.delete();
                }
                return null;
            });
        }
    }

    @Override
    public void abort(String name, byte[] upload) throws IOException {
        if (upload.length == 0) {
            abortAll(name);
        } else {
            call(name, () -> {
                try (MultipartUploader uploader = uploader(fileSystem, folder)) {
                    return FutureIO.awaitFuture(uploader.abort(handle(upload), path(name)));
                } catch (FileNotFoundException e) {
                    return null;
                }
            });
        }
        deleteSeams(name, upload);
    }

    /** A run was killed after it asked for an upload and before it kept the id. */
    private void abortAll(String name) throws IOException {
        if (!(fileSystem instanceof S3AFileSystem s3)) {
            return;
        }
        call(name, () -> {
            String key = path(name).toUri().getPath().substring(1);
            RemoteIterator<MultipartUpload> uploads;
            try {
                // S3A takes a prefix for a folder.
                uploads = s3.listUploads(key.substring(0, key.lastIndexOf('/') + 1));
            } catch (AccessDeniedException e) {
                return null; // To list them takes a right that nothing else here needs.
            }
            while (uploads.hasNext()) {
                MultipartUpload found = uploads.next();
                if (found.key().equals(key)) {
                    s3.abortMultipartUpload(found);
                }
            }
            return null;
        });
    }

    private Path path(String name) {
        return fileSystem.makeQualified(new Path(folder.hadoopPath(), name));
    }

    private static UploadHandle handle(byte[] upload) {
        return BBUploadHandle.from(ByteBuffer.wrap(upload));
    }

    private interface Call<T> {
        T get() throws IOException;
    }

    private <T> T call(String name, Call<T> call) throws StorageException {
        try {
            return call.get();
        } catch (IOException | RuntimeException e) {
            throw StorageErrors.explain(location() + "/" + name, e);
        }
    }
}
