package io.nightshift.jobs.batch.run;

import io.nightshift.jobs.batch.files.NightFiles;
import io.nightshift.jobs.batch.manifest.ManifestModel;
import io.nightshift.jobs.batch.manifest.TargetRequest;
import io.nightshift.jobs.batch.state.Checksums;
import io.nightshift.jobs.batch.state.OutputState;
import io.nightshift.jobs.batch.state.OutputStatus;
import io.nightshift.jobs.batch.state.StateTable;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** The rows of one model's outputs in the state table, and those that this run is done with. */
final class ModelRows {
    private final ManifestModel model;
    private final String runId;
    private final NightFiles files;
    private final StateTable table;
    private final Map<TargetRequest, OutputState> done = new LinkedHashMap<>();

    ModelRows(ManifestModel model, String runId, NightFiles files) {
        this.model = model;
        this.runId = runId;
        this.files = files;
        this.table = new StateTable(files);
    }

    /** What the table says of an output. */
    Optional<OutputState> find(TargetRequest request) throws IOException {
        return table.read(model.name(), request.target().text());
    }

    /** Whether the output's checksums lie beside it: they go before it is made again, as its row does. */
    boolean isSealed(OutputState output) throws IOException {
        return files.read(output.name() + Checksums.END).isPresent();
    }

    /** Enters a row, though this run is not done with its output. */
    void write(OutputState row) throws IOException {
        table.write(row);
    }

    /** A row that stays as it is. */
    void keep(TargetRequest request, OutputState row) {
        done.put(request, row);
    }

    /** A row with nothing but a status, of an output that is not there. */
    OutputState without(TargetRequest request, OutputStatus status, String why) {
        return new OutputState(runId, model.name(), request.target().text(), status,
                model.outputName(request), 0, 0, 0, OptionalDouble.empty(), Optional.empty(), Map.of(), why);
    }

    /** Whether this run is done with an output. */
    boolean isDone(TargetRequest request) {
        return done.containsKey(request);
    }

    /** The row of an output that this run is done with. */
    OutputState of(TargetRequest request) {
        return done.get(request);
    }

    /** One for each target, in the order of the manifest. */
    List<OutputState> all() {
        return model.targets().stream().map(done::get).toList();
    }

    /** What was said of an output holds no longer. */
    void forget(String name) throws IOException {
        for (TargetRequest request : model.targets()) {
            if (model.outputName(request).equals(name)) {
                table.delete(model.name(), request.target().text());
            }
        }
        files.delete(name + Checksums.END);
    }

    /** What rows say of any output of the model holds no longer. */
    void forgetAll() throws IOException {
        for (TargetRequest request : model.targets()) {
            table.delete(model.name(), request.target().text());
        }
    }
}
