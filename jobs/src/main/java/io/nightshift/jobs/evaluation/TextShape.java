package io.nightshift.jobs.evaluation;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.text.TokenSequences;
import java.io.IOException;
import java.util.List;

/**
 * How the text is cut. Base-logits files say it, where there are some.
 *
 * @param context tokens of a chunk
 * @param mostChunks most chunks
 */
record TextShape(int context, int mostChunks) {
    /**
     * The shape that a request and its base-logits files ask for.
     *
     * @throws InvalidModelException if they ask for different ones
     */
    static TextShape of(EvaluateRequest request, List<LogitsFile> files) {
        int context = request.context().orElse(
                files.isEmpty() ? EvaluateRequest.DEFAULT_CONTEXT : files.get(0).layout().context());
        int most = request.chunks().orElse(Integer.MAX_VALUE);
        for (LogitsFile file : files) {
            if (file.layout().context() != context) {
                throw new InvalidModelException(request.context().isPresent()
                        ? "--context " + context + ": " + file.location() + " was made with a context of "
                                + file.layout().context() + "; leave the option out, or make the file again"
                        : file.location() + ": was made with a context of " + file.layout().context() + ", and "
                                + files.get(0).location() + " with " + context + "; make one of them again");
            }
            if (request.chunks().isPresent() && most > file.layout().chunks()) {
                throw new InvalidModelException("--chunks " + most + ": " + file.location() + " has "
                        + file.layout().chunks() + " of them");
            }
        }
        int has = files.stream().mapToInt(file -> file.layout().chunks()).min().orElse(Integer.MAX_VALUE);
        return new TextShape(context, Math.min(most, has));
    }

    /**
     * The shape of chats: what they are at most.
     *
     * @param longest tokens of a sequence that the model takes
     * @throws InvalidModelException if the request has base-logits files, which keep predictions of other tokens
     */
    static TextShape ofChats(EvaluateRequest request, List<LogitsFile> files, int longest) {
        if (!files.isEmpty() || request.savedLogits().isPresent()) {
            throw new InvalidModelException("--chat and base-logits files exclude each other: these keep the predictions of the"
                    + " second half of chunks (" + (files.isEmpty() ? request.savedLogits().get().location()
                            : files.get(0).location()) + "), and --chat scores what the assistant says; leave out one of them");
        }
        return new TextShape(request.context().orElse(Math.min(EvaluateRequest.DEFAULT_CHAT_CONTEXT, longest)),
                request.chunks().orElse(Integer.MAX_VALUE));
    }

    /**
     * Refuses a file whose text is not this one.
     *
     * @param text as it was cut into this shape
     */
    void requireText(LogitsFile file, TokenSequences text) throws IOException {
        int chunks = text.sequences().size();
        if (chunks < mostChunks) {
            throw new InvalidModelException(file.location() + ": has " + mostChunks + " chunks of " + context
                    + " tokens or more, and the text gives " + chunks + "; give the text that it was made from");
        }
        file.requireTokens(text);
    }
}
