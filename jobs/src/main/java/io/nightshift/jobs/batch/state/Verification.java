package io.nightshift.jobs.batch.state;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.gguf.GgufFile;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.weights.QuantizedFormats;
import io.nightshift.formats.weights.QuantizedModel;
import io.nightshift.jobs.batch.files.NightFiles;
import io.nightshift.jobs.storage.FileReference;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageLocation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Checks outputs against the digests beside them, and against their own structure. */
public final class Verification {
    /** More than an alignment that anybody uses. */
    private static final long LARGEST_PADDING = 1 << 16;

    private final NightFiles files;
    private final HadoopSettings settings;
    private final List<Finding> findings = new ArrayList<>();

    private Verification(NightFiles files, HadoopSettings settings) {
        this.files = files;
        this.settings = settings;
    }

    /**
     * What was found of one file or folder.
     *
     * @param name its path within what was verified
     * @param sound whether nothing is wrong with it
     * @param words what was checked, or what is wrong and what to do
     */
    public record Finding(String name, boolean sound, String words) {}

    /**
     * Verifies all outputs below a folder, or one output: a {@code .gguf} file, or a folder that loaders take.
     *
     * @param location of the folder or output
     * @return a finding for each file that has a digest, each GGUF file and each folder with a {@code config.json}
     * @throws InvalidModelException if there is nothing to verify
     */
    public static List<Finding> of(String location, HadoopSettings settings) throws IOException {
        StorageLocation asked = StorageLocation.parse(location);
        String name = asked.name();
        // A bucket, or the root, lies in nothing.
        NightFiles beside = NightFiles.open(asked.parent().orElse(asked).text(), settings);
        boolean one = name.endsWith(".gguf")
                || beside.read(name + Checksums.END).isPresent()
                || beside.read(name + "/config.json").isPresent();
        Verification verification = new Verification(one ? beside : NightFiles.open(asked.text(), settings), settings);
        Set<String> names = new TreeSet<>();
        if (one) {
            List<NightFiles.Entry> within = name.endsWith(".gguf") ? List.of() : beside.list(name);
            within.forEach(entry -> names.add(entry.name()));
            names.add(name);
            if (beside.read(name + Checksums.END).isPresent()) {
                names.add(name + Checksums.END);
            }
        } else {
            verification.files.list("").forEach(entry -> names.add(entry.name()));
        }
        verification.verify(names);
        if (verification.findings.isEmpty()) {
            throw new InvalidModelException(location + ": there is nothing to verify: no .gguf file, no config.json and no "
                    + Checksums.END + " file in or below it");
        }
        return List.copyOf(verification.findings);
    }

    private void verify(Set<String> names) throws IOException {
        Set<String> digested = new HashSet<>();
        for (String name : names) {
            if (name.endsWith(Checksums.END)) {
                digests(name, names, digested);
            }
        }
        for (String name : names) {
            if (name.endsWith(".gguf")) {
                structure(name, digested.contains(name));
            } else if (name.endsWith("/config.json")) {
                structure(name.substring(0, name.length() - "/config.json".length()), digested.contains(name));
            }
        }
    }

    private void digests(String name, Set<String> names, Set<String> digested) throws IOException {
        String folder = name.substring(0, name.lastIndexOf('/') + 1);
        Map<String, String> digests = Checksums.parse(files.location(name), files.read(name).orElseThrow());
        for (Map.Entry<String, String> entry : digests.entrySet()) {
            String file = folder + entry.getKey();
            digested.add(file);
            if (!names.contains(file)) {
                findings.add(new Finding(file, false, "is missing; make it again"));
            } else if (!Checksums.of(files, file).equals(entry.getValue())) {
                findings.add(new Finding(file, false, "has another SHA-256 than " + name + " says; make it again"));
            } else {
                findings.add(new Finding(file, true, "SHA-256"));
            }
        }
        String output = name.substring(0, name.length() - Checksums.END.length());
        for (String other : names) {
            if (other.startsWith(output + "/") && !digested.contains(other)) {
                findings.add(new Finding(other, false, "is not among the digests of " + name
                        + "; remove it or write them anew"));
            }
        }
    }

    private void structure(String name, boolean digested) throws IOException {
        String without = digested ? "" : ", no digest beside it";
        try {
            findings.add(new Finding(name, true, (name.endsWith(".gguf") ? gguf(name) : folder(name)) + without));
        } catch (InvalidModelException e) {
            findings.add(new Finding(name, false, e.getMessage()));
        }
    }

    private String gguf(String name) throws IOException {
        FileReference file = FileReference.find(files.location(name), settings);
        GgufFile read = GgufFile.read(file.folder(), file.file());
        long end = read.dataOffset() + read.header().tensors().stream()
                .mapToLong(tensor -> tensor.offset() + tensor.bytes()).max().orElse(0);
        if (file.file().length() - end >= LARGEST_PADDING) {
            throw new InvalidModelException(files.location(name) + ": " + (file.file().length() - end)
                    + " bytes follow its last tensor; make it again");
        }
        return "GGUF, " + read.header().tensors().size() + " tensors";
    }

    private String folder(String name) throws IOException {
        ModelFolder folder = FolderReference.find(files.location(name), settings).open();
        Optional<QuantizedModel> quantized = QuantizedFormats.open(folder, "");
        return quantized.isPresent()
                ? quantized.get().summary()
                : "safetensors, " + Checkpoint.readTensors(folder).size() + " tensors";
    }
}
