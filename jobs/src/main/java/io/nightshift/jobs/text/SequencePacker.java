package io.nightshift.jobs.text;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.tokenizer.TextTokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/** Cuts documents into token sequences of the same length. */
public final class SequencePacker {
    private final TextTokenizer tokenizer;
    private final int vocabulary;
    private final int length;
    private final TextDigest digest = new TextDigest();
    private long tokens;

    /**
     * A packer for one use.
     *
     * @param tokenizer the model's
     * @param vocabulary number of token ids that the model knows
     * @param length tokens of a sequence
     */
    public SequencePacker(TextTokenizer tokenizer, int vocabulary, int length) {
        this.tokenizer = tokenizer;
        this.vocabulary = vocabulary;
        this.length = length;
    }

    /**
     * Joins documents, with a BOS before each where the model expects one, and cuts. What is left of the last document
     * is dropped.
     *
     * @param samples most sequences; fewer where the documents do not give as many
     * @throws InvalidModelException if they do not give one, or the tokenizer does not match the vocabulary
     */
    public TokenSequences joinDocuments(Documents data, int samples) throws IOException {
        SequenceJoiner joiner = new SequenceJoiner(length, samples);
        data.read(text -> joiner.add(withBegin(encode(text))));
        requireSequences(joiner.sequences(), 1);
        return new TokenSequences(joiner.sequences(), length, digest.hexadecimal());
    }

    /**
     * Cuts one text as llama-imatrix and llama-perplexity do (tools/imatrix/imatrix.cpp, compute_imatrix): a BOS, the
     * text without its last line end, cut into chunks; then the first token of each chunk is replaced by a BOS.
     * Everything about BOS is left out where the model expects none.
     *
     * @param chunks most chunks
     * @throws InvalidModelException if the text does not give two, or the tokenizer does not match the vocabulary
     */
    public TokenSequences chunksOfOneText(Documents data, int chunks) throws IOException {
        List<String> texts = new ArrayList<>();
        data.read(texts::add);
        String text = String.join("\n", texts);
        int[] ids = withBegin(encode(text.endsWith("\n") ? text.substring(0, text.length() - 1) : text));
        List<int[]> sequences = new ArrayList<>();
        List<Integer> textBegins = new ArrayList<>();
        for (int at = 0; at + length <= ids.length && sequences.size() < chunks; at += length) {
            int[] sequence = Arrays.copyOfRange(ids, at, at + length);
            tokenizer.beginOfText().ifPresent(begin -> {
                textBegins.add(sequence[0]);
                sequence[0] = begin;
            });
            sequences.add(sequence);
        }
        requireSequences(sequences, Math.min(chunks, 2));
        return new TokenSequences(sequences, length, digest.hexadecimal(), textBegins);
    }

    private int[] encode(String text) {
        digest.add(text);
        int[] ids = tokenizer.encode(text);
        requireKnown(ids, vocabulary);
        tokens += ids.length;
        return ids;
    }

    /**
     * Makes sure that a model knows all ids that its tokenizer gives.
     *
     * @throws InvalidModelException if it does not
     */
    static void requireKnown(int[] ids, int vocabulary) {
        for (int id : ids) {
            if (id < 0 || id >= vocabulary) {
                throw new InvalidModelException("the tokenizer does not match the model: it gives the token " + id
                        + ", and the model has " + vocabulary + " of them (vocab_size in config.json); are the"
                        + " tokenizer's"
                        + " files those of this model?");
            }
        }
    }

    private int[] withBegin(int[] ids) {
        OptionalInt begin = tokenizer.beginOfText();
        if (begin.isEmpty()) {
            return ids;
        }
        int[] joined = new int[ids.length + 1];
        joined[0] = begin.getAsInt();
        System.arraycopy(ids, 0, joined, 1, ids.length);
        return joined;
    }

    private void requireSequences(List<int[]> sequences, int least) {
        if (sequences.size() < least) {
            throw new InvalidModelException("the text gives " + tokens + " tokens, which are too few for "
                    + (least == 1 ? "a sequence" : least + " sequences") + " of " + length
                    + "; give more text, or shorter sequences");
        }
    }
}
