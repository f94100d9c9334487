package io.nightshift.formats.layout;

import io.nightshift.formats.safetensors.SafetensorsLayout;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.ShardedLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Items over safetensors files of bounded size, as transformers names and indexes them.
 *
 * @param shards the files: their headers, and where each tensor lies
 * @param files the same, with what fills them
 */
public record ShardedItems(List<SafetensorsLayout> shards, List<LaidOutFile> files) {
    private static final Pattern NUMBER = Pattern.compile("\\d+");

    /**
     * Lays items out: by their names, numbers in the order of their values.
     *
     * @param maxShardSize most bytes of tensors in a file; an item that takes more has a file to itself
     * @param metadata free text in each header
     */
    public static ShardedItems of(List<DraftItem> drafts, long maxShardSize, Map<String, String> metadata) {
        List<DraftItem> sorted = new ArrayList<>(drafts);
        sorted.sort(Comparator.comparing(draft -> sortable(draft.name())));
        List<SafetensorsLayout> shards =
                ShardedLayout.shards(sorted.stream().map(DraftItem::tensors).toList(), maxShardSize, metadata);
        Map<String, SafetensorsTensor> placed = new HashMap<>();
        shards.forEach(shard -> shard.tensors().forEach(tensor -> placed.put(tensor.name(), tensor)));
        Map<String, List<Placed>> byFile = new HashMap<>();
        for (DraftItem draft : sorted) {
            List<SafetensorsTensor> tensors =
                    draft.tensors().stream().map(spec -> placed.get(spec.name())).toList();
            byFile.computeIfAbsent(tensors.get(0).file(), file -> new ArrayList<>())
                    .add(new Placed(tensors.get(0).position(), draft.item().apply(tensors)));
        }
        List<LaidOutFile> files = new ArrayList<>();
        for (SafetensorsLayout shard : shards) {
            List<Placed> items = byFile.get(shard.file());
            items.sort(Comparator.comparing(Placed::position).thenComparing(placedItem -> placedItem.item().length()));
            files.add(new LaidOutFile(shard.file(), shard.header(), items.stream().map(Placed::item).toList()));
        }
        return new ShardedItems(shards, List.copyOf(files));
    }

    private record Placed(long position, Item item) {}

    /** The index that loaders need, if there are several files. */
    public Optional<GeneratedFile> index() {
        return ShardedLayout.index(shards).map(content -> new GeneratedFile(ShardedLayout.INDEX, content));
    }

    private static String sortable(String name) {
        return NUMBER.matcher(name).replaceAll(number -> "0".repeat(Math.max(0, 9 - number.group().length()))
                + number.group());
    }
}
