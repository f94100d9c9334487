package io.nightshift.jobs.quantize;

import io.nightshift.formats.Sha256;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.layout.GeneratedFile;
import io.nightshift.formats.layout.Item;
import io.nightshift.formats.layout.LaidOutFile;
import io.nightshift.formats.layout.OutputLayout;
import io.nightshift.formats.storage.StoredFile;
import io.nightshift.kernels.quantize.Quantizers;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The digest of everything that an output's bytes follow from: one that was committed for the same need not be made again. */
final class PlanDigest {
    /** Raised when the engine makes other bytes of the same plan. */
    private static final String ENGINE_VERSION = "engine-1";

    private final Sha256 digest = new Sha256();

    private PlanDigest() {}

    /**
     * The digest of an output.
     *
     * @param source the files of the checkpoint: their lengths and versions count, of those that are read
     */
    static String of(OutputLayout layout, List<StoredFile> source) {
        PlanDigest plan = new PlanDigest();
        plan.add(ENGINE_VERSION);
        plan.add(Quantizers.BYTES_VERSION);
        layout.madeOf().forEach(plan::add);
        for (LaidOutFile file : layout.files()) {
            plan.add(file.name());
            plan.digest.add(file.header());
            file.items().forEach(plan::add);
        }
        for (GeneratedFile file : layout.generated()) {
            plan.add(file.name());
            plan.digest.add(file.content());
        }
        Set<String> used = layout.items().flatMap(item -> files(item).stream()).collect(Collectors.toCollection(TreeSet::new));
        layout.copies().forEach(copy -> used.add(copy.name()));
        // The source's listing has no subfolders.
        layout.copies().stream().filter(copy -> copy.name().contains("/")).forEach(copy -> plan.add(copy.toString()));
        source.stream().filter(file -> used.contains(file.name())).forEach(file -> plan.add(file.toString()));
        return plan.digest.hexadecimal();
    }

    /**
     * The digest of results that outputs are made with.
     *
     * @param kind of the results
     * @param source the files of the checkpoint, of which all count
     * @param madeOf what the results follow from besides
     */
    static String ofWork(String kind, List<StoredFile> source, Stream<String> madeOf) {
        PlanDigest plan = new PlanDigest();
        plan.add(kind);
        plan.add(ENGINE_VERSION);
        plan.add(Quantizers.BYTES_VERSION);
        // Another version may write the same results otherwise.
        plan.add(String.valueOf(PlanDigest.class.getPackage().getImplementationVersion()));
        source.forEach(file -> plan.add(file.toString()));
        madeOf.forEach(plan::add);
        return plan.digest.hexadecimal();
    }

    /**
     * The digest of a checkpoint and the targets that are made of it: a job's next run is known by it.
     *
     * @return 16 hexadecimal digits
     */
    static String ofJob(Model model, List<Target> targets) {
        return ofWork("job", model.source().files(), targets.stream().map(Target::name)).substring(0, 16);
    }

    /** The source files that an item is read from. */
    private static List<String> files(Item item) {
        if (item instanceof Item.Rows rows && rows.tensor().content() instanceof TensorRecipe.Stored stored) {
            return stored.parts().stream().flatMap(part -> part.files().stream()).distinct().toList();
        }
        if (item instanceof Item.Gathered gathered) {
            return List.copyOf(gathered.linear().source().files());
        }
        return item instanceof Item.Copied copied ? List.copyOf(copied.source().files()) : List.of();
    }

    /** An item's text tells everything of it but the bytes that it holds. */
    private void add(Item item) {
        if (item instanceof Item.Computed computed) {
            add(computed.name());
            digest.add(computed.bytes());
        } else {
            add(item.toString());
        }
    }

    /** Adds a text, so that two of them are told from one. */
    private void add(String text) {
        digest.add(text).add(new byte[1]);
    }
}
