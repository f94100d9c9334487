package io.nightshift.formats.architecture;

import io.nightshift.formats.checkpoint.ModelConfig;
import java.util.List;

/** Tensors that a family's configuration asks for and no source tensor makes: rope factors. */
interface ComputedTensors {
    /** The tensors, none where the configuration asks for none. */
    List<TensorRecipe> of(ModelConfig config);
}
