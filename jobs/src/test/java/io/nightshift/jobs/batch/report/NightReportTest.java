package io.nightshift.jobs.batch.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.jobs.batch.files.NightFiles;
import io.nightshift.jobs.batch.result.NightResult;
import io.nightshift.jobs.batch.state.OutputState;
import io.nightshift.jobs.storage.HadoopSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NightReportTest {
    private static final String PAGE =
            NightReport.page(SampleNight.result(), SampleNight.details(), ZoneId.of("Europe/Berlin"));

    /** The page without the library, whose text is not ours. */
    private static final String OURS = PAGE.replaceAll("(?s)<script>.*", "");

    private static JsonNode data() throws Exception {
        Matcher matcher = Pattern.compile("(?s)<script type=\"application/json\" id=\"night\">(.*?)</script>").matcher(PAGE);
        assertTrue(matcher.find());
        return new ObjectMapper().readTree(matcher.group(1).replace("<\\/", "</"));
    }

    @Test
    void thePageNeedsNoNetwork() {
        assertFalse(Pattern.compile("(src|href)=\"(?!#)").matcher(OURS).find());
        assertFalse(OURS.contains("@import"));
        assertFalse(PAGE.contains("@ECHARTS@") || PAGE.contains("@BODY@"));
        assertTrue(PAGE.contains("echarts"));
    }

    @Test
    void namesOfModelsAreNoMarkup() {
        assertFalse(OURS.replaceAll("(?s)<script.*", "").contains("qwen-<tiny>"));
        assertTrue(OURS.contains("qwen-&lt;tiny&gt;&amp;co"));
    }

    @Test
    void everyOutputHasARowWithItsNumbers() {
        for (OutputState output : SampleNight.result().outputs()) {
            String label = Html.text(SizedOutput.label(output));
            assertTrue(OURS.contains("<tr class=\"" + output.status() + "\"><th>" + label + "<td>"), label);
        }
        assertTrue(OURS.contains("<tr class=\"COMPLETE\"><th>Q4_K_M<td>complete<td class=\"n\">4.91 GB<td class=\"n\">4.89"
                + "<td class=\"n\">0.00980 <small>± 0.00025</small>"), "the row of Q4_K_M");
    }

    @Test
    void theSameFailureOfSeveralTargetsIsSaidOnce() {
        assertEquals(2, OURS.split("truncated: 1,204 bytes are missing", -1).length);
        assertTrue(OURS.contains("<b>mistral-broken</b> gguf:Q4_K_M, awq <span class=\"state\">failed</span>"));
        assertTrue(OURS.contains("would have taken until 06:40"));
    }

    @Test
    void chartsAndTablesHaveTheSameNumbers() throws Exception {
        JsonNode llama = data().get("llama-support-0417");
        assertEquals(17, llama.get("outputs").size());
        NightResult.Model model = SampleNight.result().models().get(0);
        for (JsonNode point : llama.get("outputs")) {
            assertTrue(model.outputs().stream().anyMatch(output -> output.bytes() == point.get("bytes").asLong()
                    && output.quality().orElseThrow().meanDivergence() == point.get("kld").asDouble()), point.toString());
        }
        assertEquals(290, llama.at("/errors/0/cells").size());
        assertEquals("[3,\"attn_q\",", llama.at("/errors/0/cells").get(29).toString().substring(0, 12));
    }

    @Test
    void theFrontHasWhatNoOtherBeats() {
        List<SizedOutput> front = SizedOutput.front(List.of(
                new SizedOutput("a", "GGUF", 10, 0.5), new SizedOutput("b", "GGUF", 20, 0.6),
                new SizedOutput("c", "AWQ", 20, 0.4), new SizedOutput("d", "EXL2", 30, 0.4)));
        assertEquals(List.of("a", "c"), front.stream().map(SizedOutput::label).toList());
    }

    @Test
    void decisionsTakeTheClosestThatFits() {
        List<SizedOutput> outputs = SizedOutput.of(SampleNight.result().models().get(0));
        assertEquals("Q5_K_M", Deployment.PORTABLE.best(outputs, 8).orElseThrow().label());
        assertEquals("Q8_0", Deployment.PORTABLE.best(outputs, 12).orElseThrow().label());
        assertEquals("EXL2 6.0", Deployment.SINGLE.best(outputs, 8).orElseThrow().label());
        assertTrue(Deployment.SERVING.best(List.of(), 80).isEmpty());
    }

    @Test
    void thePlotIsAPictureWithoutOverlaps() throws Exception {
        String svg = ParetoPlot.svg(SampleNight.result().models().get(0)).orElseThrow();
        javax.xml.parsers.DocumentBuilderFactory.newInstance().newDocumentBuilder()
                .parse(new java.io.ByteArrayInputStream(svg.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        assertTrue(svg.contains(">size, GB</text>") && svg.contains("mean KL divergence, nats (log scale)"), svg);
        List<double[]> boxes = Pattern.compile("<text class=\"ink\" x=\"([\\d.]+)\" y=\"([\\d.]+)\">([^<]+)</text>")
                .matcher(svg).results()
                .filter(label -> Double.parseDouble(label.group(2)) > 40)
                .map(label -> new double[] {Double.parseDouble(label.group(1)), Double.parseDouble(label.group(2)),
                    label.group(3).length() * 6.4})
                .toList();
        assertTrue(boxes.size() > 10, "labels: " + boxes.size());
        for (double[] a : boxes) {
            for (double[] b : boxes) {
                boolean apart = a == b || Math.abs(a[1] - b[1]) >= 12 || a[0] + a[2] <= b[0] || b[0] + b[2] <= a[0];
                assertTrue(apart, svg);
            }
        }
        assertTrue(ParetoPlot.svg(SampleNight.result().models().get(2)).isEmpty());
    }

    @Test
    void itIsWrittenToTheOutput(@TempDir Path folder) throws Exception {
        NightReport.write(SampleNight.result(), SampleNight.details(), ZoneId.of("Europe/Berlin"),
                NightFiles.open(folder.toString(), new HadoopSettings(Map.of())));
        assertEquals(PAGE, Files.readString(folder.resolve("report.html")));
    }
}
