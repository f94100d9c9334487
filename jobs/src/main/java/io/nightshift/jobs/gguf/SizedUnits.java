package io.nightshift.jobs.gguf;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.gguf.GgufLayout;
import io.nightshift.formats.gguf.GgufTensor;
import io.nightshift.formats.types.AssignedType;
import io.nightshift.formats.types.FileSize.Contents;
import io.nightshift.formats.types.FileSize;
import io.nightshift.formats.types.FileType;
import io.nightshift.formats.types.TypeAssignment;
import io.nightshift.formats.types.TypeChoices;
import io.nightshift.jobs.quantize.Choice;
import io.nightshift.jobs.quantize.InputStatistics;
import io.nightshift.jobs.quantize.Model;
import io.nightshift.jobs.quantize.Probes;
import io.nightshift.jobs.quantize.Unit;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.encoding.GgmlEncoding;
import io.nightshift.kernels.encoding.RowEncoding;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The tensors of a file whose types are chosen, and what the others take: norms and such stay as they are, and tensors that the
 * forward pass does not reach, or that steer others, take what the file's base type gives them.
 *
 * @param base the type of the file as its metadata name it: the largest mixture that would fit, or the smallest
 * @param units a tensor each, named after it; an embedding that is rounded to nearest has no linear layers
 * @param otherBits data of all other tensors
 * @param contents what counts beside the data
 */
record SizedUnits(FileType base, List<Unit> units, long otherBits, Contents contents) {
    private static final List<FileType> BASES = List.of(FileType.Q8_0, FileType.Q6_K, FileType.Q5_K_M, FileType.Q5_K_S,
            FileType.Q4_K_M, FileType.Q4_K_S, FileType.Q3_K_L, FileType.Q3_K_M, FileType.Q3_K_S, FileType.Q2_K);

    private static final String EMBEDDING = "token_embd.weight";

    /** What scales are searched for, one set for all sizes: about so many bits a weight. */
    private static final double NOMINAL_BITS = 4.5;

    /** About so many bits a weight has what is tried in the model: of models of up to 4, up to 8, and more layers. */
    private static final List<Double> PROBED_BITS = List.of(2.6, 3.4, 4.25, 4.5, 5.5);
    private static final List<Double> FEWER_PROBED_BITS = List.of(2.6, 4.5);
    private static final List<Double> FEWEST_PROBED_BITS = List.of(3.5);

    /** Pieces of text that are run of models of up to 4 layers, which lose most; of deeper ones a single piece. */
    private static final int PIECES_OF_FLAT = 4;

    /**
     * Tokens of a piece, times layers: the probes of a 7B model's layer then take about twice what its calibration by 4,096
     * tokens does.
     */
    private static final int TOKENS_TIMES_LAYERS = 2560;
    private static final int FEWEST_TOKENS = 64;
    private static final int MOST_TOKENS = 256;

    /**
     * The units of a model.
     *
     * @throws InvalidModelException if a tensor can have none of the types
     */
    static SizedUnits of(SizedGgufTarget target, Model model, Optional<InputStatistics> statistics) throws IOException {
        // Neither hangs on the types.
        GgufTarget.Assigned any = target.file(BASES.get(0)).assign(model, statistics);
        Contents contents = new Contents(any.model().tensors().stream().mapToLong(TensorRecipe::weights).sum(),
                target.file(BASES.get(0)).header(any, statistics).length, any.model().metadata(BASES.get(0)));
        long budget = target.size().dataBits(contents);
        long most = 0;
        FileType best = null;
        FileType smallest = null;
        long least = Long.MAX_VALUE;
        for (FileType base : BASES) {
            long bits = dataBits(target.file(base).assign(model, statistics));
            if (bits <= budget && bits > most) {
                most = bits;
                best = base;
            }
            if (bits < least) {
                least = bits;
                smallest = base;
            }
        }
        FileType base = best == null ? smallest : best;
        GgufTarget.Assigned assigned = target.file(base).assign(model, statistics);
        Map<String, List<LinearLayer>> linears = new HashMap<>();
        for (LinearLayer linear : model.linears()) {
            if (!linear.steers()) {
                linears.computeIfAbsent(linear.tensor(), tensor -> new ArrayList<>()).add(linear);
            }
        }
        List<Unit> units = new ArrayList<>();
        long otherBits = 0;
        for (int i = 0; i < assigned.types().size(); i++) {
            TensorRecipe tensor = assigned.model().tensors().get(i);
            AssignedType type = assigned.types().get(i);
            boolean embeds = ModelImportance.isTokenEmbedding(tensor.name());
            List<LinearLayer> layers =
                    embeds ? embedding(target, model, tensor) : linears.getOrDefault(tensor.name(), List.of());
            if ((embeds || !layers.isEmpty()) && TypeAssignment.isQuantized(tensor)) {
                boolean weighted = assigned.importance().flatMap(matrix -> matrix.of(tensor)).isPresent();
                units.add(unit(target, tensor, ordered(tensor, layers), weighted));
            } else {
                otherBits += bits(tensor, type.type());
            }
        }
        return new SizedUnits(base, units, otherBits, contents);
    }

