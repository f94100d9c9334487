package io.nightshift.jobs.batch.report;

import io.nightshift.formats.Printable;
import io.nightshift.jobs.batch.files.NightFiles;
import io.nightshift.jobs.batch.result.NightResult;
import io.nightshift.jobs.batch.state.OutputState;
import io.nightshift.jobs.batch.state.OutputStatus;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.stream.Collectors;

/** The night as one page: {@code report.html}, which needs no network. */
public final class NightReport {
    /** At the top of the output. */
    static final String NAME = "report.html";

    private static final String ECHARTS = "/META-INF/resources/webjars/echarts/";
    private static final String ECHARTS_VERSION = "/META-INF/maven/org.webjars.npm/echarts/pom.properties";
    private static final DateTimeFormatter MOMENT = DateTimeFormatter.ofPattern("d MMMM yyyy, HH:mm VV", Locale.ENGLISH);
    private static final int MOST_ROWS = 12;

    private final NightResult night;
    private final List<ModelDetail> details;
    private final ZoneId zone;

    private NightReport(NightResult night, List<ModelDetail> details, ZoneId zone) {
        this.night = night;
        this.details = details;
        this.zone = zone;
    }

    /**
     * Writes the page.
     *
     * @param details of models, in any order; a model may be without
     * @param zone of the times on it
     */
    public static void write(NightResult night, List<ModelDetail> details, ZoneId zone, NightFiles files) throws IOException {
        files.write(NAME, page(night, details, zone).getBytes(StandardCharsets.UTF_8));
    }

    static String page(NightResult night, List<ModelDetail> details, ZoneId zone) {
        return new NightReport(night, details, zone).page();
    }

    private String page() {
        StringBuilder body = new StringBuilder();
        glance(body);
        failures(body);
        night.models().forEach(model -> model(body, model));
        decisions(body);
        return resource("page.html")
                .replace("@TITLE@", Html.text("Night " + night.run()))
                .replace("@STYLE@", resource("page.css"))
                .replace("@BODY@", body)
                .replace("@DATA@", ReportData.json(night, details).replace("</", "<\\/"))
                .replace("@ECHARTS@", echarts())
                .replace("@SCRIPT@", resource("page.js"));
    }

    private ModelDetail detail(String model) {
        return details.stream().filter(detail -> detail.model().equals(model)).findFirst()
                .orElseGet(() -> ModelDetail.none(model));
    }

    private void glance(StringBuilder page) {
        List<OutputState> outputs = night.outputs();
        long there = outputs.stream().filter(output -> output.status().isThere()).count();
        double bytes = outputs.stream().filter(output -> output.status().isThere()).mapToLong(OutputState::bytes).sum();
        double core = outputs.stream().mapToDouble(OutputState::coreSeconds).sum();
        Duration wall = Duration.between(night.started(), night.ended());
        page.append(Html.format("<header><p class=\"kicker\">nightshift %s</p><h1>Night %s <span class=\"status %s\">%s</span>"
                        + "</h1><p>%s to %s · <code>%s</code> to <code>%s</code></p></header>%n",
                Html.text(night.nightshift()), Html.text(night.run()), night.status(),
                night.status().name().toLowerCase(Locale.ROOT),
                night.started().atZone(zone).format(MOMENT), night.ended().atZone(zone).format(MOMENT),
                Html.text(night.manifest()), Html.text(night.output())));
        page.append("<section class=\"tiles\">");
        tile(page, night.models().size() + "", "models");
        tile(page, there + " of " + outputs.size(), "outputs are there");
        for (OutputStatus status : OutputStatus.values()) {
            long count = outputs.stream().filter(output -> output.status() == status).count();
            if (status != OutputStatus.COMPLETE && count > 0) {
                tile(page, count + "", status.words());
            }
        }
        tile(page, Printable.bytes(bytes), "of outputs");
        tile(page, Html.time(wall.toMillis() / 1000.0), "by the clock");
        tile(page, Html.time(core), "of cores");
        page.append("</section>\n");
        page.append("<nav>");
        night.models().forEach(model -> page.append(Html.format("<a href=\"#%s\">%s</a>", Html.text(anchor(model.name())),
                Html.text(model.name()))));
        page.append("<a href=\"#decide\">Which one to take</a></nav>\n");
    }

    private static void tile(StringBuilder page, String number, String words) {
        page.append(Html.format("<div class=\"tile\"><b>%s</b><span>%s</span></div>", Html.text(number), words));
    }

