package io.nightshift.formats.conversion;

import io.nightshift.formats.Warnings;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.architecture.TowerConversion;
import io.nightshift.formats.architecture.VisionTowers;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.modelcard.GeneralMetadata;
import io.nightshift.formats.modelcard.ParameterCounts;
import io.nightshift.formats.types.AssignedType;
import io.nightshift.formats.types.FileType;
import io.nightshift.formats.types.TowerTypes;
import java.io.IOException;
import java.util.List;

/**
 * The vision tower of a checkpoint as {@code convert_hf_to_gguf.py --mmproj} writes it, before its file has a type.
 *
 * @param metadata its key-value pairs
 * @param tower its tensors, in file order
 */
public record TowerGguf(GgufMetadata metadata, TowerConversion tower) {
    /**
     * The tower of a checkpoint.
     *
     * @param warnings receives what was ignored or guessed, and why
     * @throws io.nightshift.formats.InvalidModelException if it has none that is known, or is broken
     * @throws IOException if it cannot be read
     */
    public static TowerGguf of(Checkpoint checkpoint, Warnings warnings) throws IOException {
        TowerConversion tower = VisionTowers.convert(checkpoint, warnings);
        GgufMetadata metadata = new GgufMetadata().text("general.architecture", "clip");
        GeneralMetadata.append(checkpoint.folder(), ParameterCounts.of(tower.tensors()), metadata, warnings);
        metadata.put("general.type", new GgufValue.Text("mmproj"));
        tower.hyperparameters().values().forEach(metadata::put);
        return new TowerGguf(metadata.uint32("general.quantization_version", 2), tower);
    }

    /** Its tensors, in file order. */
    public List<TensorRecipe> tensors() {
        return tower.tensors();
    }

    /** The metadata of a file of a type. */
    public GgufMetadata metadata(FileType type) {
        return metadata.copy().put("general.file_type", new GgufValue.Uint32(type.id()));
    }

    /** What each tensor becomes in a file of a type. */
    public List<AssignedType> types(FileType type) {
        TowerTypes types = new TowerTypes(type);
        return tensors().stream().map(tensor -> types.of(tensor, tower.fixedTypes())).toList();
    }
}
