package io.nightshift.jobs.batch.report;

import io.nightshift.formats.Printable;
import io.nightshift.jobs.batch.result.NightResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Size against divergence as a picture of its own (SVG, light and dark): for READMEs. */
public final class ParetoPlot {
    private static final int WIDTH = 760;
    private static final int HEIGHT = 460;
    private static final int LEFT = 84;
    private static final int RIGHT = 24;
    private static final int TOP = 44;
    private static final int BOTTOM = 62;
    private static final double LETTER = 6.4;
    private static final double LINE = 12;

    private final List<SizedOutput> outputs;
    private final List<double[]> taken = new ArrayList<>();
    private final double unit;
    private final String unitName;
    private final double[] sizes;
    private final double lowest;
    private final double highest;

    private ParetoPlot(List<SizedOutput> outputs) {
        this.outputs = outputs;
        double largest = outputs.stream().mapToLong(SizedOutput::bytes).max().orElseThrow();
        unit = largest >= 1e9 ? 1e9 : 1e6;
        unitName = largest >= 1e9 ? "GB" : "MB";
        double smallest = outputs.stream().mapToLong(SizedOutput::bytes).min().orElseThrow();
        double span = Math.max(largest - smallest, largest * 0.1);
        double step = niceStep(span / unit / 5);
        sizes = new double[] {Math.floor((smallest - span * 0.04) / unit / step) * step,
            Math.ceil((largest + span * 0.08) / unit / step) * step, step};
        lowest = Math.pow(10, Math.floor(Math.log10(outputs.stream().mapToDouble(ParetoPlot::shown).min().orElseThrow())));
        highest = Math.pow(10, Math.ceil(Math.log10(
                outputs.stream().mapToDouble(ParetoPlot::shown).max().orElseThrow() * 1.05)));
    }

    /** The plot of a model; nothing where no output of it was evaluated. */
    public static Optional<String> svg(NightResult.Model model) {
        List<SizedOutput> outputs = SizedOutput.of(model);
        return outputs.isEmpty() ? Optional.empty() : Optional.of(new ParetoPlot(outputs).draw(model.name()));
    }

    /** A logarithm has no place for 0, which a copy of the original has. */
    private static double shown(SizedOutput output) {
        return Math.max(output.divergence(), 1e-9);
    }

    private static double niceStep(double rough) {
        double power = Math.pow(10, Math.floor(Math.log10(rough)));
        double share = rough / power;
        return power * (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10);
    }

    private double x(double bytes) {
        return LEFT + (bytes / unit - sizes[0]) / (sizes[1] - sizes[0]) * (WIDTH - LEFT - RIGHT);
    }

    private double y(double divergence) {
        double share = Math.log10(divergence / lowest) / Math.log10(highest / lowest);
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
    }

    private String draw(String title) {
        StringBuilder svg = new StringBuilder(Html.format("""
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" \
                font-family="system-ui, sans-serif" font-size="11">
                <title>%s: size against KL divergence</title>
                <style>
                text{paint-order:stroke;stroke-width:3px;stroke:#fff} .page{fill:#fff} .ink{fill:#1d2430}
                .soft{fill:#5b6472} .grid{stroke:#d9dee5} .front{stroke:#1d2430}
                .GGUF{fill:#2f6fd0} .AWQ{fill:#c2571a} .EXL2{fill:#2c8a57}
                @media (prefers-color-scheme: dark){text{stroke:#14181f} .page{fill:#14181f} .ink{fill:#e6e9ee}
                .soft{fill:#9aa4b2}
                .grid{stroke:#333b47} .front{stroke:#e6e9ee} .GGUF{fill:#6ea2f2} .AWQ{fill:#f0935a} .EXL2{fill:#5cc98d}}
                </style>
                <rect class="page" width="100%%" height="100%%"/>
                """, WIDTH, HEIGHT, WIDTH, HEIGHT, Html.text(title)));
        axes(svg);
        legend(svg);
        List<SizedOutput> front = SizedOutput.front(outputs);
        svg.append("<polyline class=\"front\" fill=\"none\" stroke-width=\"1.2\" stroke-dasharray=\"4 3\" points=\"");
        front.forEach(output -> svg.append(Html.format("%.1f,%.1f ", x(output.bytes()), y(shown(output)))));
        svg.append("\"/>\n");
        for (SizedOutput output : outputs) {
            svg.append(Html.format("<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"><title>%s: %s, KLD %s</title>"
                            + "</circle>%n", output.format(), x(output.bytes()), y(shown(output)), Html.text(output.label()),
                    Printable.bytes(output.bytes()), Html.divergence(output.divergence())));
            double x = x(output.bytes());
            double y = y(shown(output));
            taken.add(new double[] {x - 5, y - 5, x + 5, y + 5});
        }
        front.forEach(output -> label(svg, output));
        outputs.stream().filter(output -> !front.contains(output)).forEach(output -> label(svg, output));
        return svg.append("</svg>\n").toString();
    }

