package io.nightshift.formats.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Warnings;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.tokenizer.AddedTokens.AddedToken;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The {@code tokenizer.*} keys, as the converter writes them after an architecture's own keys: which of a folder's
 * tokenizers is taken, and what each architecture adds (set_vocab in the converter's llama.py, qwen.py, gemma.py and
 * phi.py). Those of Mistral's, Kimi's and Hunyuan's own tokenizers are in
 * {@link TekkenMetadata}, {@link KimiMetadata} and {@link HunyuanMetadata}.
 */
public final class TokenizerMetadata {
    /** Rows of CodeLlama's embedding, which has infill tokens. */
    private static final int CODE_LLAMA_ROWS = 32016;

    private static final int CODE_LLAMA_EOT = 32010;
    /** Rows of the embedding of the small Granite models, which want no leading token. */
    private static final int GRANITE_ROWS = 49152;

    private static final int HUNYUAN_7B_HIDDEN = 4096;
    private static final int HUNYUAN_7B_BOS = 127958;

    /** Tokens of Gemma 4 that readers of its answers must see (conversion/gemma.py, Gemma4Model.set_vocab). */
    private static final Set<String> SHOWN_BY_GEMMA4 = Set.of("<|channel>", "<channel|>", "<|tool_call>", "<tool_call|>",
            "<|tool_response>", "<tool_response|>", "<|\"|>");

    /** What GLM's special tokens are called, in the order in which the converter sets them. */
    private static final Map<String, String> GLM_TOKENS = new LinkedHashMap<>();

    static {
        GLM_TOKENS.put("bos", "[gMASK]");
        GLM_TOKENS.put("eot", "<|user|>");
        GLM_TOKENS.put("unk", "<|endoftext|>");
        GLM_TOKENS.put("eom", "<|observation|>");
    }

    private final TokenizerFiles files;
    private final OptionalInt rows;
    private final Optional<String> preTokenizer;
    private final GgufMetadata metadata;
    private final Warnings warnings;

    private TokenizerMetadata(
            TokenizerFiles files,
            OptionalInt rows,
            Optional<String> preTokenizer,
            GgufMetadata metadata,
            Warnings warnings) {
        this.files = files;
        this.rows = rows;
        this.preTokenizer = preTokenizer;
        this.metadata = metadata;
        this.warnings = warnings;
    }

    /**
     * Appends the keys.
     *
     * @param folder the model's folder
     * @param rule of the model's family
     * @param vocabularySize vocab_size of the model's configuration; empty if it does not say
     * @param preTokenizer the name of the BPE pre-tokenizer, if the user gave one: it is taken unseen
     * @param metadata what the keys are appended to
     * @param warnings receives what was ignored or guessed, and why
     * @throws InvalidModelException if the tokenizer is missing, broken, not supported or not recognized
     * @throws IOException if the folder cannot be read
     */
    public static void append(
            ModelFolder folder,
            VocabularyRule rule,
            OptionalInt vocabularySize,
            Optional<String> preTokenizer,
            GgufMetadata metadata,
            Warnings warnings)
            throws IOException {
        preTokenizer.ifPresent(PreTokenizers::requireKnown);
        TokenizerMetadata tokenizer = new TokenizerMetadata(
                new TokenizerFiles(folder), vocabularySize, preTokenizer, metadata, warnings);
        switch (rule) {
            case BYTE_PAIR -> tokenizer.appendBytePair();
            case BYTE_PAIR_WITH_BEGIN -> tokenizer.appendBytePairWithBegin();
            case SENTENCE_PIECE_OR_BYTE_PAIR -> tokenizer.appendFirstOf();
            case LLAMA -> tokenizer.appendLlama();
            case GEMMA2 -> tokenizer.appendGemma2();
            case GEMMA3 -> tokenizer.appendGemma3();
            case GEMMA4 -> tokenizer.appendGemma4();
            case PHI3 -> tokenizer.appendPhi3();
            case ERNIE -> tokenizer.appendErnie();
            case HUNYUAN -> tokenizer.appendHunyuan();
            case HUNYUAN_MIXTURE -> HunyuanMetadata.append(
                    tokenizer.files, vocabularySize, preTokenizer, metadata, warnings);
            case DEEPSEEK -> tokenizer.appendDeepSeek();
            case GLM -> tokenizer.appendGlm();
        }
    }

