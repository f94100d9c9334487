package io.nightshift.jobs.batch.manifest;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.jobs.batch.manifest.ManifestKey.Place;
import io.nightshift.jobs.batch.manifest.ValueKind.Amount;
import io.nightshift.jobs.batch.manifest.ValueKind.Choice;
import io.nightshift.jobs.batch.manifest.ValueKind.Count;
import io.nightshift.jobs.batch.manifest.ValueKind.Size;
import io.nightshift.jobs.batch.manifest.ValueKind.Switch;
import io.nightshift.jobs.batch.manifest.ValueKind.Texts;
import java.util.Set;

/** The JSON Schema of a manifest (draft 2020-12), for editors: made from the same table that the reader uses. */
final class ManifestSchema {
    private static final ObjectMapper JSON = new ObjectMapper();

    private ManifestSchema() {}

    static String text() {
        ObjectNode root = table(ManifestKey.in(Place.TOP));
        root.put("$schema", "https://json-schema.org/draft/2020-12/schema");
        root.put("title", "A night of nightshift batch");
        root.putArray("required").add(ManifestKey.OUTPUT.word()).add(ManifestKey.MODELS.word());
        ObjectNode properties = (ObjectNode) root.get("properties");
        ((ObjectNode) properties.get(ManifestKey.DEFAULTS.word())).setAll(table(ManifestKey.in(Place.SHARED)));
        ObjectNode model = table(ManifestKey.in(Place.MODEL, Place.SHARED));
        model.putArray("required").add(ManifestKey.MODEL.word());
        ((ObjectNode) properties.get(ManifestKey.MODELS.word())).put("type", "array").put("minItems", 1).set("items", model);
        return root.toPrettyString() + "\n";
    }

    private static ObjectNode table(Set<ManifestKey> keys) {
        ObjectNode table = JSON.createObjectNode();
        table.put("type", "object").put("additionalProperties", false);
        ObjectNode properties = table.putObject("properties");
        for (ManifestKey key : keys) {
            ObjectNode property = key == ManifestKey.TARGETS ? targets() : value(key.kind());
            property.put("description", key.description());
            properties.set(key.word(), property);
        }
        return table;
    }

    private static ObjectNode targets() {
        Set<ManifestKey> beside = java.util.EnumSet.copyOf(ManifestKey.GATE);
        beside.add(ManifestKey.TARGET);
        ObjectNode gated = table(beside);
        gated.putArray("required").add(ManifestKey.TARGET.word());
        ArrayNode either = JSON.createArrayNode().add(JSON.createObjectNode().put("type", "string")).add(gated);
        ObjectNode list = JSON.createObjectNode().put("type", "array").put("minItems", 1);
        list.putObject("items").set("anyOf", either);
        ObjectNode targets = JSON.createObjectNode();
        targets.putArray("anyOf").add(JSON.createObjectNode().put("type", "string")).add(list);
        return targets;
    }

    private static ObjectNode value(ValueKind kind) {
        ObjectNode value = JSON.createObjectNode();
        if (kind instanceof Texts) {
            ObjectNode list = JSON.createObjectNode().put("type", "array").put("minItems", 1);
            list.putObject("items").put("type", "string");
            value.putArray("anyOf").add(JSON.createObjectNode().put("type", "string")).add(list);
        } else if (kind instanceof Count count) {
            value.put("type", "integer");
            if (count.least() > Integer.MIN_VALUE) {
                value.put("minimum", count.least());
            }
        } else if (kind instanceof Amount amount) {
            value.put("type", "number").put(amount.mayBeZero() ? "minimum" : "exclusiveMinimum", 0);
        } else if (kind instanceof Switch) {
            value.put("type", "boolean");
        } else if (kind instanceof Size) {
            value.putArray("type").add("string").add("integer");
        } else if (kind instanceof Choice choice) {
            choice.words().forEach(value.putArray("enum")::add);
        } else if (!(kind instanceof ValueKind.Structure)) {
            value.put("type", "string");
        }
        return value;
    }
}
