package io.nightshift.jobs.gguf;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.imatrix.Imatrix;
import io.nightshift.formats.imatrix.ImatrixReader;
import io.nightshift.formats.imatrix.ImportanceEntry;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.LinearLayers;
import io.nightshift.formats.architecture.SplitDecompression;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.jobs.calibration.StoredStatistics;
import io.nightshift.jobs.quantize.InputStatistics;
import io.nightshift.jobs.quantize.Model;
import io.nightshift.jobs.storage.FileReference;
import io.nightshift.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Reads the importance matrix that the user names, or that statistics have, and narrows it down as he asks. */
final class ImportanceLoader {
    private ImportanceLoader() {}

    /** What a matrix follows from, for one model. */
    private record Key(ImportanceOptions options, Optional<InputStatistics> statistics) {}

    /**
     * The importance matrix of a target, if it has one. Where the model has not been run yet, it has the names and the
     * lengths that it will have, and no more.
     *
     * @throws InvalidModelException if a file is none or is damaged, files do not fit together, or an option has no
     *     effect
     * @throws IOException if a file cannot be read
     */
    static Optional<ModelImportance> load(ImportanceOptions options, Optional<InputStatistics> statistics, Model model)
            throws IOException {
        return model.once(new Key(options, statistics), opened -> read(options, statistics, opened));
    }

    private static Optional<ModelImportance> read(
            ImportanceOptions options, Optional<InputStatistics> statistics, Model model) throws IOException {
        String chosen = options.include().isEmpty() ? "--exclude-weights" : "--include-weights";
        List<String> names = options.include().isEmpty() ? options.exclude() : options.include();
        if (!options.include().isEmpty() && !options.exclude().isEmpty()) {
            throw new InvalidModelException("--include-weights and --exclude-weights exclude each other");
        }
        if (!options.files().isEmpty() && statistics.isPresent()) {
            throw new InvalidModelException(statistics.get().option() + " and --imatrix exclude each other");
        }
        if (options.files().isEmpty() && statistics.isEmpty()) {
            if (!names.isEmpty()) {
                throw new InvalidModelException(chosen + " has no effect without --imatrix FILE");
            }
            return Optional.empty();
        }
        HadoopSettings settings = model.source().settings();
        List<String> files = options.files();
        Imatrix matrix;
        if (statistics.isEmpty()) {
            matrix = read(files, settings);
        } else if (statistics.get().areMade()) {
            files = List.of(StoredStatistics.importanceMatrix(statistics.get().location(), settings));
            matrix = read(files, settings);
        } else {
            files = List.of(statistics.get().location() + "/" + CalibrationManifest.IMATRIX);
            matrix = expected(model, statistics.get().manifest());
        }
        return Optional.of(used(files, matrix, names, chosen, !options.include().isEmpty()));
    }

    private static ModelImportance used(
            List<String> files, Imatrix matrix, List<String> names, String chosen, boolean include) {
        for (String name : names) {
            if (matrix.entries().keySet().stream().noneMatch(entry -> entry.contains(name))) {
                throw new InvalidModelException(
                        chosen + " " + name + ": the importance matrix has no entry of such a name");
            }
        }
        Imatrix used = matrix.only(entry -> names.isEmpty() || include == names.stream().anyMatch(entry::contains));
        if (used.entries().isEmpty()) {
            throw new InvalidModelException(
                    chosen + " leaves nothing of the importance matrix; leave out --imatrix instead");
        }
        return new ModelImportance(files, matrix, used);
    }

    /** Every linear layer gets an entry when the model is run. */
    private static Imatrix expected(Model model, CalibrationManifest manifest) throws IOException {
        Map<String, Long> lengths = new TreeMap<>();
        Map<String, Integer> experts = new TreeMap<>();
        for (LinearLayer linear : model.linears()) {
            if (SplitDecompression.isWhole(linear.tensor())) {
                continue;
            }
            lengths.put(linear.tensor(), linear.inputs());
            experts.merge(linear.tensor(), 1, Integer::sum);
        }
        for (TensorRecipe tensor : model.conversion().tensors()) {
            if (SplitDecompression.isPart(tensor.name()) && tensor.layer() < LinearLayers.decoderLayers(model.conversion())) {
                // Each head reads channels of its own, and all heads see the same tokens.
                long heads = tensor.rows() / tensor.rowsPerExpert();
                lengths.put(tensor.name(), heads * tensor.columns());
                experts.put(tensor.name(), 1);
            }
        }
        Map<String, ImportanceEntry> entries = new TreeMap<>();
        experts.forEach((tensor, count) -> {
            float[] sums = new float[Math.toIntExact(count * lengths.get(tensor))];
            long[] counts = new long[count];
            Arrays.fill(sums, 1);
            Arrays.fill(counts, 1);
            entries.put(tensor, new ImportanceEntry(sums, counts));
        });
        return new Imatrix(entries, manifest.data(), manifest.sequences(), manifest.sequenceLength());
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
