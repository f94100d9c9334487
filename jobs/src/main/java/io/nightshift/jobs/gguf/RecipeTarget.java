package io.nightshift.jobs.gguf;

import io.nightshift.formats.types.TypeRecipe;
import io.nightshift.jobs.quantize.Chosen;
import io.nightshift.jobs.quantize.InputStatistics;
import io.nightshift.jobs.quantize.LaidOut;
import io.nightshift.jobs.quantize.Model;
import io.nightshift.jobs.quantize.Target;
import io.nightshift.jobs.quantize.TargetPlan;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.jobs.storage.FileReference;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * A GGUF file of the types that a recipe gives.
 *
 * @param recipe the file that names them
 * @param importance the importance matrix to be used, where there are no statistics
 * @param rounding how linear layers are scaled and rounded
 * @param strict whether a file that differs from what the checkpoint says is refused, rather than warned of
 */
public record RecipeTarget(String recipe, ImportanceOptions importance, RoundingOptions rounding, boolean strict)
        implements Target {
    @Override
    public String name() {
        return "gguf of " + recipe;
    }

    private TypeRecipe read(Model model) throws IOException {
        return model.once(List.of(RecipeTarget.class, recipe), opened -> {
            FileReference file = FileReference.find(recipe, opened.source().settings());
            return TypeRecipe.read(file.folder(), file.file().name());
        });
    }

    private GgufTarget file(Model model) throws IOException {
        TypeRecipe types = read(model);
        return new GgufTarget(types.base(), types.options(), importance, rounding, strict);
    }

    @Override
    public TargetPlan check(Model model, Optional<InputStatistics> statistics) throws IOException {
        return file(model).check(model, statistics);
    }

    @Override
    public LaidOut layOut(Model model, Optional<InputStatistics> statistics, Chosen chosen) throws IOException {
        return file(model).layOut(model, statistics, read(model).name(), List.of());
    }
}
