package io.nightshift.formats.conversion;

import io.nightshift.formats.architecture.Architectures;
import io.nightshift.formats.architecture.ModelConversion;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.modelcard.GeneralMetadata;
import io.nightshift.formats.modelcard.ParameterCounts;
import io.nightshift.formats.tokenizer.TokenizerMetadata;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/** Works out what {@code convert_hf_to_gguf.py --outtype auto} would write for a checkpoint, without writing it. */
public final class GgufConverter {
    private GgufConverter() {}

    /**
     * The unquantized GGUF of a checkpoint.
     *
     * @param preTokenizer the name of the BPE pre-tokenizer, if the user gave one
     * @param warnings receives what was ignored or guessed, and why
     * @throws io.nightshift.formats.InvalidModelException if the checkpoint is broken or not supported
     * @throws IOException if it cannot be read
     */
    public static UnquantizedGguf convert(
            Checkpoint checkpoint, Optional<String> preTokenizer, Consumer<String> warnings) throws IOException {
        ModelConversion conversion = Architectures.convert(checkpoint);
        String architecture = conversion.architecture().name();
        GgufMetadata metadata = new GgufMetadata().text("general.architecture", architecture);
        conversion.leadingMetadata().values().forEach(metadata::put);
        GeneralMetadata.append(checkpoint.folder(), ParameterCounts.of(conversion.tensors()), metadata, warnings);
        conversion.hyperparameters().values().forEach(metadata::put);
        TokenizerMetadata.append(checkpoint.folder(), conversion.architecture().vocabulary(),
                vocabularySize(checkpoint), preTokenizer, metadata, warnings);
        return new UnquantizedGguf(metadata, TensorOrder.sorted(conversion.tensors()), conversion.leftOut());
    }

    private static OptionalInt vocabularySize(Checkpoint checkpoint) {
        return checkpoint
                .config()
                .findInteger("vocab_size")
                .map(size -> OptionalInt.of(Math.toIntExact(size)))
                .orElse(OptionalInt.empty());
    }
}
