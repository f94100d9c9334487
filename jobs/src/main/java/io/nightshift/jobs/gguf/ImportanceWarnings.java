package io.nightshift.jobs.gguf;

import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.types.AssignedType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What an importance matrix lacks, in words. */
final class ImportanceWarnings {
    private ImportanceWarnings() {}

    /**
     * Names the tensors that are quantized without importance though the user did not ask for that, and the experts
     * that saw no tokens. The embedding and the output projection have no entry mostly, and are not named.
     *
     * @param tensors of the model
     * @param types that they become
     */
    public static List<String> of(ModelImportance importance, List<TensorRecipe> tensors, List<AssignedType> types) {
        List<String> missing = new ArrayList<>();
        List<String> unseen = new ArrayList<>();
        Map<List<Integer>, List<String>> unseenExperts = new LinkedHashMap<>();
        for (int i = 0; i < tensors.size(); i++) {
            String name = tensors.get(i).name();
            if (!types.get(i).type().isQuantized()) {
                continue;
            }
            if (!importance.knows(name)) {
                if (!name.equals("output.weight") && !ModelImportance.isTokenEmbedding(name)) {
                    missing.add(name);
                }
            } else if (!importance.unseen(name).isEmpty()) {
                if (importance.isStacked(name)) {
                    unseenExperts.computeIfAbsent(importance.unseen(name), experts -> new ArrayList<>()).add(name);
                } else {
                    unseen.add(name);
                }
            }
        }
        List<String> warnings = new ArrayList<>();
        if (!missing.isEmpty()) {
            warnings.add("the importance matrix " + importance.fileNames() + " has no entry for "
                    + String.join(", ", missing) + ": quantized without");
        }
        if (!unseen.isEmpty()) {
            warnings.add("no tokens reached " + String.join(", ", unseen) + " when the importance matrix was made: all"
                    + " columns count the same");
        }
        unseenExperts.forEach((experts, names) -> warnings.add("no tokens reached expert"
                + (experts.size() == 1 ? " " : "s ")
                + experts.stream().map(Object::toString).collect(Collectors.joining(", ")) + " of "
                + String.join(", ", names) + " when the importance matrix was made: all columns count the same there;"
                + " a longer or more varied text would reach them"));
        return warnings;
    }
}
