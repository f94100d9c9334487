package io.nightshift.jobs.quantize;

import io.nightshift.formats.layout.GeneratedFile;
import io.nightshift.formats.layout.OutputLayout;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredFile;
import io.nightshift.jobs.output.FileCommit;
import io.nightshift.jobs.output.OutputFile;
import io.nightshift.jobs.output.OutputFolder;
import io.nightshift.jobs.output.OutputSpec;
import io.nightshift.jobs.output.PartReceipt;
import io.nightshift.jobs.output.PartSink;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * The files of one output, on the driver. What makes a folder loadable is removed first and written last, so that an
 * incomplete one cannot be loaded.
 */
final class OutputWriter {
    private final OutputFolder folder;
    private final HadoopSettings settings;
    private final String root;
    private final OutputLayout layout;
    private final String digest;
    private final List<OutputFile> files;

    /**
     * The files of an output.
     *
     * @param folder that outputs go to
     * @param root its location
     * @param source the files of the checkpoint
     */
    OutputWriter(OutputFolder folder, String root, OutputLayout layout, List<StoredFile> source, HadoopSettings settings) {
        this.folder = folder;
        this.settings = settings;
        this.root = root.replaceAll("/+$", "");
        this.layout = layout;
        this.digest = PlanDigest.of(layout, source);
        this.files = layout.files().stream()
                .map(file -> file(file.name(), file.length(), file.header()))
                .toList();
    }

    private OutputFile file(String name, long length, byte[] head) {
        return folder.file(new OutputSpec(path(name), length, digest, head));
    }

    private String path(String file) {
        return layout.isFolder() ? layout.name() + "/" + file : file;
    }

    /** Of all that its bytes follow from. */
    String digest() {
        return digest;
    }

    /** Where the output is. */
    String location() {
        return root + "/" + layout.name();
    }

    /** The files that tasks fill. */
    List<OutputFile> files() {
        return files;
    }

    /** Whether all of it was committed for the same plan, and is still what was committed. */
    boolean isComplete() throws IOException {
        List<OutputFile> all = all();
        for (OutputFile file : all) {
            file.requireReplaceable();
        }
        for (OutputFile file : all) {
            if (!file.isComplete()) {
                return false;
            }
        }
        return true;
    }

    /** Removes what runs left that were cut off, beside an output that is complete. */
    void dropLeft() throws IOException {
        for (OutputFile file : all()) {
            file.dropLeft();
        }
    }

    private List<OutputFile> all() {
        List<OutputFile> all = new ArrayList<>();
        for (GeneratedFile generated : layout.generated()) {
            all.add(file(generated.name(), generated.content().length, generated.content()));
        }
        for (StoredFile copy : copies()) {
            all.add(file(copy.name(), copy.length(), new byte[0]));
        }
        all.addAll(files);
        return all;
    }

    // Stores have no parts without bytes; nothing is lost with an empty file.
    private List<StoredFile> copies() {
        return layout.copies().stream().filter(copy -> copy.length() > 0).toList();
    }

    /** Removes what makes a folder loadable, and weights that an earlier run laid out otherwise. */
    void removeOld() throws IOException {
        if (!layout.isFolder()) {
            return;
        }
        folder.delete(path(layout.generated().get(layout.generated().size() - 1).name()));
        List<StoredFile> found;
        try {
            found = FolderReference.find(location(), settings).files();
        } catch (StorageException e) {
            return; // There is no folder yet.
        }
        Set<String> kept = new HashSet<>();
        layout.files().forEach(file -> kept.add(file.name()));
        layout.generated().forEach(file -> kept.add(file.name()));
        for (StoredFile file : found) {
            boolean weights = file.name().endsWith(".safetensors") || file.name().endsWith(".safetensors.index.json");
            if (weights && !kept.contains(file.name())) {
                folder.delete(path(file.name()));
            }
        }
    }

    /**
     * Begins the file at an index.
     *
     * @param parts of it
     */
    PartSink begin(int file, int parts) throws IOException {
        return files.get(file).begin(parts);
    }

    /** Commits the file at an index. By now the store has been reached and written to: this fails at run time. */
    void commit(int file, List<PartReceipt> receipts, JavaSparkContext spark) throws IOException {
        try {
            FileCommit.run(spark, files.get(file), receipts);
        } catch (StorageException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /** Copies the checkpoint's other files into a folder. */
    void copyOthers(ModelFolder source) throws IOException {
        for (StoredFile copy : copies()) {
            write(copy.name(), source.read(copy.name()));
        }
    }

    /** Writes what makes a folder loadable. */
    void writeGenerated() throws IOException {
        for (GeneratedFile generated : layout.generated()) {
            write(generated.name(), generated.content());
        }
    }

    private void write(String name, byte[] content) throws IOException {
        try {
            folder.write(path(name), digest, content);
        } catch (StorageException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /** Drops what was begun and not committed. */
    void abort(Exception failure) {
        for (OutputFile file : files) {
            try {
                file.abort();
            } catch (IOException | RuntimeException e) {
                failure.addSuppressed(e);
            }
        }
    }
}
