package io.nightshift.jobs.awq;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.awq.AwqPlan;
import io.nightshift.formats.awq.GeneratedFile;
import io.nightshift.formats.safetensors.SafetensorsLayout;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredFile;
import io.nightshift.jobs.output.OutputFile;
import io.nightshift.jobs.output.OutputFolder;
import io.nightshift.jobs.output.OutputSpec;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageException;
import io.nightshift.jobs.storage.StorageLocation;
import io.nightshift.jobs.tasks.SharedFolderCheck;
import io.nightshift.jobs.tasks.WorkFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Makes an AWQ folder of a checkpoint. Its {@code config.json} is removed first and written last, so that an incomplete
 * folder cannot be loaded.
 */
public final class AwqJob {
    private static final String CONFIG = "config.json";

    private final AwqRequest request;
    private final HadoopSettings settings;
    private final AwqProgress progress;
    private final AwqPreparation prepared;

    private AwqJob(AwqRequest request, HadoopSettings settings, AwqProgress progress, AwqPreparation prepared) {
        this.request = request;
        this.settings = settings;
        this.progress = progress;
        this.prepared = prepared;
    }

    /**
     * Reads headers and lays the output out. Needs no Spark.
     *
     * @throws InvalidModelException if the request, the checkpoint or the statistics cannot be used
     * @throws IOException if one of them cannot be read
     */
    public static AwqJob plan(AwqRequest request, HadoopSettings settings, AwqProgress progress) throws IOException {
        if (request.rounding().needsStatistics() && request.statistics().isEmpty()) {
            throw new InvalidModelException("--to awq chooses scales and rounding by statistics of the layers' inputs:"
                    + " give --calibration FILES or --stats FOLDER, or --scales none --rounding nearest to do without");
        }
        AwqPreparation prepared = AwqPreparation.of(request, settings);
        prepared.plan().warnings().forEach(progress::warning);
        return new AwqJob(request, settings, progress, prepared);
    }

    /**
     * Lays the output out, whether there are statistics or not.
     *
     * @throws InvalidModelException if the checkpoint cannot be made into this format
     * @throws IOException if it cannot be read
     */
    public static AwqPlan layOut(AwqRequest request, HadoopSettings settings) throws IOException {
        return AwqPreparation.of(request, settings).plan();
    }

    /** The folder that will be made. */
    public AwqPlan plan() {
        return prepared.plan();
    }

    private String name() {
        return prepared.source().location().name() + "-AWQ";
    }

    private String location() {
        return request.output().replaceAll("/+$", "") + "/" + name();
    }

    /**
     * Makes the folder, unless it is complete.
     *
     * @throws InvalidModelException if a weight or the statistics cannot be used, such as those of another model
     * @throws IOException if reading, writing or a task failed; the folder then has no {@code config.json}
     */
    public AwqResult run(JavaSparkContext spark) throws IOException {
        OutputFolder output = OutputFolder.open(request.output(), settings);
        AwqPlan plan = prepared.plan();
        List<OutputFile> shards = new ArrayList<>();
        for (SafetensorsLayout shard : plan.shards()) {
            shards.add(file(output, shard.file(), shard.length(), shard.header()));
        }
        if (!request.overwrite() && isComplete(output, shards)) {
            progress.skipped(location());
            return new AwqResult(location(), plan.options().format().option(), bytes(), true, plan.warnings(),
                    List.of(), 0, 0, 0, AwqResult.Seconds.NONE);
        }
        requireShared(output, spark);
        if (prepared.statistics() != null) {
            prepared.statistics().requireModel(prepared.source(), spark);
        }
        removeOld(output);
        AwqRun run = new AwqRun(spark, request, settings, progress, prepared);
        try {
            try (WorkFolder folder = WorkFolder.create(request.work(), request.output(), settings, spark)) {
                run.make(shards, folder);
            }
            ModelFolder source = prepared.source().open();
            for (StoredFile copy : plan.copies()) {
                if (copy.length() > 0) {
                    output.write(name() + "/" + copy.name(), prepared.digest(), source.read(copy.name()));
                }
            }
            run.verify(location());
            for (GeneratedFile generated : plan.generated()) {
                output.write(name() + "/" + generated.name(), prepared.digest(), generated.content());
            }
        } catch (StorageException e) {
            // By now the store has been reached and written to: this is a failure at run time.
            throw new IOException(e.getMessage(), e);
        }
        return run.result(location(), bytes());
    }

    private OutputFile file(OutputFolder output, String file, long length, byte[] head) {
        return output.file(new OutputSpec(name() + "/" + file, length, prepared.digest(), head));
    }

    private boolean isComplete(OutputFolder output, List<OutputFile> shards) throws IOException {
        List<OutputFile> files = new ArrayList<>();
        for (GeneratedFile generated : prepared.plan().generated()) {
            files.add(file(output, generated.name(), generated.content().length, generated.content()));
        }
        for (StoredFile copy : prepared.plan().copies()) {
            if (copy.length() > 0) {
                files.add(file(output, copy.name(), copy.length(), new byte[0]));
            }
        }
        files.addAll(shards);
        for (OutputFile file : files) {
            if (!file.isComplete()) {
                return false;
            }
        }
        return true;
    }

    private long bytes() {
        AwqPlan plan = prepared.plan();
        return plan.shards().stream().mapToLong(SafetensorsLayout::length).sum()
                + plan.copies().stream().mapToLong(StoredFile::length).sum()
                + plan.generated().stream().mapToLong(file -> file.content().length).sum();
    }

    private void requireShared(OutputFolder output, JavaSparkContext spark) throws IOException {
        if (output.localPath().isPresent()) {
            SharedFolderCheck.requireShared(output.localPath().get(), spark);
        }
        List<StorageLocation> read = new ArrayList<>(List.of(prepared.source().location()));
        if (prepared.statistics() != null) {
            read.add(prepared.statistics().folder().location());
        }
        for (StorageLocation location : read) {
            if (location.isLocal()) {
                Path path = location.localPath();
                String known = location == read.get(0) ? CONFIG : "calibration.json";
                SharedFolderCheck.requireSeen(path.resolve(known), path, spark);
            }
        }
    }

    /** What makes the folder loadable, and weights that an earlier run laid out otherwise. */
    private void removeOld(OutputFolder output) throws IOException {
        output.delete(name() + "/" + CONFIG);
        List<StoredFile> found;
        try {
            found = FolderReference.find(location(), settings).files();
        } catch (StorageException e) {
            return; // There is no folder yet.
        }
        Set<String> kept = prepared.plan().shards().stream().map(SafetensorsLayout::file).collect(Collectors.toSet());
        prepared.plan().generated().forEach(file -> kept.add(file.name()));
        for (StoredFile file : found) {
            boolean weights = file.name().endsWith(".safetensors") || file.name().endsWith(".safetensors.index.json");
            if (weights && !kept.contains(file.name())) {
                output.delete(name() + "/" + file.name());
            }
        }
    }
}
