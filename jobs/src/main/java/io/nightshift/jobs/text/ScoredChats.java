package io.nightshift.jobs.text;

import java.util.ArrayList;
import java.util.List;

/**
 * Conversations, a sequence each, with what is scored of them.
 *
 * @param sequences the tokens
 * @param scored for each sequence the tokens whose predictions are scored, by their indexes in order: those before tokens of
 *     the assistant
 * @param unplaced turns of the assistant that are not scored, as their place could not be told
 * @param cut conversations that are longer than a sequence
 * @param leftOut conversations of which nothing would be scored
 */
public record ScoredChats(TokenSequences sequences, List<int[]> scored, int unplaced, int cut, int leftOut) {
    /** What is to be said aloud of it. */
    public List<String> warnings() {
        List<String> warnings = new ArrayList<>();
        if (unplaced > 0) {
            warnings.add(unplaced + " turns of the assistant are not scored: the chat template writes them otherwise once the"
                    + " conversation goes on, or its prompt for them otherwise");
        }
        if (cut > 0) {
            warnings.add(cut + " conversations are longer than " + sequences.length() + " tokens and are cut (--context)");
        }
        if (leftOut > 0) {
            warnings.add(leftOut + " conversations are left out: there is nothing of the assistant to score in their first "
                    + sequences.length() + " tokens");
        }
        return warnings;
    }
}