    private void appendLlama() throws IOException {
        if (Tekken.isTakenOf(files)) {
            TekkenMetadata.append(files, rows, preTokenizer, metadata, warnings);
            return;
        }
        addDeclaredSpacePrefix();
        if (!files.hasSentencePiece() && LlamaHfVocabulary.accepts(files)) {
            append(LlamaHfVocabulary.read(files, rows));
        } else {
            appendFirstOf();
        }
        if (rows.orElse(0) == CODE_LLAMA_ROWS) {
            SpecialTokens infill = new SpecialTokens(files, List.of("eot"), OptionalInt.empty(), warnings);
            infill.set("eot", CODE_LLAMA_EOT);
            infill.appendTo(metadata);
        }
        if (rows.orElse(0) == GRANITE_ROWS) {
            metadata.put("tokenizer.ggml.add_bos_token", new GgufValue.Bool(false));
        }
    }

    /** SentencePiece where the folder has it, else byte-level BPE. */
    private void appendFirstOf() throws IOException {
        if (files.hasSentencePiece()) {
            appendSentencePiece(SentencePieceVocabulary.read(files, rows, warnings));
        } else {
            appendBytePair();
        }
    }

    private void appendGemma2() throws IOException {
        requireSentencePiece();
        appendSentencePiece(SentencePieceVocabulary.read(files, rows, warnings));
        addSpacePrefix(false);
    }

    private void appendGemma3() throws IOException {
        if (files.hasSentencePiece()) {
            appendGemma2();
        } else {
            appendBytePair();
        }
    }

    private void appendGemma4() throws IOException {
        if (!files.has(BytePairTokenizer.FILE) || !LlamaHfVocabulary.accepts(files)) {
            throw new InvalidModelException(files.path(BytePairTokenizer.FILE)
                    + " is missing, or is not BPE that falls back to bytes, as Gemma 4's tokenizer is");
        }
        LlamaHfVocabulary.read(files, rows).shown(SHOWN_BY_GEMMA4).appendTo(metadata, "gemma4");
        BytePairTokenizer.of(files).merges().ifPresent(merges -> metadata.put("tokenizer.ggml.merges", merges));
        new SpecialTokens(files, SpecialTokens.COMMON, OptionalInt.empty(), warnings).appendTo(metadata);
        addSpacePrefix(false);
        metadata.put("tokenizer.ggml.add_bos_token", new GgufValue.Bool(true));
    }

    private void appendPhi3() throws IOException {
        if (files.tokenizerConfig().path("tokenizer_class").asText().equals("GPT2Tokenizer")) {
            appendBytePair();
        } else {
            requireSentencePiece();
            appendSentencePiece(SentencePieceVocabulary.readPhi3(files, rows, warnings));
        }
    }

    private void appendErnie() throws IOException {
        requireSentencePiece();
        appendSentencePiece(SentencePieceVocabulary.read(files, rows, warnings));
        addDeclaredSpacePrefix();
    }

    /** conversion/hunyuan.py, HunYuanModel.set_vocab. */
    /** conversion/nemotron.py, set_vocab of dense models. */
    private void appendBytePairWithBegin() throws IOException {
        appendBytePair();
        metadata.put("tokenizer.ggml.add_bos_token", new GgufValue.Bool(true));
    }

    private void appendHunyuan() throws IOException {
        appendBytePair();
        if (files.config().path("hidden_size").asLong() == HUNYUAN_7B_HIDDEN) {
            metadata.put("tokenizer.ggml.bos_token_id", new GgufValue.Uint32(HUNYUAN_7B_BOS));
        }
        if (files.config().path("eod_token_id").isIntegralNumber()) {
            metadata.put("tokenizer.ggml.eos_token_id", new GgufValue.Uint32(files.config().path("eod_token_id").asLong()));
        }
        JsonNode ends = files.generationConfig().path("eos_token_id");
        if (ends.isArray() && ends.size() >= 2) {
            metadata.put("tokenizer.ggml.eot_token_id", new GgufValue.Uint32(ends.get(0).asLong()));
        }
    }

