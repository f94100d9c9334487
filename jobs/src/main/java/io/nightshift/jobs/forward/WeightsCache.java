package io.nightshift.jobs.forward;

import io.nightshift.formats.forward.DecoderLayer;
import io.nightshift.formats.forward.FinalNorm;
import io.nightshift.formats.forward.OutputHead;
import io.nightshift.formats.forward.PerLayerEmbedding;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.jobs.tasks.RunCache;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The weights that an executor process holds for a run: each layer is loaded once, by the task that first needs it, and
 * shared by all tasks of the run. While tasks compute, the next layer is fetched. At most two layers a run are held, the
 * last ones used, and of two models (one and what it is compared with) final norm, output matrix, and what makes the inputs
 * that layers have of their own.
 */
final class WeightsCache {
    private static final int LAYERS_HELD = 2;
    private static final int HEADS_HELD = 2;
    private static final int MODELS_HELD = 4;
    private static final int ONLY = 0;

    private static final RunCache<WeightsCache> OF_RUNS = new RunCache<>(WeightsCache::new);

    /** Part of a model: a layer, or the one part that a map is for. */
    private record Key(String model, int layer) {}

    /** What is loaded, or being loaded. */
    private static final class Entry<T> extends FutureTask<T> {
        private final AtomicBoolean counted = new AtomicBoolean();

        Entry(Callable<T> load) {
            super(load);
        }

        /** Whether nobody asked before. */
        boolean isFirstUse() {
            return counted.compareAndSet(false, true);
        }

        /** Waits until it is loaded. */
        T value() throws IOException {
            try {
                return get();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while weights were read", e);
            } catch (ExecutionException e) {
                if (e.getCause() instanceof IOException cause) {
                    throw cause;
                }
                if (e.getCause() instanceof RuntimeException cause) {
                    throw cause;
                }
                if (e.getCause() instanceof Error cause) {
                    throw cause;
                }
                throw new IOException(e.getCause());
            }
        }
    }

    /**
     * Weights that a task was given.
     *
     * @param weights shared by all tasks
     * @param bytesRead bytes that were read for them, told to one task alone; 0 to the others
     */
    record Loaded<T>(T weights, long bytesRead) {}

    private final LinkedHashMap<Key, Entry<DecoderLayer>> layers = recentlyUsed();
    private final LinkedHashMap<Key, Entry<FinalNorm>> norms = recentlyUsed();
    private final LinkedHashMap<Key, Entry<OutputHead>> heads = recentlyUsed();
    private final LinkedHashMap<Key, Entry<PerLayerEmbedding>> embeddings = recentlyUsed();
    private final LinkedHashMap<Key, Entry<ModelWeights>> models = recentlyUsed();

    private WeightsCache() {}

    /** That of a model's run. */
    static WeightsCache of(ModelReference reference) {
        return OF_RUNS.of(reference.run());
    }

    private static <T> LinkedHashMap<Key, Entry<T>> recentlyUsed() {
        return new LinkedHashMap<>(16, 0.75f, true);
    }

    /** The opened model: headers are read once. */
    ModelWeights model(ModelReference reference) throws IOException {
        return take(models, new Key(reference.location(), ONLY), MODELS_HELD, reference::open).value();
    }

    /** A layer; begins to fetch the next one. */
    Loaded<DecoderLayer> layer(ModelReference reference, int layer) throws IOException {
        Key key = new Key(reference.location(), layer);
        Entry<DecoderLayer> entry = take(layers, key, LAYERS_HELD, load(reference, layer));
        if (layer + 1 < reference.model().layers()) {
            fetch(reference, layer + 1);
        }
        return new Loaded<>(entry.value(), entry.isFirstUse() ? entry.value().bytes() : 0);
    }

    /** The norm behind the last layer. */
    Loaded<FinalNorm> norm(ModelReference reference) throws IOException {
        Key key = new Key(reference.location(), ONLY);
        Entry<FinalNorm> entry =
                take(norms, key, HEADS_HELD, () -> FinalNorm.load(reference.model(), model(reference)));
        return new Loaded<>(entry.value(), entry.isFirstUse() ? entry.value().bytes() : 0);
    }

    /** The output matrix. */
    Loaded<OutputHead> head(ModelReference reference) throws IOException {
        Key key = new Key(reference.location(), ONLY);
        Entry<OutputHead> entry =
                take(heads, key, HEADS_HELD, () -> OutputHead.load(reference.model(), model(reference)));
        return new Loaded<>(entry.value(), entry.isFirstUse() ? entry.value().bytes() : 0);
    }

    /** What makes the inputs that layers have of their own. */
    PerLayerEmbedding perLayerEmbedding(ModelReference reference) throws IOException {
        Key key = new Key(reference.location(), ONLY);
        return take(embeddings, key, HEADS_HELD, () -> PerLayerEmbedding.load(reference.model(), model(reference))).value();
    }

    private Callable<DecoderLayer> load(ModelReference reference, int layer) {
        return () -> DecoderLayer.load(reference.model(), model(reference), layer);
    }

    /** In the background; what fails is tried again by the task that needs it. */
    private void fetch(ModelReference reference, int layer) {
        Key key = new Key(reference.location(), layer);
        Entry<DecoderLayer> entry = new Entry<>(load(reference, layer));
        synchronized (layers) {
            if (layers.putIfAbsent(key, entry) != null) {
                return;
            }
            trim(layers, LAYERS_HELD);
        }
        Thread thread = new Thread(
                () -> {
                    entry.run();
                    try {
                        entry.value();
                    } catch (IOException | RuntimeException | Error e) {
                        synchronized (layers) {
                            layers.remove(key, entry);
                        }
                    }
                },
                "nightshift-fetch-layer-" + layer);
        thread.setDaemon(true);
        thread.start();
    }

    private static <T> Entry<T> take(LinkedHashMap<Key, Entry<T>> map, Key key, int held, Callable<T> load)
            throws IOException {
        Entry<T> entry;
        synchronized (map) {
            entry = map.get(key);
            if (entry == null) {
                entry = new Entry<>(load);
                map.put(key, entry);
                trim(map, held);
            }
        }
        entry.run(); // Does nothing if another thread does it or has done it.
        try {
            entry.value();
        } catch (IOException | RuntimeException | Error e) {
            synchronized (map) {
                map.remove(key, entry);
            }
            throw e;
        }
        return entry;
    }

    private static <T> void trim(LinkedHashMap<Key, Entry<T>> map, int held) {
        for (Key key : new ArrayList<>(map.keySet()).subList(0, Math.max(0, map.size() - held))) {
            map.remove(key);
        }
    }
}
