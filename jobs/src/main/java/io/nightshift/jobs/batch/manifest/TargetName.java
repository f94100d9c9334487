package io.nightshift.jobs.batch.manifest;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.types.FileSize;
import io.nightshift.formats.types.FileType;
import io.nightshift.formats.types.TowerTypes;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A target as manifests and commands write it.
 *
 * @param text in its one spelling: {@code gguf:Q4_K_M}, {@code gguf:4.65bpw}, {@code mmproj:F16}, {@code awq}, {@code
 *     awq:w4g64}, {@code exl2:4.65}
 * @param format what is made
 * @param variant what follows the colon; empty where nothing does
 */
public record TargetName(String text, Format format, String variant) {
    private static final Pattern AWQ = Pattern.compile("w4g(-1|32|64|128)");
    private static final Pattern BITS = Pattern.compile("\\d{1,2}(\\.\\d{1,4})?");
    private static final BigDecimal FEWEST_BITS = new BigDecimal("2");
    private static final BigDecimal MOST_BITS = new BigDecimal("8");

    /** GGUF types that llama-quantize refuses without a matrix, for whatever model. */
    private static final Set<String> NEED_IMPORTANCE =
            Set.of("IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ2_M", "IQ3_XXS", "IQ3_XS", "Q2_K_S");

    /** What can be made. */
    public enum Format {
        GGUF,
        /** A vision tower, which is no language model: nothing is calibrated for it, and it is not evaluated. */
        MMPROJ,
        AWQ,
        EXL2
    }

    /**
     * Reads a target.
     *
     * @throws InvalidModelException that says what is wrong with it and what can be written
     */
    static TargetName parse(String text) {
        int colon = text.indexOf(':');
        String format = colon < 0 ? text : text.substring(0, colon);
        String variant = colon < 0 ? "" : text.substring(colon + 1);
        return switch (format) {
            case "gguf" -> gguf(text, variant);
            case "mmproj" -> mmproj(text, variant);
            case "awq" -> awq(text, colon < 0, variant);
            case "exl2" -> exl2(text, variant);
            default -> throw new InvalidModelException("'" + text + "' is neither a target nor a preset"
                    + Suggestion.of(text, Preset.words()).map(preset -> "; did you mean '" + preset + "'?")
                            .orElse("; write gguf:TYPE, gguf:SIZE, mmproj:TYPE, awq, exl2:BITS or one of "
                                    + String.join(", ", Preset.words())));
        };
    }

    private static TargetName gguf(String text, String variant) {
        if (variant.isEmpty()) {
            throw new InvalidModelException("'" + text + "' says no type; write one such as gguf:Q4_K_M");
        }
        Optional<FileSize> size = FileSize.parse(variant);
        if (size.isPresent()) {
            return new TargetName("gguf:" + size.get().text(), Format.GGUF, size.get().text());
        }
        try {
            String type = FileType.parse(variant).name();
            return new TargetName("gguf:" + type, Format.GGUF, type);
        } catch (InvalidModelException e) {
            List<String> types = Arrays.stream(FileType.values()).map(FileType::name).toList();
            throw new InvalidModelException("'" + text + "' is no GGUF type" + Suggestion.sentence(variant, types), e);
        }
    }

    private static TargetName mmproj(String text, String variant) {
        String type = TowerTypes.FILE_TYPES.stream().map(FileType::name).filter(variant::equalsIgnoreCase).findFirst()
                .orElseThrow(() -> new InvalidModelException("'" + text + "' is no file of a vision tower; write mmproj:F16, or"
                        + " another of " + TowerTypes.FILE_TYPES));
        return new TargetName("mmproj:" + type, Format.MMPROJ, type);
    }

    private static TargetName awq(String text, boolean plain, String variant) {
        Matcher matcher = AWQ.matcher(variant);
        if (!plain && !matcher.matches()) {
            throw new InvalidModelException("'" + text + "': AWQ has 4 bits and groups of 32, 64, 128 or -1 (whole rows);"
                    + " write awq or awq:w4g128");
        }
        return new TargetName(text, Format.AWQ, variant);
    }

    private static TargetName exl2(String text, String variant) {
        if (!BITS.matcher(variant).matches()) {
            throw new InvalidModelException("'" + text + "' says no bits per weight; write them, as in exl2:4.65");
        }
        BigDecimal bits = new BigDecimal(variant).stripTrailingZeros();
        if (bits.compareTo(FEWEST_BITS) < 0 || bits.compareTo(MOST_BITS) > 0) {
            throw new InvalidModelException("'" + text + "': EXL2 has 2 to 8 bits per weight; 4.65 is usual");
        }
        String plain = bits.setScale(Math.max(1, bits.scale())).toPlainString();
        return new TargetName("exl2:" + plain, Format.EXL2, plain);
    }

    /** Whether it cannot be made without an importance matrix. */
    boolean needsImportance() {
        return format == Format.GGUF && NEED_IMPORTANCE.contains(variant);
    }

    /** Whether it is a GGUF file whose size is given, and not its type: that takes statistics. */
    public boolean isSized() {
        return format == Format.GGUF && FileSize.parse(variant).isPresent();
    }

    /** Whether it is a language model, whose predictions can be compared with those of the original. */
    public boolean predicts() {
        return format != Format.MMPROJ;
    }

    /** Whether it is one file, and not a folder. */
    public boolean isFile() {
        return format == Format.GGUF || format == Format.MMPROJ;
    }

    /** The file, or folder, that it becomes. */
    public String outputName(String model) {
        return switch (format) {
            case GGUF -> model + "-" + FileSize.parse(variant).map(FileSize::label).orElse(variant) + ".gguf";
            case MMPROJ -> "mmproj-" + model + "-" + variant + ".gguf";
            case AWQ -> model + "-AWQ";
            case EXL2 -> model + "-EXL2-" + variant + "bpw";
        };
    }

    @Override
    public String toString() {
        return text;
    }
}
