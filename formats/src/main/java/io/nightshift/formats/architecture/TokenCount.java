package io.nightshift.formats.architecture;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.storage.JsonFile;
import java.io.IOException;

/** How many tokens the converter takes a tokenizer to have where it cuts the embedding to them. */
final class TokenCount {
    private TokenCount() {}

    /** conversion/gemma.py, Gemma3Model.modify_tensors: a SentencePiece vocabulary is padded to the configured size. */
    static long of(Checkpoint checkpoint) throws IOException {
        if (checkpoint.folder().find("tokenizer.model").isPresent()) {
            return Dimension.VOCABULARY.of(checkpoint.config());
        }
        JsonNode tokenizer = JsonFile.read(checkpoint.folder(), "tokenizer.json").orElseThrow(
                () -> new InvalidModelException(checkpoint.folder().location()
                        + ": has neither tokenizer.model nor tokenizer.json"));
        return tokenizer.path("model").path("vocab").size() + tokenizer.path("added_tokens").size();
    }
}
