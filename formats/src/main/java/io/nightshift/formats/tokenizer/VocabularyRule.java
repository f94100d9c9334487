package io.nightshift.formats.tokenizer;

/** Which of the tokenizers of a folder the converter takes for a family, and what it writes besides (set_vocab). */
public enum VocabularyRule {
    /** Byte-level BPE. */
    BYTE_PAIR,
    /** Byte-level BPE, and that texts get a token in front. */
    BYTE_PAIR_WITH_BEGIN,
    /** SentencePiece where the folder has it, else byte-level BPE. */
    SENTENCE_PIECE_OR_BYTE_PAIR,
    /** Mistral's tekken.json where there is no tokenizer.json; SentencePiece as either file, else byte-level BPE. */
    LLAMA,
    GEMMA2,
    GEMMA3,
    /** tokenizer.json read as SentencePiece, with its merges. */
    GEMMA4,
    PHI3,
    /** SentencePiece, and whether text gets a space in front. */
    ERNIE,
    /** Byte-level BPE, and ends of text that the configuration names wrongly. */
    HUNYUAN,
    /** Hunyuan's hy.tiktoken. */
    HUNYUAN_MIXTURE,
    /** Byte-level BPE; where there is no tokenizer.json, Kimi's tiktoken.model. */
    DEEPSEEK,
    /** Byte-level BPE, and tokens that open texts and end turns, found by their names. */
    GLM
}
