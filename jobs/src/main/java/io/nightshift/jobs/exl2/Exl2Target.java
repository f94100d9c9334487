package io.nightshift.jobs.exl2;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.exl2.Exl2Block;
import io.nightshift.formats.exl2.Exl2Configuration;
import io.nightshift.formats.exl2.Exl2Model;
import io.nightshift.formats.exl2.Exl2Planner;
import io.nightshift.formats.exl2.Measurement;
import io.nightshift.formats.layout.GeneratedFile;
import io.nightshift.formats.layout.SourceFiles;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.jobs.quantize.BudgetedChoice;
import io.nightshift.jobs.quantize.Chosen;
import io.nightshift.jobs.quantize.InputStatistics;
import io.nightshift.jobs.quantize.LaidOut;
import io.nightshift.jobs.quantize.LaidOut.RowImportance;
import io.nightshift.jobs.quantize.Model;
import io.nightshift.jobs.quantize.Selection;
import io.nightshift.jobs.quantize.Target;
import io.nightshift.jobs.quantize.TargetPlan;
import io.nightshift.jobs.quantize.TargetPlan.Needs;
import io.nightshift.jobs.quantize.Unit;
import io.nightshift.jobs.rounding.NormStorage;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.jobs.storage.FileReference;
import io.nightshift.jobs.storage.StorageException;
import io.nightshift.kernels.exl2.Exl2Encoding;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A folder of integers of 2 to 8 bits in groups, as ExLlamaV2 has them, of any number of bits a weight: attention and
 * feed-forward of each layer get one of ExLlamaV2's parameter sets each, under the budget.
 *
 * @param bits bits a weight of the decoder layers, as ExLlamaV2 counts them
 * @param headBits nominal bits of the output projection
 * @param measure how it is found out what each choice loses
 * @param measurement a file that says what each choice loses; measured where there is none
 * @param rounding how weights are scaled; they are always rounded with error feedback
 * @param maxShardSize most bytes of a safetensors file, about
 */
