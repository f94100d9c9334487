package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.calibration.CalibrationOptions;
import io.nightshift.jobs.calibration.Statistics;
import io.nightshift.jobs.text.Packing;
import io.nightshift.jobs.text.TextData;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/** The options of a calibration, besides where the data is. */
final class CalibrationSelection {
    @Option(
            names = "--text-column",
            paramLabel = "NAME",
            description = "Field or column with the text, in JSON lines and Parquet (default: text).")
    private String textColumn;

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
            description = "Groups of sequences, each worked on by one task; sums depend on it (default: 16).")
    private Integer groups;

    CalibrationOptions options(List<String> data, Statistics statistics) {
        return new CalibrationOptions(
                new TextData(
                        data,
                        textColumn == null ? TextData.DEFAULT_COLUMN : textColumn,
                        shuffle == null ? OptionalLong.empty() : OptionalLong.of(shuffle)),
                packing(),
                samples == null ? OptionalInt.empty() : OptionalInt.of(positive("--samples", samples, 0)),
                positive("--sequence-length", sequenceLength, CalibrationOptions.DEFAULT_SEQUENCE_LENGTH),
                positive("--groups", groups, CalibrationOptions.DEFAULT_GROUPS),
                statistics,
                minExpertTokens == null ? CalibrationOptions.DEFAULT_MIN_EXPERT_TOKENS : Math.max(0, minExpertTokens),
                routeAllExperts);
    }

    /** The first option that was given, for commands that may have no use for them. */
    String given() {
        Object[][] all = {
            {"--text-column", textColumn},
            {"--samples", samples},
            {"--sequence-length", sequenceLength},
            {"--shuffle", shuffle},
            {"--packing", packing},
            {"--min-expert-tokens", minExpertTokens},
            {"--route-all-experts", routeAllExperts ? true : null},
            {"--groups", groups}
        };
        return Arrays.stream(all)
                .filter(option -> option[1] != null)
                .map(option -> (String) option[0])
                .findFirst()
                .orElse(null);
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
