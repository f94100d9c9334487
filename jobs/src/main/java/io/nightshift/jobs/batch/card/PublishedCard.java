package io.nightshift.jobs.batch.card;

import io.nightshift.jobs.batch.files.NightFiles;
import io.nightshift.jobs.batch.report.ParetoPlot;
import io.nightshift.jobs.batch.result.NightResult;
import io.nightshift.jobs.batch.state.Checksums;
import io.nightshift.jobs.batch.state.OutputState;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

/** The {@code README.md} of a model's folder, with the front matter that hubs read, and its plot. */
public final class PublishedCard {
    private static final String NAME = "README.md";
    private static final String PLOT = "pareto.svg";

    private final NightResult night;
    private final NightResult.Model model;
    private final CardFacts facts;
    private final List<OutputState> outputs;

    private PublishedCard(NightResult night, NightResult.Model model, CardFacts facts) {
        this.night = night;
        this.model = model;
        this.facts = facts;
        outputs = model.outputs().stream()
                .filter(output -> output.status().isThere())
                .sorted(Comparator.comparingLong(OutputState::bytes))
                .toList();
    }

    /** Writes card and plot into the model's folder; nothing where no output is there. */
    public static void write(NightResult night, NightResult.Model model, CardFacts facts, NightFiles files)
            throws IOException {
        PublishedCard card = new PublishedCard(night, model, facts);
        if (card.outputs.isEmpty()) {
            return;
        }
        Optional<String> plot = ParetoPlot.svg(model);
        if (plot.isPresent()) {
            files.write(model.name() + "/" + PLOT, plot.get().getBytes(StandardCharsets.UTF_8));
        }
        files.write(model.name() + "/" + NAME, card.text(plot.isPresent()).getBytes(StandardCharsets.UTF_8));
    }

    /** The card as Markdown. */
    static String text(NightResult night, NightResult.Model model, CardFacts facts) {
        return new PublishedCard(night, model, facts).text(ParetoPlot.svg(model).isPresent());
    }

    private String text(boolean plot) {
        StringBuilder card = new StringBuilder("---\n").append(frontMatter()).append("---\n\n");
        card.append("# ").append(model.name()).append("\n\n");
        card.append("Quantized from ").append(facts.baseModel()).append(" by Nightshift ").append(night.nightshift())
                .append(".\n\n");
        table(card);
        if (plot) {
            card.append("![Size against KL divergence](").append(PLOT).append(")\n\n");
        }
        made(card);
        card.append("## SHA-256\n\n```\n");
        outputs.forEach(output -> card.append(Checksums.text(output.digests())));
        return card.append("```\n").toString();
    }

    private String frontMatter() {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("base_model", facts.baseModel());
        values.put("base_model_relation", "quantized");
        facts.licence().ifPresent(licence -> values.put("license", licence));
        if (!facts.languages().isEmpty()) {
            values.put("language", facts.languages());
        }
        facts.pipeline().ifPresent(pipeline -> values.put("pipeline_tag", pipeline));
        Set<String> tags = new LinkedHashSet<>(facts.tags());
        outputs.forEach(output -> tags.add(output.target().replaceAll(":.*", "").toLowerCase(Locale.ROOT)));
        tags.add("quantized");
        values.put("tags", List.copyOf(tags));
        values.put("quantized_by", "nightshift");
        DumperOptions options = new DumperOptions();
        options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
        return new Yaml(options).dump(values);
    }

    private void table(StringBuilder card) {
        boolean measured = outputs.stream().anyMatch(output -> output.quality().isPresent());
        List<String> head = new ArrayList<>(List.of("File", "Target", "Size", "Bits per weight"));
        if (measured) {
            head.addAll(List.of("Mean KLD", "99.9 % KLD", "Same top token", "Perplexity"));
        }
        row(card, head);
        row(card, head.stream().map(column -> "---").toList());
        for (OutputState output : outputs) {
            String file = output.name().substring(output.name().lastIndexOf('/') + 1);
            List<String> cells = new ArrayList<>(List.of("[" + file + "](./" + file + ")", output.target(),
                    format("%.2f GB", output.bytes() / 1e9),
                    output.bitsPerWeight().isPresent() ? format("%.2f", output.bitsPerWeight().getAsDouble()) : ""));
            if (measured) {
                cells.addAll(output.quality()
                        .map(quality -> List.of(
                                format("%.5f ± %.5f", quality.meanDivergence(), quality.meanDivergenceError()),
                                format("%.4f", quality.divergence999()),
                                format("%.2f %%", 100 * quality.sameTop()),
                                format("%.3f ± %.3f", quality.perplexity(), quality.perplexityError())))
                        .orElse(List.of("", "", "", "")));
            }
            row(card, cells);
        }
        card.append('\n');
        outputs.stream().filter(output -> !output.error().isEmpty()).forEach(output -> card.append("Note on ")
                .append(output.target()).append(": ").append(output.error()).append(".\n\n"));
        if (measured) {
            card.append("KLD: Kullback-Leibler divergence of the predicted tokens from those of the original, in nats.");
            model.originalPerplexity().ifPresent(
                    perplexity -> card.append(format(" Perplexity of the original: %.3f.", perplexity)));
            card.append("\n\n");
        }
    }

    private void made(StringBuilder card) {
        card.append("## How it was made\n\n");
        card.append("- Source: `").append(model.source()).append("`\n");
        card.append(facts.calibration().isEmpty() ? "- Without calibration.\n"
                : "- Calibrated on: " + String.join(", ", facts.calibration()) + "\n");
        card.append(facts.evaluation().isEmpty() ? "- Not evaluated.\n"
                : "- Evaluated on: " + String.join(", ", facts.evaluation()) + "\n");
        card.append("- Run `").append(night.run()).append("`, ").append(night.ended().toString(), 0, 10).append("\n\n");
    }

    private static void row(StringBuilder card, List<String> cells) {
        card.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }

    private static String format(String form, Object... values) {
        return String.format(Locale.ROOT, form, values);
    }
}
