package io.nightshift.formats.awq;

import io.nightshift.formats.layout.Item;
import io.nightshift.formats.layout.OutputLayout;
import io.nightshift.formats.safetensors.SafetensorsLayout;
import java.io.Serializable;
import java.util.List;

/**
 * An output folder, every byte's place known before a weight is read.
 *
 * @param shards the safetensors files: their headers, and where each tensor lies
 * @param layout the folder
 * @param warnings shapes that loaders refuse or run slowly, one line each
 */
public record AwqPlan(List<SafetensorsLayout> shards, OutputLayout layout, List<String> warnings) implements Serializable {
    /** The linear layers to quantize. */
    public List<PackedLinear> units() {
        return layout.items()
                .filter(Item.Gathered.class::isInstance)
                .map(item -> (PackedLinear) ((Item.Gathered) item).packing())
                .toList();
    }
}
