package io.nightshift.formats.modelcard;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.storage.JsonFile;
import io.nightshift.formats.storage.ModelFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The keys from {@code general.type} to {@code general.languages}, as the converter writes them before an
 * architecture's own: what {@code generation_config.json}, the model card, {@code config.json} and the folder's name
 * tell about the model (metadata.py, Metadata.load and set_gguf_meta_model).
 */
public final class GeneralMetadata {
    private final ModelCard card;
    private final List<ModelName> names;
    private final ParameterCounts parameters;
    private final GgufMetadata metadata;
    private final Consumer<String> warnings;

    private GeneralMetadata(
            ModelCard card,
            List<ModelName> names,
            ParameterCounts parameters,
            GgufMetadata metadata,
            Consumer<String> warnings) {
        this.card = card;
        this.names = names;
        this.parameters = parameters;
        this.metadata = metadata;
        this.warnings = warnings;
    }

    /**
     * Appends the keys.
     *
     * @param folder the model's folder
     * @param parameters weights of all output tensors
     * @param metadata what they are appended to, {@code general.architecture} already in it
     * @param warnings receives what was ignored and why
     * @throws InvalidModelException if a file of the folder is broken
     * @throws IOException if the folder cannot be read
     */
    public static void append(
            ModelFolder folder, ParameterCounts parameters, GgufMetadata metadata, Consumer<String> warnings)
            throws IOException {
        List<ModelName> names = new ArrayList<>();
        JsonNode path = JsonFile.read(folder, "config.json")
                .map(config -> config.path("_name_or_path"))
                .filter(JsonNode::isTextual)
                .orElse(null);
        // Two slashes and more are a path on someone's disk.
        if (path != null && path.textValue().chars().filter(c -> c == '/').count() <= 1) {
            names.add(ModelName.parse(path.textValue(), parameters.total()));
        }
        names.add(ModelName.parse(folder.name(), parameters.total()));

        metadata.put("general.type", new GgufValue.Text("model"));
        appendSampling(folder, metadata, warnings);
        new GeneralMetadata(ModelCard.read(folder, warnings), names, parameters, metadata, warnings).append();
    }

    private static void appendSampling(ModelFolder folder, GgufMetadata metadata, Consumer<String> warnings)
            throws IOException {
        JsonNode generation;
        try {
            generation = JsonFile.read(folder, "generation_config.json").orElse(null);
        } catch (InvalidModelException e) {
            warnings.accept(e.getMessage() + "; its sampling parameters are left out");
            return;
        }
        if (generation != null && generation.isObject()) {
            new Sampling(generation, metadata, folder.location() + "/generation_config.json").append();
        }
    }

    private void append() {
        text("general.name", orName(card.firstValue("name", "model_name"), name -> ModelName.title(name.fullName())));
        text("general.author", card.firstValue("author", "model_author", "model_creator"));
        text("general.version", orName(card.firstValue("version", "model_version"), ModelName::version));
        text(
                "general.organization",
                orName(
                        card.firstValue("organization", "model_organization"),
                        name -> name.organization() == null ? null : ModelName.title(name.organization())));
        text("general.finetune", orName(card.firstValue("finetune", "model_finetune"), ModelName::finetune));
        text(
                "general.basename",
                orName(card.firstValue("basename", "model_basename", "model_type"), ModelName::basename));
        text("general.description", card.firstValue("description", "model_description"));
        Object size = orName(card.firstValue("size_label", "model_size_label"), ModelName::sizeLabel);
        text("general.size_label", size == null && parameters.total() > 0 ? parameters.sizeLabel() : size);
        text("general.license", licence());
        text("general.license.name", card.first("license_name"));
        text("general.license.link", card.first("license_link"));
        text("general.source.url", card.firstValue("url", "model_url"));
        text("general.source.doi", card.firstValue("doi", "model_doi"));
        text("general.source.uuid", card.firstValue("uuid", "model_uuid"));
        text("general.source.repo_url", card.firstValue("repo_url", "model_repo_url"));
        origins("general.base_model", "base_model", "base_models", "base_model_sources");
        origins("general.dataset", "datasets", "dataset", "dataset_sources");
        texts("general.tags", "tags", "pipeline_tag");
        texts("general.languages", "languages", "language");
    }

    /** The card's value, else the first name's that has one. */
    private Object orName(Object value, Function<ModelName, String> part) {
        if (value != null) {
            return value;
        }
        return names.stream().map(part).filter(text -> text != null).findFirst().orElse(null);
    }

    private Object licence() {
        Object licence = card.first("license");
        return licence instanceof List<?> several
                ? several.stream().map(String::valueOf).collect(Collectors.joining(","))
                : licence;
    }

    private void origins(String prefix, String... keys) {
        if (!card.hasAny(keys)) {
            return;
        }
        List<Origin> origins = ModelCard.entries(card.first(keys)).stream()
                .map(entry -> Origin.of(entry, parameters.total()))
                .toList();
        metadata.put(prefix + ".count", new GgufValue.Uint32(origins.size()));
        for (int i = 0; i < origins.size(); i++) {
            for (String key : Origin.KEYS) {
                text(prefix + "." + i + "." + key, origins.get(i).values().get(key));
            }
        }
    }

    private void texts(String key, String... cardKeys) {
        List<byte[]> texts = new ArrayList<>();
        for (String cardKey : cardKeys) {
            for (Object entry : ModelCard.entries(card.first(cardKey))) {
                if (entry instanceof String text) {
                    texts.add(text.getBytes(StandardCharsets.UTF_8));
                } else {
                    ignore(cardKey, entry);
                }
            }
        }
        if (!texts.isEmpty()) {
            metadata.put(key, new GgufValue.Texts(texts));
        }
    }

    /** Writes a string that is neither missing nor empty. */
    private void text(String key, Object value) {
        if (value instanceof String text) {
            if (!text.isEmpty()) {
                metadata.put(key, new GgufValue.Text(text));
            }
        } else if (value != null && !value.equals(false)) {
            ignore(key, value);
        }
    }

    private void ignore(String key, Object value) {
        warnings.accept("README.md: its value for " + key + " is left out, for it is not text: " + value
                + " (put it in quotes)");
    }
}
