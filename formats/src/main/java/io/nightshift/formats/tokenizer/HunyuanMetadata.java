package io.nightshift.formats.tokenizer;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Warnings;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The {@code tokenizer.*} keys of Hunyuan with experts (conversion/hunyuan.py, HunYuanMoEModel.set_vocab). The converter runs
 * the checkpoint's class, tokenization_hy.HYTokenizer, and asks it for ranks and special tokens; it has the first of {@code
 * hy.tiktoken}, and names of its own for the second. A tokenizer.json is never taken: no class that reads one has ranks.
 */
final class HunyuanMetadata {
    static final String FILE = "hy.tiktoken";

    private static final String MODEL_CLASS = "HunYuanMoEV1ForCausalLM";
    private static final String CLASS = "tokenization_hy.HYTokenizer";
    private static final String PRE_TOKENIZER = "hunyuan";
    private static final String BEGIN = "<|bos|>";

    /** The number that the converter writes for the token which begins a text, whatever the configuration has. */
    private static final int BEGIN_ID = 127959;

    static final List<String> SPECIALS = Stream.concat(
                    Stream.of("<|endoftext|>", "<|startoftext|>", BEGIN, "<|eos|>", "<|pad|>"),
                    IntStream.range(0, 205).mapToObj(i -> "<|extra_" + i + "|>"))
            .toList();

    private HunyuanMetadata() {}

    /** Whether texts for a folder's model are cut by the file. */
    static boolean isTakenOf(TokenizerFiles files) {
        return files.has(FILE) && files.config().at("/architectures/0").asText().equals(MODEL_CLASS);
    }

    /**
     * Appends the keys.
     *
     * @param rows rows of the token embedding; empty if the configuration does not say
     * @param preTokenizer its name if the user gave one
     * @throws InvalidModelException if the class is another, or a file is missing, damaged or another model's
     * @throws IOException if the folder cannot be read
     */
    static void append(TokenizerFiles files, OptionalInt rows, Optional<String> preTokenizer, GgufMetadata metadata,
            Warnings warnings) throws IOException {
        if (!files.has(FILE)) {
            throw new InvalidModelException(files.path(FILE) + " is missing; this architecture's tokenizer is read from it,"
                    + " and from no other file. Fetch the model's own");
        }
        Tiktoken tiktoken = TiktokenMetadata.read(
                files, FILE, CLASS, "fetch the model's own tokenizer_config.json", SPECIALS.size(), rows);
        int begin = tiktoken.ranks().size() + SPECIALS.indexOf(BEGIN);
        if (begin != BEGIN_ID && BEGIN_ID < tiktoken.ranks().size() + SPECIALS.size()) {
            throw new InvalidModelException(files.path(FILE) + ": has " + tiktoken.ranks().size() + " tokens, so that " + BEGIN
                    + " is number " + begin + "; llama.cpp's converter writes " + BEGIN_ID + " for it, which is another token"
                    + " then. Fetch the published file, which has " + (BEGIN_ID - SPECIALS.indexOf(BEGIN)));
        }
        TiktokenMetadata.append(tiktoken, SPECIALS, preTokenizer.orElse(PRE_TOKENIZER), metadata);
        new SpecialTokens(files, SpecialTokens.COMMON, OptionalInt.empty(), warnings).appendTo(metadata);
        metadata.put("tokenizer.ggml.bos_token_id", new GgufValue.Uint32(BEGIN_ID));
    }
}
