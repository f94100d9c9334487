package io.nightshift.jobs.newformat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.FloatTensors;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.SourceNames;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.layout.DraftItem;
import io.nightshift.formats.layout.GeneratedFile;
import io.nightshift.formats.layout.Item;
import io.nightshift.formats.layout.OutputLayout;
import io.nightshift.formats.layout.PackedRows;
import io.nightshift.formats.layout.RowPacking;
import io.nightshift.formats.layout.ShardedItems;
import io.nightshift.formats.layout.SourceFiles;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.formats.safetensors.TensorSpec;
import io.nightshift.formats.storage.JsonFile;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.weights.FolderConfiguration;
import io.nightshift.formats.weights.FolderWeights.QuantizedLinear;
import io.nightshift.formats.weights.FolderWeights;
import io.nightshift.formats.weights.ModelListing;
import io.nightshift.formats.weights.ModelTensors;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.formats.weights.QuantizedFormat;
import io.nightshift.formats.weights.QuantizedFormats;
import io.nightshift.formats.weights.QuantizedModel;
import io.nightshift.jobs.cli.SharedOptions;
import io.nightshift.jobs.cli.TargetFormat;
import io.nightshift.jobs.quantize.Choice;
import io.nightshift.jobs.quantize.Chosen;
import io.nightshift.jobs.quantize.InputStatistics;
import io.nightshift.jobs.quantize.LaidOut.RowImportance;
import io.nightshift.jobs.quantize.LaidOut;
import io.nightshift.jobs.quantize.Measure;
import io.nightshift.jobs.quantize.Model;
import io.nightshift.jobs.quantize.Selection;
import io.nightshift.jobs.quantize.Target;
import io.nightshift.jobs.quantize.TargetPlan.Needs;
import io.nightshift.jobs.quantize.TargetPlan;
import io.nightshift.jobs.quantize.Unit;
import io.nightshift.jobs.rounding.NormStorage;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.kernels.F16;
import io.nightshift.kernels.encoding.EncodedRows;
import io.nightshift.kernels.encoding.IntegerEncoding;
import io.nightshift.kernels.encoding.IntegerGroups;
import io.nightshift.kernels.encoding.IntegerRows;
import io.nightshift.kernels.encoding.RowEncoding;
import io.nightshift.kernels.encoding.ScaleType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/**
 * A format that only tests know, and all that it takes to add one: {@code w4w8:BITS}, a folder of safetensors with four or
 * eight bits a linear layer, in symmetric groups of 64 with scales in half precision, chosen under a budget of bits a weight
 * by the errors that the engine measures. Linear layers are rounded with error feedback.
 */
public final class MixedIntegers {
    private static final int GROUP = 64;
    private static final String METHOD = "w4w8";
    private static final RowEncoding FOUR = encoding(4);
    private static final RowEncoding EIGHT = encoding(8);

    private MixedIntegers() {}

    private static RowEncoding encoding(int bits) {
        return new IntegerEncoding(new IntegerGroups(bits, GROUP, true, ScaleType.F16), false);
    }

    /** What the command line asks for; registered as a service. */
    public static final class Format implements TargetFormat {
        @Option(names = "--w4w8-left-out", description = "w4w8: a part of the names of modules that stay as they are.")
        private String leftOut;

        @Override
        public String name() {
            return METHOD;
        }

        @Override
        public String usage() {
            return "w4w8:BITS";
        }

        @Override
        public Target target(Optional<String> variant, SharedOptions shared) {
            RoundingOptions rounding = shared.rounding(
                    new RoundingOptions(true, RoundingOptions.DEFAULT_RATIOS, true, RoundingOptions.DEFAULT_DAMPING));
            return new MixedTarget(Double.parseDouble(variant.orElse("6")), leftOut == null ? "" : leftOut, rounding);
        }

        @Override
        public Optional<String> given() {
            return Optional.ofNullable(leftOut).map(name -> "--w4w8-left-out");
        }
    }

    /** What is made. */
    public record MixedTarget(double bits, String leftOut, RoundingOptions rounding) implements Target {
        @Override
        public String name() {
            return METHOD + ":" + bits;
        }

        private List<LinearLayer> linears(Model model) throws IOException {
            return model.linears().stream()
                    .filter(linear -> linear.layer() >= 0 && !linear.steers())
                    .filter(linear -> leftOut.isEmpty() || !linear.module().contains(leftOut))
                    .toList();
        }

