package io.nightshift.jobs.quantize;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.imatrix.Imatrix;
import io.nightshift.formats.imatrix.ImatrixReader;
import io.nightshift.jobs.plan.ModelImportance;
import io.nightshift.jobs.storage.FileReference;
import io.nightshift.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Reads the importance matrix that the user names, and narrows it down as he asks. */
final class ImportanceLoader {
    private ImportanceLoader() {}

    /**
     * The importance matrix of a job, if it has one.
     *
     * @throws InvalidModelException if a file is none or is damaged, files do not fit together, or an option has no
     *     effect
     * @throws IOException if a file cannot be read
     */
    static Optional<ModelImportance> load(ImportanceOptions options, HadoopSettings settings) throws IOException {
        String chosen = options.include().isEmpty() ? "--exclude-weights" : "--include-weights";
        List<String> names = options.include().isEmpty() ? options.exclude() : options.include();
        if (!options.include().isEmpty() && !options.exclude().isEmpty()) {
            throw new InvalidModelException("--include-weights and --exclude-weights exclude each other");
        }
        if (options.files().isEmpty()) {
            if (!names.isEmpty()) {
                throw new InvalidModelException(chosen + " has no effect without --imatrix FILE");
            }
            return Optional.empty();
        }
        Imatrix matrix = read(options.files(), settings);
        for (String name : names) {
            if (matrix.entries().keySet().stream().noneMatch(entry -> entry.contains(name))) {
                throw new InvalidModelException(
                        chosen + " " + name + ": the importance matrix has no entry of such a name");
            }
        }
        boolean include = !options.include().isEmpty();
        Imatrix used = matrix.only(entry -> names.isEmpty() || include == names.stream().anyMatch(entry::contains));
        if (used.entries().isEmpty()) {
            throw new InvalidModelException(
                    chosen + " leaves nothing of the importance matrix; leave out --imatrix instead");
        }
        return Optional.of(new ModelImportance(options.files(), matrix, used));
    }

    private static Imatrix read(List<String> files, HadoopSettings settings) throws IOException {
        Imatrix sum = read(files.get(0), settings);
        for (String location : files.subList(1, files.size())) {
            Imatrix next = read(location, settings);
            try {
                sum = Imatrix.combine(List.of(sum, next));
            } catch (InvalidModelException e) {
                throw new InvalidModelException("--imatrix " + location + " and those before it: " + e.getMessage(), e);
            }
        }
        return sum;
    }

    private static Imatrix read(String location, HadoopSettings settings) throws IOException {
        FileReference file = FileReference.find(location, settings);
        return ImatrixReader.read(file.folder(), file.file());
    }
}
