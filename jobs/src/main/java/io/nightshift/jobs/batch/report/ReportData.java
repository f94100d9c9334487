package io.nightshift.jobs.batch.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.jobs.batch.result.NightResult;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the page's charts draw, as JSON: the same numbers as in its tables. */
final class ReportData {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern LAYER = Pattern.compile("(?:blk|model\\.layers|layers)\\.(\\d+)\\.(.+?)(?:\\.weight)?");

    private ReportData() {}

    static String json(NightResult night, List<ModelDetail> details) {
        ObjectNode json = JSON.createObjectNode();
        for (NightResult.Model model : night.models()) {
            ObjectNode node = json.putObject(model.name());
            List<SizedOutput> outputs = SizedOutput.of(model);
            points(node.putArray("outputs"), outputs);
            points(node.putArray("front"), SizedOutput.front(outputs));
            ArrayNode errors = node.putArray("errors");
            details.stream().filter(detail -> detail.model().equals(model.name())).flatMap(d -> d.errors().stream())
                    .forEach(output -> errors(errors.addObject(), output));
        }
        return json.toString();
    }

    private static void points(ArrayNode array, List<SizedOutput> outputs) {
        outputs.forEach(output -> array.addObject().put("label", output.label()).put("format", output.format())
                .put("bytes", output.bytes()).put("kld", output.divergence()));
    }

    /** Rows are kinds of tensors, columns layers; what belongs to no layer has -1. */
    private static void errors(ObjectNode json, ModelDetail.TensorErrors output) {
        json.put("target", output.target());
        ArrayNode cells = json.putArray("cells");
        for (ModelDetail.TensorError tensor : output.tensors()) {
            Matcher layer = LAYER.matcher(tensor.name());
            boolean inLayer = layer.matches();
            cells.addArray()
                    .add(inLayer ? Integer.parseInt(layer.group(1)) : -1)
                    .add(inLayer ? layer.group(2) : tensor.name().replaceAll("\\.weight$", ""))
                    .add(tensor.relativeError());
        }
    }
}