    /** The embedding as a matrix that is rounded by what reads it; none where its rounding cannot be fed back. */
    private static List<LinearLayer> embedding(SizedGgufTarget target, Model model, TensorRecipe tensor) throws IOException {
        boolean rounds = tensor.name().equals(EMBEDDING) && target.rounding().feedback();
        boolean taken = rounds && target.choices().pinned(tensor, false)
                .map(type -> new GgmlEncoding(type).takesFeedback())
                .orElse(true);
        return taken ? model.embeddingReaders().map(readers -> List.of(readers.embedding())).orElse(List.of()) : List.of();
    }

    /** Layers whose columns lie as the tensor's do. */
    private static List<LinearLayer> ordered(TensorRecipe tensor, List<LinearLayer> layers) {
        return tensor.reorderedColumns().map(columns -> layers.stream().map(layer -> layer.with(columns)).toList())
                .orElse(layers);
    }

    private static Unit unit(SizedGgufTarget target, TensorRecipe tensor, List<LinearLayer> layers, boolean weighted) {
        boolean rounded = target.rounding().feedback() && !layers.isEmpty();
        // Without scales and rounding the file's own importance counts, and of the output llama-imatrix keeps none.
        boolean byStatistics = weighted || target.rounding().needsStatistics();
        TypeChoices choices = target.choices();
        List<GgmlType> types = choices.pinned(tensor, weighted).map(List::of).orElseGet(() ->
                choices.of(tensor, weighted, type -> !rounded || new GgmlEncoding(type).takesFeedback()));
        if (rounded && !new GgmlEncoding(types.get(0)).takesFeedback()) {
            throw new InvalidModelException("--rounding gptq: " + tensor.name() + " is pinned to " + types.get(0)
                    + ", whose weights cannot be rounded one by one; leave one of the options out");
        }
        List<Choice> all = types.stream()
                .map(type -> choice(tensor, layers.size(), new GgmlEncoding(type, byStatistics)))
                .toList();
        return new Unit(tensor.name(), layers, all, all.get(nearest(all, NOMINAL_BITS * tensor.weights())));
    }

    private static Choice choice(TensorRecipe tensor, int layers, GgmlEncoding encoding) {
        List<RowEncoding> encodings = Collections.nCopies(Math.max(1, layers), encoding);
        return new Choice(encoding.name(), List.copyOf(encodings), bits(tensor, encoding.type()));
    }

    /**
     * What is tried in the model: all choices of embedding and output, which decide most, and some of each layer, as the
     * statistics of its inputs tell how the others compare. A probe runs half the layers on average: of deeper models fewer are
     * tried, on less text, so that a layer's probes cost about the same in all.
     */
    Probes probes() {
        int layers = units.stream().flatMap(unit -> unit.linears().stream()).mapToInt(LinearLayer::layer).max().orElse(0) + 1;
        List<Double> bits = layers <= 4 ? PROBED_BITS : layers <= 8 ? FEWER_PROBED_BITS : FEWEST_PROBED_BITS;
        List<List<Integer>> choices = units.stream().map(unit -> probes(unit, bits)).toList();
        int length = Math.max(FEWEST_TOKENS, Math.min(MOST_TOKENS, TOKENS_TIMES_LAYERS / Math.max(1, layers)));
        return new Probes(choices, layers <= 4 ? PIECES_OF_FLAT : 1, length);
    }

    private static List<Integer> probes(Unit unit, List<Double> bits) {
        int count = unit.choices().size();
        if (count < 2) {
            return List.of();
        }
        if (unit.linears().isEmpty() || unit.linears().get(0).layer() == LinearLayer.NO_LAYER) {
            return range(count);
        }
        double weights = unit.linears().stream().mapToDouble(linear -> linear.outputs() * linear.inputs()).sum();
        return bits.stream().map(wanted -> nearest(unit.choices(), wanted * weights)).distinct().sorted().toList();
    }

    private static int nearest(List<Choice> choices, double bits) {
        return Collections.min(range(choices.size()),
                Comparator.comparingDouble(i -> Math.abs(choices.get(i).bits() - bits)));
    }

    private static List<Integer> range(int count) {
        return IntStream.range(0, count).boxed().toList();
    }

    /** Bits of data that all tensors take with the smallest choices. */
    long least() {
        return otherBits + units.stream()
                .mapToLong(unit -> unit.choices().stream().mapToLong(Choice::bits).min().orElseThrow())
                .sum();
    }

    /** Likewise with the largest. */
    long most() {
        return otherBits + units.stream()
                .mapToLong(unit -> unit.choices().stream().mapToLong(Choice::bits).max().orElseThrow())
                .sum();
    }

    /** A size of the file as the user would write it. */
    String describe(FileSize size, long dataBits) {
        return size.describe(dataBits, contents);
    }

    private static long dataBits(GgufTarget.Assigned assigned) {
        long bits = 0;
        for (int i = 0; i < assigned.types().size(); i++) {
            bits += bits(assigned.model().tensors().get(i), assigned.types().get(i).type());
        }
        return bits;
    }

    private static long bits(TensorRecipe tensor, GgmlType type) {
        return 8 * GgufLayout.padded(new GgufTensor(tensor.name(), tensor.writtenShape(), type, 0).bytes());
    }
}