        @Override
        public TargetPlan check(Model model, Optional<InputStatistics> statistics) throws IOException {
            List<Unit> units = new ArrayList<>();
            long least = 0;
            long weights = 0;
            for (LinearLayer linear : linears(model)) {
                if (linear.inputs() % GROUP != 0) {
                    throw new InvalidModelException(linear.weight() + ": " + linear.inputs() + " inputs are no multiple of "
                            + GROUP + "; leave it out with --w4w8-left-out");
                }
                List<Choice> choices = List.of(Choice.of(linear, FOUR), Choice.of(linear, EIGHT));
                units.add(new Unit(linear.module(), List.of(linear), choices, choices.get(0)));
                least += choices.get(0).bits();
                weights += linear.outputs() * linear.inputs();
            }
            long budget = (long) (bits * weights);
            if (budget < least) {
                throw new InvalidModelException("--to " + name() + ": four bits and their scales take "
                        + (double) least / weights + " bits a weight; give as many at least");
            }
            return new TargetPlan(Needs.GRAM, units,
                    Optional.of(new Selection(Measure.GRAM, MixedIntegers::choose, budget)), NormStorage.AS_IN_SOURCE,
                    List.of());
        }

        @Override
        public LaidOut layOut(Model model, Optional<InputStatistics> statistics, Chosen chosen) throws IOException {
            List<LinearLayer> linears = linears(model);
            List<DraftItem> drafts = new ArrayList<>();
            for (int i = 0; i < linears.size(); i++) {
                drafts.add(draft(linears.get(i), chosen.choices().get(i).encodings().get(0)));
            }
            Set<String> packed =
                    linears.stream().map(linear -> linear.source().tensor().name()).collect(Collectors.toSet());
            for (SourceRows rows : FloatTensors.of(model.checkpoint())) {
                if (!packed.contains(rows.tensor().name()) && !SourceNames.isBuffer(rows.tensor().name())) {
                    drafts.add(DraftItem.copy(rows));
                }
            }
            ShardedItems items = ShardedItems.of(drafts, 1L << 20, Map.of("format", "pt"));
            List<GeneratedFile> generated = new ArrayList<>();
            items.index().ifPresent(generated::add);
            ObjectNode config = (ObjectNode) JsonFile.read(model.checkpoint().folder(), "config.json").orElseThrow();
            config.putObject("quantization_config").put("quant_method", METHOD).put("bits", bits);
            generated.add(new GeneratedFile("config.json", new ObjectMapper().writeValueAsBytes(config)));
            OutputLayout layout = new OutputLayout(model.name() + "-" + METHOD, items.files(),
                    SourceFiles.copied(model.checkpoint().folder()), generated,
                    List.of(rounding.toString(), statistics.orElseThrow().manifest().tokensDigest()));
            return new LaidOut(layout, RowImportance.NONE, Map.of());
        }

        private static DraftItem draft(LinearLayer linear, RowEncoding encoding) {
            int levels = encoding.equals(FOUR) ? 2 : 1;
            List<TensorSpec> specs = List.of(
                    new TensorSpec(linear.module() + ".levels", SafetensorsType.U8,
                            List.of(linear.outputs(), linear.inputs() / levels)),
                    new TensorSpec(linear.module() + ".scales", SafetensorsType.F16,
                            List.of(linear.outputs(), linear.inputs() / GROUP)));
            return new DraftItem(linear.module(), specs, tensors -> new Item.Gathered(
                    linear, encoding, new Packing(tensors.get(0), tensors.get(1)), tensors));
        }
    }

