package io.nightshift.jobs.batch.card;

import java.util.List;
import java.util.Optional;

/**
 * What a card says of the original model.
 *
 * @param baseModel its name on a hub, such as {@code meta-llama/Llama-3.1-8B}; a folder's name where no other is known
 * @param licence as the original's card has it
 * @param languages likewise
 * @param tags likewise
 * @param pipeline likewise, such as {@code text-generation}
 * @param calibration texts that importance, scales and rounding come from; empty where there were none
 * @param evaluation held-out texts that divergence and perplexity were measured on; empty where there were none
 */
public record CardFacts(
        String baseModel,
        Optional<String> licence,
        List<String> languages,
        List<String> tags,
        Optional<String> pipeline,
        List<String> calibration,
        List<String> evaluation) {
    public CardFacts {
        languages = List.copyOf(languages);
        tags = List.copyOf(tags);
        calibration = List.copyOf(calibration);
        evaluation = List.copyOf(evaluation);
    }
}
