package io.nightshift.jobs.calibration;

import io.nightshift.formats.architecture.ColumnForm;
import io.nightshift.formats.architecture.SplitDecompression;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.imatrix.Imatrix;
import io.nightshift.formats.imatrix.ImatrixWriter;
import io.nightshift.formats.imatrix.ImportanceEntry;
import io.nightshift.formats.statistics.InputSummary;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Gathers the importance matrix, layer by layer: the diagonals of the Gram matrices, under the tensors' names. */
final class ImportanceMatrix {
    private final Map<String, ImportanceEntry> entries = new TreeMap<>();
    private final Map<String, TensorRecipe> tensors;

    /**
     * An empty matrix.
     *
     * @param tensors of the model, by their names: in their order of columns the matrix is written
     */
    ImportanceMatrix(Map<String, TensorRecipe> tensors) {
        this.tensors = tensors;
    }

    /**
     * Adds a layer. An expert with too few tokens gets the sums and the count of the input that stands in for it.
     *
     * @param summaries the inputs as the manifest lists them
     */
    void add(LayerStatistics layer, List<InputSummary> summaries) {
        Map<String, InputSums> byName = new HashMap<>();
        layer.inputs().forEach(input -> byName.put(input.name(), input));
        int experts = layer.expertTokens().length;
        for (InputSummary summary : summaries) {
            if (summary.name().endsWith(InputSummary.POOLED)) {
                continue;
            }
            InputSums seen = byName.get(summary.insteadOf() == null ? summary.name() : summary.insteadOf());
            for (String tensor : summary.tensors()) {
                if (SplitDecompression.isWhole(tensor)) {
                    continue; // Of this matrix GGUF has parts, which read other channels.
                }
                int matrices = summary.expert() < 0 ? 1 : experts;
                ImportanceEntry entry = entries.computeIfAbsent(tensor, name -> new ImportanceEntry(
                        new float[matrices * summary.channels()], new long[matrices]));
                int matrix = Math.max(0, summary.expert());
                entry.counts()[matrix] = seen.tokens();
                Optional<ColumnForm.Reordered> columns =
                        Optional.ofNullable(tensors.get(tensor)).flatMap(TensorRecipe::reorderedColumns);
                for (int i = 0; i < summary.channels(); i++) {
                    int place = i;
                    int channel = columns.map(form -> Math.toIntExact(form.order().sourceRow(place))).orElse(i);
                    entry.sums()[matrix * summary.channels() + i] = (float) seen.squares()[channel];
                }
            }
        }
    }

    /**
     * The file.
     *
     * @param datasets names of the data, for its metadata
     * @param chunks number of sequences
     * @param chunkSize tokens of a sequence
     */
    byte[] toBytes(List<String> datasets, int chunks, int chunkSize) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImatrixWriter.write(new Imatrix(entries, datasets, chunks, chunkSize), out);
        return out.toByteArray();
    }
}
