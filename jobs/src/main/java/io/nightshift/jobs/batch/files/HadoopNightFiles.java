package io.nightshift.jobs.batch.files;

import io.nightshift.jobs.storage.StorageErrors;
import io.nightshift.jobs.storage.StorageException;
import io.nightshift.jobs.storage.StorageLocation;
import io.nightshift.jobs.storage.StoredFiles;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Options.CreateFileOptionKeys;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.fs.s3a.AWSUnsupportedFeatureException;

/** Files of a Hadoop file system. */
final class HadoopNightFiles implements NightFiles {
    private final StorageLocation folder;
    private final FileSystem store;
    private FileContext renaming;

    HadoopNightFiles(StorageLocation folder, FileSystem store) {
        this.folder = folder;
        this.store = store;
    }

    @Override
    public String location(String name) {
        return folder.text() + "/" + name;
    }

    private Path path(String name) {
        return name.isEmpty() ? folder.hadoopPath() : new Path(folder.hadoopPath(), name);
    }

    @Override
    public void write(String name, byte[] content) throws IOException {
        call(name, () -> {
            // An object store shows an object when it is whole; elsewhere a rename does.
            boolean objects = folder.scheme().equals("s3a");
            Path target = path(name);
            Path written = objects ? target : new Path(target.getParent(), "." + target.getName() + ".new");
            try (FSDataOutputStream out = store.create(written, true)) {
                out.write(content);
            }
            if (!objects) {
                renaming().rename(written, target, Options.Rename.OVERWRITE);
            }
            return null;
        });
    }

    /**
     * On S3 by a conditional request (If-None-Match), which the answer may be lost of: whether it was this one that made
     * the file is then told by its content.
     */
    @Override
    public boolean create(String name, byte[] content) throws IOException {
        boolean conditional = folder.scheme().equals("s3a");
        try {
            FSDataOutputStreamBuilder<?, ?> builder = store.createFile(path(name)).recursive().overwrite(conditional);
            if (conditional) {
                builder.must(CreateFileOptionKeys.FS_OPTION_CREATE_CONDITIONAL_OVERWRITE, true);
            }
            try (FSDataOutputStream out = builder.build()) {
                out.write(content);
            }
            return true;
        } catch (IllegalArgumentException e) {
            throw new StorageException(location(name), "needs S3's conditional create; do not switch it off with"
                    + " fs.s3a.create.conditional.enabled", e);
        } catch (AWSUnsupportedFeatureException e) {
            throw new StorageException(location(name), "the store has no conditional create (If-None-Match), which keeps two"
                    + " runs from writing to one output; use one that has", e);
        } catch (IOException | RuntimeException e) {
            Optional<byte[]> there = read(name);
            if (there.isPresent()) {
                return Arrays.equals(there.get(), content);
            }
            throw StorageErrors.explain(location(name), e);
        }
    }

    @Override
    public Optional<byte[]> read(String name) throws IOException {
        return call(name, () -> {
            try (InputStream in = store.open(path(name))) {
                return Optional.of(in.readAllBytes());
            } catch (FileNotFoundException e) {
                return Optional.empty();
            }
        });
    }

    @Override
    public InputStream open(String name) throws IOException {
        return call(name, () -> store.openFile(path(name))
                .opt("fs.option.openfile.read.policy", "whole-file").build().get());
    }

    @Override
    public List<Entry> list(String name) throws IOException {
        return call(name, () -> {
            List<Entry> entries = new ArrayList<>();
            try {
                Path root = store.makeQualified(path(""));
                RemoteIterator<LocatedFileStatus> all = store.listFiles(path(name), true);
                while (all.hasNext()) {
                    LocatedFileStatus file = all.next();
                    String below = root.toUri().relativize(file.getPath().toUri()).getPath();
                    entries.add(new Entry(below, file.getLen(), file.getModificationTime()));
                }
            } catch (FileNotFoundException e) {
                return List.of();
            }
            entries.sort(Comparator.comparing(Entry::name));
            return entries;
        });
    }

    @Override
    public void delete(String name) throws IOException {
        call(name, () -> {
            StoredFiles.delete(store, store.makeQualified(path(name)));
            return null;
        });
    }

    /** It replaces a file in one step, which FileSystem does not; and is kept, since each has a client of its own. */
    private synchronized FileContext renaming() throws IOException {
        if (renaming == null) {
            renaming = FileContext.getFileContext(store.getUri(), store.getConf());
        }
        return renaming;
    }

    private <T> T call(String name, Callable<T> action) throws IOException {
        try {
            return action.call();
        } catch (Exception e) {
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            throw StorageErrors.explain(location(name), e);
        }
    }
}
