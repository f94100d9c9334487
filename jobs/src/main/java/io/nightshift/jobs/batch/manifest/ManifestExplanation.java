package io.nightshift.jobs.batch.manifest;

import java.io.PrintStream;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What a manifest means, for people: defaults, globs and presets worked out. */
public final class ManifestExplanation {
    private static final DateTimeFormatter MOMENT = DateTimeFormatter.ofPattern("EEEE d MMMM yyyy, HH:mm VV", Locale.ENGLISH);

    private ManifestExplanation() {}

    /**
     * Prints it.
     *
     * @param start when the night begins: the deadline is the next one from then
     */
    public static void print(Manifest manifest, Instant start, PrintStream out) {
        int outputs = manifest.models().stream().mapToInt(model -> model.targets().size()).sum();
        out.printf("%s: %s of %s, to %s%n", manifest.file(), count(outputs, "output"),
                count(manifest.models().size(), "model"), manifest.output());
        out.printf("At most %s at once.%n", count(manifest.modelsAtOnce(), "model"));
        manifest.until().ifPresent(until -> out.printf("Nothing starts that would not finish by %s.%n",
                ZonedDateTime.ofInstant(until.after(start), until.zone()).format(MOMENT)));
        int place = 1;
        for (ManifestModel model : manifest.inOrder()) {
            out.printf("%n%d. %s (line %d, priority %d): %s%n", place++, model.name(), model.line(), model.priority(),
                    model.location());
            options(model).forEach(line -> out.printf("   %s%n", line));
            model.targets().forEach(request -> out.printf("   %-14s %s%n", request.target(), target(model, request)));
            model.notes().forEach(note -> out.printf("   note: %s%n", note));
        }
    }

    private static List<String> options(ManifestModel model) {
        List<String> lines = new ArrayList<>();
        model.options().forEach((key, values) -> lines.add(key.word() + ": " + String.join(", ", values)));
        if (!model.isEvaluated()) {
            lines.add("not evaluated: no KLD, no perplexity");
        }
        return lines;
    }

    private static String target(ManifestModel model, TargetRequest request) {
        List<String> said = new ArrayList<>();
        said.add(model.outputName(request));
        boolean hasSource = ManifestKey.SOURCES.stream().anyMatch(model.options()::containsKey);
        if (request.target().format() == TargetName.Format.GGUF) {
            said.add(hasSource && request.importance() ? "with importance matrix" : "without importance matrix");
        }
        request.gate().maxDivergence().ifPresent(limit -> said.add("mean KLD at most " + limit));
        request.gate().maxPerplexityIncrease().ifPresent(limit -> said.add("perplexity at most "
                + new java.math.BigDecimal(Double.toString(limit)).movePointRight(2).stripTrailingZeros().toPlainString()
                + " % up"));
        if (request.gate().isPresent()) {
            said.add(request.gate().withhold() ? "else withheld" : "else marked");
        }
        return said.stream().collect(Collectors.joining(", "));
    }

    private static String count(int number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }
}
