package io.nightshift.jobs.gguf;

import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.conversion.TensorTable;
import io.nightshift.formats.conversion.TowerGguf;
import io.nightshift.formats.gguf.GgufHeader;
import io.nightshift.formats.gguf.GgufLayout;
import io.nightshift.formats.gguf.GgufTensor;
import io.nightshift.formats.layout.Item;
import io.nightshift.formats.layout.LaidOutFile;
import io.nightshift.formats.layout.OutputLayout;
import io.nightshift.formats.types.AssignedType;
import io.nightshift.formats.types.FileType;
import io.nightshift.jobs.quantize.Chosen;
import io.nightshift.jobs.quantize.InputStatistics;
import io.nightshift.jobs.quantize.LaidOut;
import io.nightshift.jobs.quantize.Model;
import io.nightshift.jobs.quantize.Target;
import io.nightshift.jobs.quantize.TargetPlan;
import io.nightshift.jobs.rounding.NormStorage;
import io.nightshift.jobs.rounding.RoundingOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The vision tower of a multimodal model as a GGUF file of its own, which llama.cpp loads beside the file of the language
 * model: that of the converter's {@code --mmproj}.
 *
 * @param fileType what {@code --outtype} says there, one of {@link io.nightshift.formats.types.TowerTypes#FILE_TYPES}
 */
public record MmprojTarget(FileType fileType) implements Target {
    @Override
    public String name() {
        return "mmproj:" + fileType;
    }

    @Override
    public RoundingOptions rounding() {
        return RoundingOptions.NONE;
    }

    private static TowerGguf tower(Model model) throws IOException {
        return model.once(MmprojTarget.class, opened -> TowerGguf.of(opened.checkpoint(), opened.warnings()));
    }

    @Override
    public boolean wantsPrediction() {
        return false;
    }

    @Override
    public TargetPlan check(Model model, Optional<InputStatistics> statistics) throws IOException {
        tower(model);
        return new TargetPlan(TargetPlan.Needs.NOTHING, List.of(), Optional.empty(), NormStorage.SINGLE, List.of());
    }

    @Override
    public LaidOut layOut(Model model, Optional<InputStatistics> statistics, Chosen chosen) throws IOException {
        TowerGguf tower = tower(model);
        List<TensorRecipe> tensors = tower.tensors();
        List<AssignedType> types = tower.types(fileType);
        List<GgufTensor> table = TensorTable.of(tensors, types.stream().map(AssignedType::type).toList());
        List<Item> items = new ArrayList<>();
        Map<String, String> notes = new HashMap<>();
        for (int i = 0; i < table.size(); i++) {
            long bytes = table.get(i).bytes();
            items.add(new Item.Rows(tensors.get(i), types.get(i).type(), GgufLayout.padded(bytes) - bytes));
            if (types.get(i).isFallback()) {
                notes.put(tensors.get(i).name(), "rows are not whole blocks of " + types.get(i).wanted());
            }
        }
        byte[] header = new GgufHeader(tower.metadata(fileType), table).toBytes();
        LaidOutFile file = new LaidOutFile("mmproj-" + model.name() + "-" + fileType + ".gguf", header, items);
        return new LaidOut(OutputLayout.ofFile(file, List.of()), LaidOut.RowImportance.NONE, notes);
    }
}