public record Exl2Target(double bits, int headBits, BlockError measure, Optional<String> measurement,
        RoundingOptions rounding, long maxShardSize) implements Target {
    /** The option for {@code measurement}. */
    public static final String MEASUREMENT_OPTION = "--measurement";

    /** Most bits of a weight. */
    public static final double MOST_BITS = 8;

    /** Nominal bits of the head where the user gives none, as ExLlamaV2 has it. */
    public static final int DEFAULT_HEAD_BITS = 6;

    /** Shard size where the user gives none: 8 GB, as ExLlamaV2 has it. */
    public static final long DEFAULT_SHARD_SIZE = 8_192_000_000L;

    private static final String TOKENIZER = "tokenizer.json";

    /** Raised when the same plan gives other bytes. */
    private static final String BYTES_VERSION = "exl2-5";

    /** Errors of different blocks add up by their squares. */
    private static final BudgetedChoice SQUARES = new BudgetedChoice(2);

    @Override
    public String name() {
        return "exl2:" + bits;
    }

    @Override
    public boolean wantsPrediction() {
        return false;
    }

    @Override
    public boolean canDoWithoutStatistics() {
        return false;
    }

    @Override
    public TargetPlan check(Model model, Optional<InputStatistics> statistics) throws IOException {
        if (!rounding.feedback()) {
            throw new InvalidModelException("--to " + name() + ": EXL2 is rounded with error feedback always:"
                    + " --rounding nearest is for other targets");
        }
        Exl2Model exl2 = exl2(model);
        List<String> warnings = new ArrayList<>(SourceFiles.warnings(model.checkpoint().folder()));
        ModelFolder folder = model.checkpoint().folder();
        if (folder.find(TOKENIZER).isEmpty()) {
            warnings.add(folder.location() + ": has no " + TOKENIZER + ", the only tokenizer that ExLlamaV2 reads since 0.3.1:"
                    + " put one into the output, as transformers saves it");
        }
        if (measurement.isEmpty()) {
            Exl2Units units = Exl2Units.of(exl2, headBits);
            long budget = budget(exl2, units);
            return new TargetPlan(Needs.GRAM, units.all(),
                    Optional.of(new Selection(measure, SQUARES, budget)), NormStorage.HALF, warnings);
        }
        return new TargetPlan(Needs.GRAM, measured(model, exl2), Optional.empty(), NormStorage.HALF, warnings);
    }

    private static Exl2Model exl2(Model model) throws IOException {
        return model.once(Exl2Model.class, opened -> Exl2Model.of(opened.checkpoint(), opened.conversion()));
    }

    /** Bits that all units may take; the head does not count. */
    private long budget(Exl2Model exl2, Exl2Units units) {
        long budget = (long) (bits * exl2.weights());
        if (units.least() > budget) {
            throw new InvalidModelException("--to " + name() + ": the smallest parameter sets take "
                    + Math.ceil(100.0 * units.least() / exl2.weights()) / 100
                    + " bits a weight of this model: ask for as many, or more");
        }
        return budget + units.head().choices().get(0).bits();
    }

    /** The units with the one choice that the measurement's errors make. */
    private List<Unit> measured(Model model, Exl2Model exl2) throws IOException {
        FileReference file = FileReference.find(measurement.get(), model.source().settings());
        Measurement read = Measurement.read(file.folder(), file.file().name());
        if (!read.scales().equals(scales())) {
            throw new InvalidModelException(MEASUREMENT_OPTION + " " + measurement.get() + ": is of a model with --scales "
                    + read.scales() + ", but this one is made with --scales " + scales()
                    + ": give the same, or leave out " + MEASUREMENT_OPTION);
        }
        List<List<Measurement.Option>> options = read.of(measurement.get(), exl2.blocks());
        Exl2Units units = Exl2Units.measured(exl2, headBits, options);
        int[] chosen = SQUARES.choose(units.all(), errors(options), budget(exl2, units));
        List<Unit> fixed = new ArrayList<>();
        for (Unit unit : units.all()) {
            fixed.add(unit.with(chosen[fixed.size()]));
        }
        return fixed;
    }

    /** Of each choice of each block; the head has one choice. */
    private static double[][] errors(List<List<Measurement.Option>> options) {
        double[][] errors = new double[options.size() + 1][1];
        for (int i = 0; i < options.size(); i++) {
            errors[i] = options.get(i).stream().mapToDouble(Measurement.Option::error).toArray();
        }
        return errors;
    }

    @Override
    public Optional<Chosen> chosenBefore(Model model, TargetPlan plan, String output) throws IOException {
        List<Exl2Block> blocks = exl2(model).blocks();
        String location = output.replaceAll("/+$", "") + "/" + Exl2Planner.name(model.checkpoint(), bits) + "/"
                + Measurement.FILE;
        try {
            FileReference file = FileReference.find(location, model.source().settings());
            List<List<Measurement.Option>> options =
                    Measurement.read(file.folder(), file.file().name()).of(location, blocks);
            for (int i = 0; i < blocks.size(); i++) {
                if (options.get(i).size() != blocks.get(i).choices().size()) {
                    return Optional.empty();
                }
            }
            return Optional.of(plan.choose(errors(options)));
        } catch (InvalidModelException | StorageException e) {
            return Optional.empty(); // Whatever lies there, it is not what this target makes.
        }
    }

    private String scales() {
        return rounding.scaled() ? "awq" : "none";
    }

    @Override
    public LaidOut layOut(Model model, Optional<InputStatistics> statistics, Chosen chosen) throws IOException {
        Exl2Model exl2 = exl2(model);
        List<List<LinearLayer>> units = new ArrayList<>(exl2.linears());
        units.add(List.of(exl2.head()));
        Map<String, Exl2Encoding> encodings = new HashMap<>();
        for (int i = 0; i < units.size(); i++) {
            for (int k = 0; k < units.get(i).size(); k++) {
                encodings.put(units.get(i).get(k).module(), (Exl2Encoding) chosen.choices().get(i).encodings().get(k));
            }
        }
        CalibrationManifest manifest = statistics.orElseThrow().manifest();
        Exl2Configuration configuration = new Exl2Configuration(bits, headBits, manifest.sequences(),
                manifest.sequenceLength(), String.join(", ", manifest.data()));
        Optional<GeneratedFile> measured = chosen.errors().map(errors -> new GeneratedFile(
                Measurement.FILE, Exl2Units.measurement(exl2, errors, scales()).write()));
        return new LaidOut(
                Exl2Planner.plan(model.checkpoint(), exl2, encodings, configuration, measured, maxShardSize,
                        provenance(manifest),
                        List.of(BYTES_VERSION, statistics.get().text(), measured.isPresent() ? measure.name() : "measured")),
                RowImportance.NONE, Map.of());
    }

    /** What was done, for the metadata of the output. */
    private Map<String, String> provenance(CalibrationManifest manifest) {
        Map<String, String> provenance = new LinkedHashMap<>();
        provenance.put("scales", scales());
        if (rounding.scaled()) {
            provenance.put("awq_grid", String.valueOf(rounding.ratios()));
        }
        provenance.put("damping", String.valueOf(rounding.damping()));
        if (rounding.propagates()) {
            provenance.put("propagate", "quantized");
        }
        provenance.put("calibration_sequences", String.valueOf(manifest.sequences()));
        provenance.put("calibration_sequence_length", String.valueOf(manifest.sequenceLength()));
        provenance.put("calibration_tokens_digest", manifest.tokensDigest());
        return provenance;
    }
}