    private void axes(StringBuilder svg) {
        for (double size = sizes[0]; size <= sizes[1] + sizes[2] / 2; size += sizes[2]) {
            double x = x(size * unit);
            svg.append(Html.format("<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>"
                            + "<text class=\"soft\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>%n",
                    x, x, TOP, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 18, number(size)));
        }
        boolean narrow = highest / lowest > 1e4;
        for (double decade = lowest; decade <= highest * 1.001; decade *= 10) {
            for (int times : narrow ? new int[] {1} : new int[] {1, 2, 5}) {
                if (decade * times <= highest * 1.001) {
                    double y = y(decade * times);
                    svg.append(Html.format("<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
                                    + "<text class=\"soft\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>%n",
                            LEFT, WIDTH - RIGHT, y, y, LEFT - 8, y + 4, number(decade * times)));
                }
            }
        }
        svg.append(Html.format("<text class=\"ink\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">size, %s</text>%n",
                (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 20, unitName));
        svg.append(Html.format("<text class=\"ink\" transform=\"translate(18,%d) rotate(-90)\" text-anchor=\"middle\">"
                + "mean KL divergence, nats (log scale)</text>%n", (TOP + HEIGHT - BOTTOM) / 2));
    }

    private void legend(StringBuilder svg) {
        double x = LEFT;
        for (String format : outputs.stream().map(SizedOutput::format).distinct().sorted().toList()) {
            svg.append(Html.format("<circle class=\"%s\" cx=\"%.0f\" cy=\"22\" r=\"4\"/><text class=\"ink\" x=\"%.0f\" "
                    + "y=\"26\">%s</text>%n", format, x + 4, x + 13, format));
            x += 70;
        }
        svg.append(Html.format("<line class=\"front\" stroke-dasharray=\"4 3\" x1=\"%.0f\" x2=\"%.0f\" y1=\"22\" y2=\"22\"/>"
                + "<text class=\"ink\" x=\"%.0f\" y=\"26\">no other is smaller and closer</text>%n", x, x + 24, x + 30));
    }

    private static String number(double number) {
        return new java.math.BigDecimal(number).round(new java.math.MathContext(6)).stripTrailingZeros().toPlainString();
    }

    /** Puts a label where it covers nothing; where there is no such place the point keeps its tooltip alone. */
    private void label(StringBuilder svg, SizedOutput output) {
        double width = output.label().length() * LETTER;
        double x = x(output.bytes());
        double y = y(shown(output));
        double[][] places = {{x + 6, y - 16}, {x + 8, y - 6}, {x - width / 2, y - 18}, {x - width - 8, y - 6},
            {x - width / 2, y + 7},
            {x + 6, y + 6}, {x - width - 6, y + 6}, {x - width - 6, y - 17}};
        for (double[] place : places) {
            double[] box = {place[0], place[1], place[0] + width, place[1] + LINE};
            boolean within = box[0] > LEFT && box[2] < WIDTH - RIGHT && box[1] > TOP && box[3] < HEIGHT - BOTTOM;
            if (within && taken.stream().noneMatch(other -> box[0] < other[2] && other[0] < box[2] && box[1] < other[3]
                    && other[1] < box[3])) {
                taken.add(box);
                svg.append(Html.format("<text class=\"ink\" x=\"%.1f\" y=\"%.1f\">%s</text>%n", box[0], box[1] + 10,
                        Html.text(output.label())));
                return;
            }
        }
    }
}
