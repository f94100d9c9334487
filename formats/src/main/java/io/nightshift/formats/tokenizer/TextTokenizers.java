package io.nightshift.formats.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.storage.ModelFolder;
import java.io.IOException;
import java.util.OptionalInt;
import java.util.Set;

/** The tokenizers of a checkpoint, for texts that the model is run on. Nothing is downloaded. */
public final class TextTokenizers {
    private static final String SENTENCE_PIECE = "llama";
    private static final int SENTENCE_PIECE_BOS = 1;
    private static final String BYTE_LEVEL = "gpt2";

    /** Merges of characters as they are, whose spaces a normalizer replaces: not of bytes that stand for characters. */
    private static final String GEMMA4 = "gemma4";

    /** The pre-tokenizers with which llama.cpp puts a BOS before texts though the file does not say so. */
    private static final Set<String> BOS_BY_DEFAULT = Set.of(
            "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "jina-v5-nano",
            "tekken", "chameleon");

    private TextTokenizers() {}

    /**
     * The model's own tokenizer, which gives the tokens that transformers gives: {@code tokenizer.json} through Hugging
     * Face's library, with the tokens that the other files add; else {@code tokenizer.model}, turned into a
     * tokenizer.json as transformers does it. That keeps texts as they are for Llama and Gemma, where SentencePiece's
     * own library would collapse spaces and replace characters; for other models it does both. Unigram models without a
     * class of their own go through SentencePiece's library. Where the output's tokenizer is of {@code tekken.json}, tokens
     * are mistral_common's, which takes special tokens in a text for text; where it is of {@code hy.tiktoken}, they are those
     * of the class that comes with the checkpoint.
     *
     * @param folder the checkpoint
     * @param metadata the {@code tokenizer.*} keys of {@link TokenizerMetadata}
     * @throws InvalidModelException if there is none, or it cannot be loaded
     * @throws IOException if the folder cannot be read
     */
    public static TextTokenizer ofModel(ModelFolder folder, GgufMetadata metadata) throws IOException {
        TokenizerFiles files = new TokenizerFiles(folder);
        OptionalInt begin = beginOfText(metadata);
        if (HunyuanMetadata.isTakenOf(files)) {
            return HunyuanTextTokenizer.of(files, false, begin);
        }
        if (files.has(BytePairTokenizer.FILE)) {
            return huggingFace(
                    files.with(SentencePieceAsJson.rebuilt(files)), files.path(BytePairTokenizer.FILE), begin);
        }
        if (isTekken(files, metadata)) {
            return new TekkenTextTokenizer(Tekken.read(files), begin);
        }
        if (!files.hasSentencePiece()) {
            throw missing(files);
        }
        String file = files.path(SentencePieceVocabulary.FILE);
        SentencePieceModel model = SentencePieceModel.parse(files.sentencePiece(), file);
        if (model.trainer().unigram() && TokenizerClass.of(files) == TokenizerClass.GENERIC) {
            return new SentencePieceTextTokenizer(files.sentencePiece(), file, begin);
        }
        return huggingFace(files.with(SentencePieceAsJson.of(files, model)), file, begin);
    }

    private static TextTokenizer huggingFace(TokenizerFiles files, String file, OptionalInt begin) {
        return new HuggingFaceTextTokenizer(new RustTokenizer(new AddedTokens(files)::applied, file), begin);
    }

    /**
     * The tokenizer as llama.cpp has it: for SentencePiece vocabularies merges by score, without a normalizer; for
     * byte-level BPE Hugging Face's tokenizer without its normalizer, which merges alike; for Gemma 4 Hugging Face's
     * tokenizer with its normalizer, which replaces spaces, on texts that are cut at line ends. Two differences remain for
     * BPE: special tokens that stand in a text are recognized here, but not by llama-imatrix and llama-perplexity; and
     * where llama.cpp's expression for cutting text is not the one of {@code tokenizer.json}, this one counts.
     *
     * @param folder the checkpoint
     * @param metadata the {@code tokenizer.*} keys of {@link TokenizerMetadata}
     * @throws InvalidModelException if there is none, or it cannot be loaded
     * @throws IOException if the folder cannot be read
     */
    public static TextTokenizer ofLlamaCpp(ModelFolder folder, GgufMetadata metadata) throws IOException {
        OptionalInt begin = beginOfText(metadata);
        if (text(metadata, "tokenizer.ggml.model").equals(SENTENCE_PIECE)) {
            return ScoreMergeTokenizer.of(metadata, begin, folder.location());
        }
        TokenizerFiles files = new TokenizerFiles(folder);
        if (HunyuanMetadata.isTakenOf(files)) {
            return HunyuanTextTokenizer.of(files, true, begin);
        }
        if (isTekken(files, metadata)) {
            return new TekkenTextTokenizer(Tekken.read(files), begin);
        }
        if (!files.has(BytePairTokenizer.FILE)) {
            throw missing(files);
        }
        String file = files.path(BytePairTokenizer.FILE);
        boolean gemma = text(metadata, "tokenizer.ggml.model").equals(GEMMA4);
        return new HuggingFaceTextTokenizer(new RustTokenizer(
                () -> gemma ? cutAtLineEnds(files.tokenizerJson()) : withoutNormalizer(files.tokenizerJson()), file), begin);
    }

    /** Families that do not take it may have the file as well. */
    private static boolean isTekken(TokenizerFiles files, GgufMetadata metadata) {
        return Tekken.isTakenOf(files) && text(metadata, "tokenizer.ggml.model").equals(BYTE_LEVEL);
    }

    private static InvalidModelException missing(TokenizerFiles files) {
        return new InvalidModelException(files.location() + " has no tokenizer for texts: it needs "
                + BytePairTokenizer.FILE + " or " + SentencePieceVocabulary.FILE + (files.has(KimiMetadata.FILE)
                        ? "; by " + KimiMetadata.FILE + " texts are cut in Python code, which is not run here" : ""));
    }

    private static JsonNode withoutNormalizer(JsonNode json) {
        ObjectNode copy = json.deepCopy();
        copy.putNull("normalizer");
        return copy;
    }

    /** llama-vocab.cpp, LLAMA_VOCAB_PRE_TYPE_GEMMA4. */
    private static JsonNode cutAtLineEnds(JsonNode json) {
        ObjectNode copy = json.deepCopy();
        ObjectNode split = copy.putObject("pre_tokenizer");
        split.put("type", "Split");
        split.putObject("pattern").put("Regex", "[^\\n]+|[\\n]+");
        split.put("behavior", "Isolated").put("invert", false);
        return copy;
    }

    /** What llama.cpp puts before a text (llama-vocab.cpp, llama_vocab::impl::load). */
    private static OptionalInt beginOfText(GgufMetadata metadata) {
        boolean sentencePiece = text(metadata, "tokenizer.ggml.model").equals(SENTENCE_PIECE);
        boolean added = metadata.get("tokenizer.ggml.add_bos_token")
                .map(value -> ((GgufValue.Bool) value).value())
                .orElse(sentencePiece || BOS_BY_DEFAULT.contains(text(metadata, "tokenizer.ggml.pre")));
        if (!added) {
            return OptionalInt.empty();
        }
        return metadata.get("tokenizer.ggml.bos_token_id")
                .map(value -> OptionalInt.of(Math.toIntExact(((GgufValue.Uint32) value).value())))
                .orElse(sentencePiece ? OptionalInt.of(SENTENCE_PIECE_BOS) : OptionalInt.empty());
    }

    private static String text(GgufMetadata metadata, String key) {
        return metadata.get(key).map(value -> ((GgufValue.Text) value).value()).orElse("");
    }
}
