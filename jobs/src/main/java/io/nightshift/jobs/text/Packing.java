package io.nightshift.jobs.text;

/** How texts are tokenized and cut into sequences. */
public enum Packing {
    /**
     * The model's own tokenizer; documents joined, with a BOS before each where the model expects one, and cut into
     * sequences of the same length.
     */
    DOCUMENTS("documents"),

    /**
     * As llama-imatrix and llama-perplexity do: llama.cpp's tokenizer; one text (several documents are joined by line
     * ends), a BOS before it, cut into chunks whose first token is replaced by a BOS, where the model expects one.
     */
    LLAMA_IMATRIX("llama-imatrix");

    private final String optionName;

    Packing(String optionName) {
        this.optionName = optionName;
    }

    /** The name on the command line. */
    public String optionName() {
        return optionName;
    }
}