    private void appendDeepSeek() throws IOException {
        if (KimiMetadata.isTakenOf(files)) {
            KimiMetadata.append(files, rows, preTokenizer, metadata, warnings);
        } else {
            appendBytePair();
        }
    }

    /** conversion/base.py, _set_vocab_glm. */
    private void appendGlm() throws IOException {
        Map<String, Integer> added = new AddedTokens(files).all().stream()
                .collect(Collectors.toMap(AddedToken::content, AddedToken::id, (first, again) -> first));
        for (String token : GLM_TOKENS.values()) {
            if (!added.containsKey(token)) {
                throw new InvalidModelException(files.path(BytePairTokenizer.FILE) + ": has no added token " + token
                        + ", as GLM's tokenizers do. Fetch the model's own tokenizer");
            }
        }
        SpecialTokens special = appendBytePairTokens();
        GLM_TOKENS.forEach((type, token) -> special.set(type, added.get(token)));
        special.appendTo(metadata);
    }

    private void appendSentencePiece(Vocabulary vocabulary) throws IOException {
        List<String> differences = TokenDifferences.of(files, vocabulary);
        if (!differences.isEmpty()) {
            warnings.differs(files.path(BytePairTokenizer.FILE) + " knows tokens that the output, made of "
                    + SentencePieceVocabulary.FILE + ", lacks or has otherwise: " + String.join(", ", differences)
                    + ". llama.cpp's converter writes the same; to have them, list them in tokenizer_config.json under"
                    + " added_tokens_decoder, as transformers 4 saves them");
        }
        append(vocabulary);
    }

    private void append(Vocabulary vocabulary) throws IOException {
        vocabulary.appendTo(metadata);
        new SpecialTokens(files, SpecialTokens.COMMON, OptionalInt.of(vocabulary.size()), warnings).appendTo(metadata);
    }

    private void appendBytePair() throws IOException {
        appendBytePairTokens().appendTo(metadata);
    }

    /** Appends tokens and merges, and reads the special tokens that come behind them. */
    private SpecialTokens appendBytePairTokens() throws IOException {
        if (files.tokenizerJson().path("model").path("byte_fallback").asBoolean() && !files.isByteLevel()) {
            throw new InvalidModelException(files.path(BytePairTokenizer.FILE) + ": is a SentencePiece tokenizer (BPE that"
                    + " falls back to bytes, without a byte-level pre-tokenizer), which llama.cpp would take for"
                    + " byte-level BPE and cut texts wrongly, whatever --pre-tokenizer says; add the model's "
                    + SentencePieceVocabulary.FILE + " to the folder");
        }
        BytePairTokenizer tokenizer = BytePairTokenizer.of(files);
        tokenizer.vocabulary(rows, preTokenizer, warnings).appendTo(metadata);
        tokenizer.merges().ifPresentOrElse(
                merges -> metadata.put("tokenizer.ggml.merges", merges),
                () -> warnings.differs(files.path("tokenizer.json") + " has no merges: the output may not work"));
        return new SpecialTokens(files, SpecialTokens.COMMON, OptionalInt.empty(), warnings);
    }

    private void addDeclaredSpacePrefix() {
        JsonNode declared = files.tokenizerConfig().path("add_prefix_space");
        if (declared.isBoolean()) {
            addSpacePrefix(declared.booleanValue());
        }
    }

    private void addSpacePrefix(boolean added) {
        metadata.put("tokenizer.ggml.add_space_prefix", new GgufValue.Bool(added));
    }

    private void requireSentencePiece() {
        if (!files.hasSentencePiece()) {
            throw new InvalidModelException(files.path(SentencePieceVocabulary.FILE)
                    + " is missing; this architecture's tokenizer is read from it");
        }
    }
}
