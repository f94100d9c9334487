package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.jobs.calibration.CalibrationInput;
import io.nightshift.jobs.calibration.CalibrationOptions;
import io.nightshift.jobs.text.Packing;
import io.nightshift.jobs.text.TextData;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** The options of a calibration, besides where the data is. */
final class CalibrationSelection {
    @Option(
            names = "--tokens",
            paramLabel = "FILE",
            description = "In place of texts: the tokens.safetensors of an earlier calibration, to repeat it.")
    private String tokens;

    @Option(
            names = "--text-column",
            paramLabel = "NAME",
            description = "Field or column with the text, in JSON lines and Parquet (default: text; with --chat messages).")
    private String textColumn;

    @Option(
            names = "--chat",
            description = "The texts are chats: JSON lines or Parquet with messages, which the checkpoint's own chat template"
                    + " makes a text of.")
    private boolean chat;

    @Option(
            names = "--samples",
            paramLabel = "N",
            description = "Most sequences (default: 128; with --packing llama-imatrix all).")
    private Integer samples;

    @Option(names = "--sequence-length", paramLabel = "N", description = "Tokens of a sequence (default: 512).")
    private Integer sequenceLength;

    @Option(
            names = "--shuffle",
            paramLabel = "SEED",
            description = "Take documents in an order drawn from the seed (default: in the order of the files).")
    private Long shuffle;

    @Option(
            names = "--packing",
            paramLabel = "HOW",
            description = "documents: the model's own tokenizer, documents joined and cut (default); llama-imatrix:"
                    + " tokenized"
                    + " and cut as llama-imatrix does.")
    private String packing;

    @Option(
            names = "--min-expert-tokens",
            paramLabel = "N",
            description = "An expert with fewer tokens gets the statistics of all experts of its layer (default: 32).")
    private Integer minExpertTokens;

    @Option(
            names = "--route-all-experts",
            description = "Take statistics of every expert from all tokens; what the model computes stays the same.")
    private boolean routeAllExperts;

    @Option(
            names = "--groups",
            paramLabel = "N",
            description = "Groups of sequences, each worked on by one task; sums depend on it (default: one for each 1,024"
                    + " tokens, at most 16).")
    private Integer groups;

    /** Whether token ids are given in place of texts. */
    boolean hasTokens() {
        return tokens != null;
    }

    /**
     * The options.
     *
     * @param dataOption the command's option for texts, for messages
     * @param data the texts; null or empty with {@code --tokens}
     */
    CalibrationOptions options(String dataOption, List<String> data, StatisticsKind statistics) {
        return new CalibrationOptions(
                input(dataOption, data),
                groups == null ? OptionalInt.empty() : OptionalInt.of(positive("--groups", groups, 0)),
                statistics,
                minExpertTokens == null ? CalibrationOptions.DEFAULT_MIN_EXPERT_TOKENS : Math.max(0, minExpertTokens),
                routeAllExperts);
    }

    private CalibrationInput input(String dataOption, List<String> data) {
        boolean texts = data != null && !data.isEmpty();
        if (texts == hasTokens()) {
            throw new InvalidModelException(texts
                    ? dataOption + " and --tokens exclude each other"
                    : "give texts with " + dataOption + ", or the tokens of an earlier calibration with --tokens");
        }
        if (hasTokens()) {
            ofTexts().findFirst().ifPresent(option -> {
                throw new InvalidModelException(option + " has no effect with --tokens: the sequences are the file's");
            });
            return new CalibrationInput.Tokens(tokens);
        }
        return new CalibrationInput.Texts(
                TextData.of(
                        data,
                        Optional.ofNullable(textColumn),
                        shuffle == null ? OptionalLong.empty() : OptionalLong.of(shuffle),
                        chat),
                packing(),
                samples == null ? OptionalInt.empty() : OptionalInt.of(positive("--samples", samples, 0)),
                positive("--sequence-length", sequenceLength, CalibrationOptions.DEFAULT_SEQUENCE_LENGTH));
    }

    /** The first option that was given besides {@code --tokens}, for commands that may have no use for them. */
    String given() {
        Object[][] others = {
            {"--min-expert-tokens", minExpertTokens},
            {"--route-all-experts", routeAllExperts ? true : null},
            {"--groups", groups}
        };
        return Stream.concat(ofTexts(), given(others)).findFirst().orElse(null);
    }

    /** The options that were given and say how texts become sequences. */
    private Stream<String> ofTexts() {
        return given(new Object[][] {
            {"--text-column", textColumn},
            {"--chat", chat ? true : null},
            {"--samples", samples},
            {"--sequence-length", sequenceLength},
            {"--shuffle", shuffle},
            {"--packing", packing}
        });
    }

    private static Stream<String> given(Object[][] options) {
        return Arrays.stream(options).filter(option -> option[1] != null).map(option -> (String) option[0]);
    }

    private Packing packing() {
        if (packing == null) {
            return Packing.DOCUMENTS;
        }
        return Arrays.stream(Packing.values())
                .filter(known -> known.optionName().equals(packing))
                .findFirst()
                .orElseThrow(() -> new InvalidModelException("--packing " + packing + ": give one of "
                        + Arrays.stream(Packing.values()).map(Packing::optionName).collect(Collectors.joining(", "))));
    }

    private static int positive(String option, Integer given, int otherwise) {
        if (given != null && given < 1) {
            throw new InvalidModelException(option + " " + given + ": at least 1 is needed");
        }
        return given == null ? otherwise : given;
    }
}
