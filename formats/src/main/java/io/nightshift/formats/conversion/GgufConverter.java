package io.nightshift.formats.conversion;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Warnings;
import io.nightshift.formats.architecture.ModelConversion;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.modelcard.GeneralMetadata;
import io.nightshift.formats.modelcard.ParameterCounts;
import io.nightshift.formats.tokenizer.TokenizerMetadata;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;

/** Works out what {@code convert_hf_to_gguf.py --outtype auto} would write for a checkpoint, without writing it. */
public final class GgufConverter {
    private GgufConverter() {}

    /**
     * The unquantized GGUF of a checkpoint.
     *
     * @param conversion its tensors, {@link io.nightshift.formats.architecture.Architectures#convert}
     * @param preTokenizer the name of the BPE pre-tokenizer, if the user gave one
     * @param warnings receives what was ignored or guessed, and why
     * @throws io.nightshift.formats.InvalidModelException if the checkpoint is broken or not supported
     * @throws IOException if it cannot be read
     */
    public static UnquantizedGguf convert(Checkpoint checkpoint, ModelConversion conversion,
            Optional<String> preTokenizer, Warnings warnings) throws IOException {
        String architecture = conversion.architecture().name();
        GgufMetadata metadata = new GgufMetadata().text("general.architecture", architecture);
        conversion.leadingMetadata().values().forEach(metadata::put);
        GeneralMetadata.append(checkpoint.folder(), ParameterCounts.of(conversion.tensors()), metadata, warnings);
        conversion.hyperparameters().values().forEach(metadata::put);
        TokenizerMetadata.append(checkpoint.folder(), conversion.architecture().vocabulary(), vocabularySize(checkpoint),
                preTokenizer, metadata, warnings);
        UnwrittenRope.warn(checkpoint.config(), conversion, warnings);
        compareTokensWithRows(checkpoint, conversion, metadata, warnings);
        return new UnquantizedGguf(metadata, TensorOrder.sorted(conversion.tensors()));
    }

    /** llama.cpp refuses a file whose embedding has more or fewer rows than its vocabulary has tokens. */
    private static void compareTokensWithRows(
            Checkpoint checkpoint, ModelConversion conversion, GgufMetadata metadata, Warnings warnings) {
        long rows = conversion.tensors().stream()
                .filter(tensor -> tensor.name().equals("token_embd.weight"))
                .findFirst().orElseThrow().rows();
        int tokens = ((GgufValue.Texts) metadata.get("tokenizer.ggml.tokens").orElseThrow()).values().size();
        if (tokens == rows) {
            return;
        }
        String problem = checkpoint.folder().location() + ": the output's vocabulary has " + tokens
                + " tokens, but its embedding " + rows + " rows, and llama.cpp loads no such file. ";
        if (rows < checkpoint.config().integer("vocab_size")) {
            // The converter cuts Gemma 3's embedding to the tokens of tokenizer.json, and pads the tokens to vocab_size.
            warnings.differs(problem + "llama.cpp's converter writes the same; set vocab_size in config.json to " + rows
                    + ", or add the model's tokenizer.model");
        } else {
            throw new InvalidModelException(problem + "Set vocab_size in config.json to the rows of the embedding, or"
                    + " give the model a row a token (resize_token_embeddings) and save it again");
        }
    }

    private static OptionalInt vocabularySize(Checkpoint checkpoint) {
        return checkpoint
                .config()
                .findInteger("vocab_size")
                .map(size -> OptionalInt.of(Math.toIntExact(size)))
                .orElse(OptionalInt.empty());
    }
}