    private static String anchor(String model) {
        return "model-" + model;
    }

    private void failures(StringBuilder page) {
        List<OutputState> failures = night.outputs().stream().filter(output -> !output.error().isEmpty()).toList();
        if (failures.isEmpty()) {
            return;
        }
        page.append("<section><h2>What went wrong</h2><ul class=\"failures\">");
        // One broken checkpoint fails all of its targets with the same words: said once.
        failures.stream()
                .collect(Collectors.groupingBy(failure -> List.of(failure.model(), failure.status().words(), failure.error()),
                        java.util.LinkedHashMap::new, Collectors.mapping(OutputState::target, Collectors.joining(", "))))
                .forEach((failure, targets) -> page.append(Html.format(
                        "<li><b>%s</b> %s <span class=\"state\">%s</span><p>%s</p></li>", Html.text(failure.get(0)),
                        Html.text(targets), failure.get(1), Html.text(failure.get(2)))));
        page.append("</ul></section>\n");
    }

    private void model(StringBuilder page, NightResult.Model model) {
        String id = Html.text(model.name());
        page.append(Html.format("<section id=\"%s\"><h2>%s</h2><p><code>%s</code>%s</p>%n",
                Html.text(anchor(model.name())), id, Html.text(model.source()),
                model.originalPerplexity().isEmpty() ? " · not evaluated"
                        : Html.format(" · perplexity of the original %.3f", model.originalPerplexity().getAsDouble())));
        outputs(page, model);
        if (!SizedOutput.of(model).isEmpty()) {
            page.append(Html.format("<h3>Size against KL divergence</h3><div class=\"chart\" data-chart=\"pareto\" "
                    + "data-model=\"%s\"></div>%n", id));
        }
        ModelDetail detail = detail(model.name());
        if (!detail.errors().isEmpty()) {
            page.append(Html.format("<h3>Error of each tensor</h3><div class=\"choices\" data-model=\"%s\"></div>"
                    + "<div class=\"chart\" data-chart=\"errors\" data-model=\"%s\"></div>%n", id, id));
        }
        outliers(page, detail);
        slowest(page, detail);
        page.append("</section>\n");
    }

    private static void outputs(StringBuilder page, NightResult.Model model) {
        page.append("<div class=\"scroll\"><table class=\"outputs\"><thead><tr><th>output<th>status<th>size<th>bits per weight"
                + "<th>mean KLD, nats<th>99.9 % KLD<th>same top token<th>perplexity<th>time<th>cores</tr></thead><tbody>");
        model.outputs().stream()
                .sorted(Comparator.comparing((OutputState output) -> !output.status().isThere())
                        .thenComparingLong(OutputState::bytes))
                .forEach(output -> row(page, output));
        page.append("</tbody></table></div>\n");
    }

    private static void row(StringBuilder page, OutputState output) {
        page.append(Html.format("<tr class=\"%s\"><th>%s<td>%s", output.status(), Html.text(SizedOutput.label(output)),
                output.status().words()));
        cell(page, output.status().isThere() ? Printable.bytes(output.bytes()) : "");
        cell(page, output.bitsPerWeight().isPresent() ? Html.format("%.2f", output.bitsPerWeight().getAsDouble()) : "");
        if (output.quality().isPresent()) {
            OutputState.Quality quality = output.quality().get();
            cell(page, Html.divergence(quality.meanDivergence()) + error(Html.divergence(quality.meanDivergenceError())));
            cell(page, Html.divergence(quality.divergence999()));
            cell(page, Html.format("%.2f %%", 100 * quality.sameTop()));
            cell(page, Html.format("%.3f", quality.perplexity()) + error(Html.format("%.3f", quality.perplexityError())));
        } else {
            page.append("<td><td><td><td>");
        }
        cell(page, output.seconds() > 0 ? Html.time(output.seconds()) : "");
        cell(page, output.coreSeconds() > 0 ? Html.time(output.coreSeconds()) : "");
        page.append("</tr>\n");
    }

    private static String error(String text) {
        return " <small>± " + text + "</small>";
    }

    private static void cell(StringBuilder page, String content) {
        page.append("<td class=\"n\">").append(content);
    }