    /** Widens the layer that gains most a bit, until the next does not fit. */
    private static int[] choose(List<Unit> units, double[][] errors, long budget) {
        int[] chosen = new int[units.size()];
        long left = budget - units.stream().mapToLong(unit -> unit.choices().get(0).bits()).sum();
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < chosen.length; i++) {
            order.add(i);
        }
        order.sort(Comparator.comparingDouble(i -> -(errors[i][0] - errors[i][1]) / more(units.get(i))));
        for (int i : order) {
            if (more(units.get(i)) <= left) {
                chosen[i] = 1;
                left -= more(units.get(i));
            }
        }
        return chosen;
    }

    private static long more(Unit unit) {
        return unit.choices().get(1).bits() - unit.choices().get(0).bits();
    }

    /** Two levels of four bits a byte, or one of eight; scales behind all of them. */
    private record Packing(SafetensorsTensor levels, SafetensorsTensor scales) implements RowPacking {
        private int bits() {
            return (int) (8 * levels.columns() / (scales.columns() * GROUP));
        }

        @Override
        public int granule() {
            return 1;
        }

        @Override
        public PackedRows pack(int from, EncodedRows encoded) {
            IntegerRows rows = (IntegerRows) encoded;
            byte[] packed = rows.levels();
            if (bits() == 4) {
                packed = new byte[rows.levels().length / 2];
                for (int i = 0; i < packed.length; i++) {
                    packed[i] = (byte) (rows.levels()[2 * i] & 15 | rows.levels()[2 * i + 1] << 4);
                }
            }
            byte[] halves = new byte[2 * rows.scales().length];
            F16.fromFloats(rows.scales(), 0, halves, 0, rows.scales().length);
            return new PackedRows(from, rows.rows(), List.of(packed, halves));
        }

        @Override
        public byte[] assemble(List<PackedRows> blocks) {
            byte[] bytes = new byte[Math.toIntExact(levels.length() + scales.length())];
            for (PackedRows block : blocks) {
                put(block.parts().get(0), block.from() * levels.columns(), bytes);
                put(block.parts().get(1), levels.length() + block.from() * 2 * scales.columns(), bytes);
            }
            return bytes;
        }

        private static void put(byte[] part, long at, byte[] bytes) {
            System.arraycopy(part, 0, bytes, Math.toIntExact(at), part.length);
        }

        @Override
        public float[][] read(ModelFolder output, int[] rows) throws IOException {
            float[][] values = new float[rows.length][];
            for (int i = 0; i < rows.length; i++) {
                values[i] = new float[Math.toIntExact(scales.columns() * GROUP)];
                new Rows(output, levels, scales).read(rows[i], rows[i] + 1, values[i]);
            }
            return values;
        }
    }

    /** A linear layer of a folder. */
    private record Rows(ModelFolder folder, SafetensorsTensor levels, SafetensorsTensor scales) implements QuantizedLinear {
        @Override
        public int outputs() {
            return Math.toIntExact(levels.rows());
        }

        @Override
        public int inputs() {
            return Math.toIntExact(scales.columns() * GROUP);
        }

        @Override
        public long read(int from, int to, float[] weights) throws IOException {
            int width = Math.toIntExact(levels.columns());
            byte[] packed = new byte[(to - from) * width];
            folder.readFully(levels.file(), levels.position() + (long) from * width, packed, 0, packed.length);
            int groups = Math.toIntExact(scales.columns());
            byte[] halves = new byte[2 * (to - from) * groups];
            folder.readFully(scales.file(), scales.position() + 2L * from * groups, halves, 0, halves.length);
            float[] factors = new float[halves.length / 2];
            F16.toFloats(halves, 0, factors, 0, factors.length);
            int levelsAByte = inputs() / width;
            for (int i = 0; i < (to - from) * inputs(); i++) {
                int level = levelsAByte == 1 ? packed[i] : (byte) (packed[i / 2] << 4 * (1 - i % 2)) >> 4;
                weights[i] = level * factors[i / GROUP];
            }
            return packed.length + halves.length;
        }
    }

    /** Opens a folder for {@code evaluate} and {@code inspect}; registered as a service. */
    public static final class Reader implements QuantizedFormat {
        @Override
        public boolean isFolder(ModelFolder folder, JsonNode config) {
            return QuantizedFormats.declared(config).path("quant_method").asText().equals(METHOD);
        }

        @Override
        public QuantizedModel open(ModelFolder folder, String file) throws IOException {
            Map<String, SafetensorsTensor> tensors = new HashMap<>();
            Checkpoint.readTensors(folder).forEach(tensor -> tensors.put(tensor.name(), tensor));
            return new Opened(folder, tensors);
        }
    }

    private record Opened(ModelFolder folder, Map<String, SafetensorsTensor> tensors) implements QuantizedModel {
        @Override
        public ModelListing listing() {
            return ModelListing.of(List.copyOf(tensors.values()));
        }

        @Override
        public void requireMadeOf(Checkpoint original) throws IOException {
            FolderConfiguration.requireMadeOf(folder, original);
        }

        @Override
        public ModelWeights weights(ModelTensors original) {
            return new FolderWeights(original, folder, tensors, module -> Optional.ofNullable(tensors.get(module + ".levels"))
                    .map(levels -> new Rows(folder, levels, tensors.get(module + ".scales"))));
        }
    }
}
