package io.nightshift.formats.tokenizer;

/** Kinds of tokens by the numbers that GGUF stores (llama.h, llama_token_type), which are SentencePiece's too. */
final class TokenType {
    static final int NORMAL = 1;
    static final int UNKNOWN = 2;
    static final int CONTROL = 3;
    static final int USER_DEFINED = 4;
    static final int UNUSED = 5;
    static final int BYTE = 6;

    private TokenType() {}
}