    private static void outliers(StringBuilder page, ModelDetail detail) {
        if (detail.outliers().isEmpty()) {
            return;
        }
        double most = detail.outliers().stream().mapToDouble(ModelDetail.Outlier::ratio).max().orElseThrow();
        page.append("<h3>Activation outliers</h3><p>Channels by their root mean square, divided by the median one of the same "
                + "input.</p><div class=\"scroll\"><table class=\"bars\"><thead><tr><th>input<th>channel<th>times the median"
                + "</tr></thead><tbody>");
        detail.outliers().stream().sorted(Comparator.comparingDouble(ModelDetail.Outlier::ratio).reversed()).limit(MOST_ROWS)
                .forEach(outlier -> bar(page, outlier.input(), outlier.channel() + "", Html.format("%.1f", outlier.ratio()),
                        outlier.ratio() / most));
        page.append("</tbody></table></div>\n");
    }

    private static void slowest(StringBuilder page, ModelDetail detail) {
        if (detail.slowest().isEmpty()) {
            return;
        }
        double most = detail.slowest().stream().mapToDouble(ModelDetail.SlowPart::coreSeconds).max().orElseThrow();
        page.append("<h3>Slowest parts</h3><div class=\"scroll\"><table class=\"bars\"><thead><tr><th>phase<th>part"
                + "<th>core time</tr></thead><tbody>");
        detail.slowest().stream().sorted(Comparator.comparingDouble(ModelDetail.SlowPart::coreSeconds).reversed())
                .limit(MOST_ROWS)
                .forEach(part -> bar(page, part.phase(), part.what(), Html.time(part.coreSeconds()),
                        part.coreSeconds() / most));
        page.append("</tbody></table></div>\n");
    }

    private static void bar(StringBuilder page, String first, String second, String number, double share) {
        page.append(Html.format("<tr><th>%s<td>%s<td class=\"bar\"><i style=\"width:%.1f%%\"></i><span>%s</span></tr>%n",
                Html.text(first), Html.text(second), 100 * share, number));
    }

    private void decisions(StringBuilder page) {
        page.append(Html.format("<section id=\"decide\"><h2>Which one to take</h2><p>Where it runs decides the format, memory "
                + "the size: of what fits into %.0f %% of the memory, the rest being for context and buffers, the output with "
                + "the smallest mean KLD of this night.</p>%n", 100 * Deployment.SHARE_FOR_WEIGHTS));
        for (NightResult.Model model : night.models()) {
            List<SizedOutput> outputs = SizedOutput.of(model);
            if (outputs.isEmpty()) {
                continue;
            }
            page.append(Html.format("<div class=\"tree\"><div class=\"root\">%s</div><div class=\"branches\">",
                    Html.text(model.name())));
            for (Deployment deployment : Deployment.values()) {
                page.append(Html.format("<div class=\"branch %s\"><div class=\"node\"><b>%s</b><span>%s: %s</span></div>",
                        deployment.format(), deployment.where(), deployment.by(), deployment.format()));
                leaves(page, deployment, outputs);
                page.append("</div>");
            }
            page.append("</div></div>\n");
        }
        page.append("</section>\n");
    }

    private static void leaves(StringBuilder page, Deployment deployment, List<SizedOutput> outputs) {
        if (outputs.stream().noneMatch(output -> output.format().equals(deployment.format()))) {
            page.append("<div class=\"leaf none\">no ").append(deployment.format()).append(" was made</div>");
            return;
        }
        for (int memory : Deployment.MEMORIES) {
            page.append(deployment.best(outputs, memory)
                    .map(best -> Html.format("<div class=\"leaf\"><i>%d GB</i><b>%s</b><span>%s, KLD %s</span></div>", memory,
                            Html.text(best.label()), Printable.bytes(best.bytes()), Html.divergence(best.divergence())))
                    .orElseGet(() -> Html.format("<div class=\"leaf none\"><i>%d GB</i><span>nothing fits</span></div>",
                            memory)));
        }
    }

    private static String echarts() {
        Properties pom = new Properties();
        try (InputStream in = NightReport.class.getResourceAsStream(ECHARTS_VERSION)) {
            pom.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return read(ECHARTS + pom.getProperty("version") + "/dist/echarts.min.js").replace("</script", "<\\/script");
    }

    private static String resource(String name) {
        return read("/io/nightshift/jobs/batch/report/" + name);
    }

    private static String read(String resource) {
        try (InputStream in = NightReport.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException(resource + " is not in the jar");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
