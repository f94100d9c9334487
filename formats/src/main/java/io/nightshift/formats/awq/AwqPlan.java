package io.nightshift.formats.awq;

import io.nightshift.formats.safetensors.SafetensorsLayout;
import io.nightshift.formats.storage.StoredFile;
import java.io.Serializable;
import java.util.List;

/**
 * An output folder, every byte's place known before a weight is read.
 *
 * @param options what was asked for
 * @param shards the safetensors files: their headers, and where each tensor lies
 * @param items what fills the shards, in the order of the bytes: shard by shard, without gaps
 * @param copies files of the source's folder that are copied as they are
 * @param generated the index, if there is one, and last {@code config.json}, whose presence makes the folder loadable:
 *     it is to be committed after everything else
 * @param warnings shapes that loaders refuse or run slowly, one line each
 */
public record AwqPlan(
        AwqOptions options,
        List<SafetensorsLayout> shards,
        List<AwqItem> items,
        List<StoredFile> copies,
        List<GeneratedFile> generated,
        List<String> warnings)
        implements Serializable {
    /** The linear layers to quantize. */
    public List<AwqItem.Packed> units() {
        return items.stream()
                .filter(AwqItem.Packed.class::isInstance)
                .map(AwqItem.Packed.class::cast)
                .toList();
    }

    /** What fills a shard, in the order of the bytes. */
    public List<AwqItem> itemsOf(SafetensorsLayout shard) {
        return items.stream().filter(item -> item.file().equals(shard.file())).toList();
    }
}
