package io.nightshift.jobs.gguf;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.gguf.GgufFile;
import io.nightshift.formats.gguf.GgufTensor;
import io.nightshift.formats.types.FileSize;
import io.nightshift.formats.types.FileType;
import io.nightshift.formats.types.TypeChoices;
import io.nightshift.formats.types.TypeOptions;
import io.nightshift.formats.types.TypeOverride;
import io.nightshift.jobs.quantize.BudgetedChoice;
import io.nightshift.jobs.quantize.Choice;
import io.nightshift.jobs.quantize.Chosen;
import io.nightshift.jobs.quantize.InputStatistics;
import io.nightshift.jobs.quantize.LaidOut;
import io.nightshift.jobs.quantize.Measure;
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
import io.nightshift.kernels.GgmlType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A GGUF file of at most a given size, the type of each tensor chosen so that the model loses least. What an error in a tensor
 * does to the model is measured by rounding that tensor alone: the divergence of the predictions, to which the losses by the
 * statistics of its inputs relate the tensor's other types. Without scales and rounding it is the file that llama-quantize
 * makes when it is told the same types.
 *
 * @param size of the file, at most
 * @param choices the types that tensors may take
 * @param rounding how linear layers are scaled and rounded; {@link RoundingOptions#NONE} for llama-quantize's way
 * @param strict whether a file that differs from what the checkpoint says is refused, rather than warned of
 */
public record SizedGgufTarget(FileSize size, TypeChoices choices, RoundingOptions rounding, boolean strict)
        implements Target {
    /** Divergences of tensors add up. */
    private static final BudgetedChoice SUM = new BudgetedChoice(1);

    /** Raised when the same measurement gives other choices. */
    private static final String VERSION = "sized-gguf-3";

    /** The loss by the statistics of a layer's inputs, of fewer rows than where it is the only measure. */
    private record SampledLoss(int sampledRows) implements Measure {
        @Override
        public double error(Unit unit, Choice choice, Inputs inputs) throws IOException {
            return Measure.GRAM.error(unit, choice, inputs);
        }
    }

    private static final Measure LOSS = new SampledLoss(128);

    @Override
    public String name() {
        return "gguf:" + size.text();
    }

    @Override
    public boolean canDoWithoutStatistics() {
        return false;
    }

    /** The file with the mixture of a type, but for what is pinned. */
    GgufTarget file(FileType base) {
        return file(base, List.of());
    }

    private GgufTarget file(FileType base, List<TypeOverride> chosen) {
        List<TypeOverride> overrides = new ArrayList<>(choices.pinned());
        overrides.addAll(chosen);
        return new GgufTarget(base, TypeOptions.NONE.with(overrides), ImportanceOptions.NONE, rounding, strict);
    }

    private SizedUnits units(Model model, Optional<InputStatistics> statistics) throws IOException {
        return model.once(List.of(this, statistics), opened -> SizedUnits.of(this, opened, statistics));
    }

    @Override
    public TargetPlan check(Model model, Optional<InputStatistics> statistics) throws IOException {
        if (statistics.isEmpty()) {
            // Said by whoever asks: without, not even the units are known.
            return new TargetPlan(Needs.GRAM, List.of(), Optional.empty(), NormStorage.SINGLE, List.of());
        }
        SizedUnits units = units(model, statistics);
        // Refuses what no choice of types would change.
        TargetPlan fixed = file(units.base()).check(model, statistics);
        long budget = size.dataBits(units.contents());
        if (units.least() > budget) {
            throw new InvalidModelException("--to " + name() + ": with the smallest types" + pinned() + " the file takes "
                    + units.describe(size, units.least()) + ": ask for as much, or more");
        }
        if (units.most() < budget) {
            throw new InvalidModelException("--to " + name() + ": with the largest types" + pinned() + " the file takes "
                    + units.describe(size, units.most()) + " and no more: ask for less, or for gguf:Q8_0 or gguf:BF16");
        }
        Selection selection = new Selection(LOSS, units.probes(), SUM, budget - units.otherBits());
        return new TargetPlan(Needs.GRAM, units.units(), rounding.needsStatistics(), Optional.of(selection),
                NormStorage.SINGLE, fixed.warnings());
    }

    private String pinned() {
        return choices.pinned().isEmpty() ? "" : ", and with what is pinned,";
    }

    @Override
    public Optional<Chosen> chosenBefore(Model model, TargetPlan plan, String output) throws IOException {
        String location = output.replaceAll("/+$", "") + "/" + model.name() + "-" + size.label() + ".gguf";
        Map<String, GgmlType> types;
        try {
            FileReference file = FileReference.find(location, model.source().settings());
            types = GgufFile.read(file.folder(), file.file()).header().tensors().stream()
                    .collect(Collectors.toMap(GgufTensor::name, GgufTensor::type));
        } catch (InvalidModelException | StorageException e) {
            return Optional.empty(); // Whatever lies there, it is not what this target makes.
        }
        List<Choice> chosen = new ArrayList<>();
        for (Unit unit : plan.units()) {
            unit.choices().stream()
                    .filter(choice -> types.containsKey(unit.name()) && choice.name().equals(types.get(unit.name()).name()))
                    .findFirst()
                    .ifPresent(chosen::add);
        }
        return chosen.size() == plan.units().size() ? Optional.of(new Chosen(chosen, Optional.empty())) : Optional.empty();
    }

    @Override
    public LaidOut layOut(Model model, Optional<InputStatistics> statistics, Chosen chosen) throws IOException {
        SizedUnits units = units(model, statistics);
        List<TypeOverride> types = new ArrayList<>();
        for (int i = 0; i < units.units().size(); i++) {
            types.add(TypeOverride.of(units.units().get(i).name(), GgmlType.valueOf(chosen.choices().get(i).name())));
        }
        String choices = units.units().stream()
                .map(unit -> unit.name() + unit.choices().stream().map(Choice::name).toList())
                .collect(Collectors.joining());
        return file(units.base(), types).layOut(model, statistics, size.label(),
                List.of(VERSION, size.text(), choices, units.probes().toString(), LOSS.toString(),
                        statistics.orElseThrow().text()));
    }
}
