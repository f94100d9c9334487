package io.nightshift.formats.architecture;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Warnings;
import io.nightshift.formats.architecture.TensorRecipe.Stored;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.kernels.GgmlType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The vision towers that are known. Adding one is adding its table here. */
public final class VisionTowers {
    private static final List<VisionTower> ALL =
            List.of(QwenTowers.QWEN3, QwenTowers.QWEN25, GemmaTowers.GEMMA3, GemmaTowers.GEMMA4, PixtralTower.PIXTRAL);

    private VisionTowers() {}

    /**
     * How the vision tower of a checkpoint becomes GGUF.
     *
     * @param warnings receives why loaders will not take the file, where they will not
     * @throws InvalidModelException if it has none, or one that is not known, if a value of {@code vision_config} or of the
     *     preparation of images is missing or out of its range, or if a tensor of the tower is missing, superfluous or of
     *     the wrong shape or type
     * @throws IOException if a file that the conversion needs cannot be read
     */
    public static TowerConversion convert(Checkpoint checkpoint, Warnings warnings) throws IOException {
        VisionTower tower = of(checkpoint.config());
        Checkpoint seen = checkpoint.with(
                checkpoint.config().part("vision_config", ImagePreparation.read(checkpoint.folder())));
        tower.table().check(seen);
        ModelConversion made = new Conversion(tower.table(), seen).convert();
        List<TensorRecipe> tensors = new ArrayList<>();
        for (TensorRecipe tensor : made.tensors()) {
            requireFloats(checkpoint, tensor);
            tensors.add(new TensorRecipe(tensor.name(), tensor.shape(), GgmlType.F32, tensor.content()));
        }
        tower.optional()
                .filter(lacking -> tensors.stream().noneMatch(tensor -> tensor.name().equals(lacking.tensor())))
                .ifPresent(lacking -> warnings.differs(checkpoint.folder().location() + ": the vision tower's file has no "
                        + lacking.tensor() + ", and llama.cpp loads no such file. llama.cpp's converter writes the same; "
                        + lacking.remedy()));
        return new TowerConversion(inOrderOf(checkpoint, tensors), made.hyperparameters(), tower.types());
    }

    private static VisionTower of(ModelConfig config) {
        String modelClass = config.architecture();
        return ALL.stream()
                .filter(tower -> tower.table().isOf(modelClass, config))
                .findFirst()
                .orElseThrow(() -> new InvalidModelException(config.location() + ": of the architecture " + modelClass
                        + " no vision tower is known; known are those of " + ALL.stream()
                                .flatMap(tower -> tower.table().modelClasses().stream())
                                .collect(Collectors.joining(", "))));
    }

    /** The converter takes FP8 numbers of a tower without their factors. */
    private static void requireFloats(Checkpoint checkpoint, TensorRecipe recipe) {
        for (SourceRows part : ((Stored) recipe.content()).parts()) {
            SafetensorsTensor tensor = part.tensor();
            if (!tensor.type().isSourceOfWeights()) {
                throw new InvalidModelException(checkpoint.folder().location() + "/" + tensor.file() + ": tensor "
                        + tensor.name() + " is of type " + tensor.type()
                        + ", but only BF16, F16, F32 and F64 weights of a vision tower can be taken");
            }
        }
    }

    /** The converter writes tensors as they come: files by name, and the tensors of a file by theirs. */
    private static List<TensorRecipe> inOrderOf(Checkpoint checkpoint, List<TensorRecipe> tensors) {
        Map<String, Integer> places = new HashMap<>();
        checkpoint.tensors().forEach(tensor -> places.put(tensor.name(), places.size()));
        return tensors.stream()
                .sorted(Comparator.comparingInt(
                        tensor -> places.get(((Stored) tensor.content()).parts().get(0).tensor().name())))
                .toList();
    }
}
