/** Tokenizers as GGUF stores them: the {@code tokenizer.*} keys, from a checkpoint's SentencePiece or BPE files. */
package io.nightshift.formats.tokenizer;
