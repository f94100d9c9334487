package io.nightshift.formats.architecture;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.TensorRecipe.Stored;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Finds the linear layers of a model in its family's table: every matrix of a decoder layer is one, but for convolutions. */
public final class LinearLayers {
    /** GGUF's name of the matrix of token embeddings. */
    static final String EMBEDDINGS = "token_embd.weight";

    private static final Pattern MATRIX = Pattern.compile("blk\\.\\d+\\.(.+)\\.weight");
    private static final Pattern KEYS = Pattern.compile("blk\\.\\d+\\.attn_(k|v|k_norm)\\.weight");
    private static final Set<String> CONVOLUTIONS = Set.of("ssm_conv1d", "shortconv.conv");
    private static final String EXPERT = "{expert}";
    private static final String OUTPUT = "output.weight";
    private static final String PER_LAYER_INPUTS = "per_layer_model_proj.weight";
    private static final String HEAD = "lm_head";

    private LinearLayers() {}

    /**
     * All linear layers of decoder layers, routers among them, in the order of the table; experts of a layer by their number.
     * What is not run is not among them.
     *
     * @throws InvalidModelException if the family has no forward pass here, or a weight is no matrix of floats
     */
    public static List<LinearLayer> of(ModelConversion conversion) {
        conversion.architecture().traits();
        List<LinearLayer> layers = new ArrayList<>();
        for (TensorRecipe recipe : tensors(conversion)) {
            int layer = recipe.layer();
            boolean experts = recipe.shape().size() > 2;
            List<SourceRows> matrices = matrices(recipe, (Stored) recipe.content(), experts);
            String loaders = loadersName(conversion.architecture(), role(recipe).orElseThrow(), layer, experts);
            for (int i = 0; i < matrices.size(); i++) {
                String weight = actual(experts ? TensorRow.ofExpert(loaders, i) : loaders, matrices.get(i));
                String part = matrices.get(i).areApart() ? LinearLayer.part(role(recipe).orElseThrow()) : "";
                layers.add(new LinearLayer(module(weight) + part, recipe.name(), layer,
                        experts ? i : LinearLayer.NO_EXPERT, matrices.get(i)));
            }
        }
        return List.copyOf(layers);
    }

    /** The layers as loaders know them: those that a checkpoint keeps in one matrix, and GGUF in several tensors, as one. */
    public static List<LinearLayer> together(List<LinearLayer> layers) {
        Map<String, LinearLayer> byModule = new LinkedHashMap<>();
        layers.stream().map(LinearLayer::whole).forEach(layer -> byModule.putIfAbsent(layer.module(), layer));
        return List.copyOf(byModule.values());
    }

    /** Whether all linear layers are stored as matrices of floats: else {@link #of} refuses the model. */
    public static boolean areMatrices(ModelConversion conversion) {
        return tensors(conversion).stream()
                .flatMap(recipe -> ((Stored) recipe.content()).parts().stream())
                .allMatch(SourceRows::isMatrix);
    }

    /** The tensors of linear layers: each is one, or one for each expert. */
    private static List<TensorRecipe> tensors(ModelConversion conversion) {
        return run(conversion)
                .filter(recipe -> recipe.shape().size() >= 2 && recipe.content() instanceof Stored)
                // Norms with weights of each head's own are no matrices either.
                .filter(recipe -> role(recipe)
                        .filter(role -> !CONVOLUTIONS.contains(role) && !role.endsWith("_norm")).isPresent())
                .toList();
    }

    /** The name of a tensor within its layer, where it has one. */
    private static Optional<String> role(TensorRecipe recipe) {
        Matcher name = MATRIX.matcher(recipe.name());
        return name.matches() ? Optional.of(name.group(1)) : Optional.empty();
    }

    /**
     * The output projection, where it has a matrix of its own: a linear layer that belongs to no decoder layer. Where
     * embedding and output share a matrix, its rows are looked up as well, and it is none.
     */
    public static Optional<LinearLayer> output(ModelConversion conversion) {
        return conversion.tensors().stream()
                .filter(recipe -> recipe.name().equals(OUTPUT))
                .map(recipe -> ((Stored) recipe.content()).parts().get(0))
                .map(rows -> outside(OUTPUT, rows))
                .findFirst();
    }

    /** A matrix that belongs to no decoder layer. */
    static LinearLayer outside(String tensor, SourceRows rows) {
        return new LinearLayer(module(rows.tensor().name()), tensor, LinearLayer.NO_LAYER, LinearLayer.NO_EXPERT, rows);
    }

    /** The linear layer, if there is one, that makes inputs for all decoder layers: never quantized. */
    public static Optional<String> ofPerLayerInputs(ModelConversion conversion) {
        return conversion.tensors().stream()
                .filter(recipe -> recipe.name().equals(PER_LAYER_INPUTS))
                .map(recipe -> module(((Stored) recipe.content()).parts().get(0).tensor().name()))
                .findFirst();
    }

    /** The output projection, of embeddings too where it shares their matrix: what formats store that keep one of its own. */
    public static LinearLayer head(ModelConversion conversion) {
        return output(conversion).orElseGet(() -> conversion.tensors().stream()
                .filter(recipe -> recipe.name().equals(EMBEDDINGS))
                .map(recipe -> new LinearLayer(HEAD, OUTPUT, LinearLayer.NO_LAYER, LinearLayer.NO_EXPERT,
                        ((Stored) recipe.content()).parts().get(0)))
                .findFirst()
                .orElseThrow());
    }

    /** Blocks of the model without those behind the last layer. */
    public static long decoderLayers(ModelConversion conversion) {
        return number(conversion, "block_count").orElseThrow() - predictingBlocks(conversion);
    }

    /**
     * The tensors that the forward pass has to do with: those of a GGUF file, but for parts of matrices that are split there,
     * in place of which the matrix is given.
     */
    public static Stream<TensorRecipe> run(ModelConversion conversion) {
        return SplitDecompression.joined(conversion.tensors()).filter(tensor -> isRun(conversion, tensor));
    }

    /** Whether the forward pass has to do with a tensor: not in blocks behind the last layer, nor if it is never read. */
    private static boolean isRun(ModelConversion conversion, TensorRecipe tensor) {
        return tensor.layer() < decoderLayers(conversion) && !isNeverRead(conversion, tensor);
    }

    /**
     * Names of the checkpoint's tensors that nothing reads: keys and values of layers that attend to those of earlier layers,
     * where the checkpoint has them all the same.
     */
    public static Set<String> neverRead(ModelConversion conversion) {
        return conversion.tensors().stream()
                .filter(tensor -> isNeverRead(conversion, tensor))
                .flatMap(tensor -> ((Stored) tensor.content()).parts().stream())
                .map(rows -> rows.tensor().name())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static boolean isNeverRead(ModelConversion conversion, TensorRecipe tensor) {
        long sharing = number(conversion, "attention.shared_kv_layers").orElse(0L);
        return sharing > 0 && tensor.layer() >= decoderLayers(conversion) - sharing
                && KEYS.matcher(tensor.name()).matches();
    }

    /** Whether there are blocks behind the last layer, which predict further tokens. */
    static boolean predictsFurther(ModelConversion conversion) {
        return predictingBlocks(conversion) > 0;
    }

    private static long predictingBlocks(ModelConversion conversion) {
        return number(conversion, "nextn_predict_layers").orElse(0L);
    }

    private static Optional<Long> number(ModelConversion conversion, String key) {
        return conversion.hyperparameters().number(conversion.architecture().name() + "." + key);
    }

    /** The first source of the table is the name that loaders know, for an expert the first that names one. */
    private static String loadersName(Architecture architecture, String role, int layer, boolean experts) {
        String output = DecoderRows.BLOCK
                + (role.equals(Role.DECOMPRESSION.tensor()) ? SplitDecompression.VALUES : role) + ".weight";
        TensorRow row = architecture.tensors().stream()
                .filter(candidate -> candidate.output().equals(output))
                .findFirst()
                .orElseThrow();
        return row.sources().stream()
                .map(source -> TensorRow.inLayer(source.name(), layer))
                .filter(name -> name.contains(EXPERT) == experts)
                .findFirst()
                .orElseThrow();
    }

    /** One matrix an expert, whether the source stacks them or not. */
    private static List<SourceRows> matrices(TensorRecipe recipe, Stored stored, boolean experts) {
        for (SourceRows part : stored.parts()) {
            if (!part.isMatrix()) {
                throw new InvalidModelException(recipe.name() + " (" + part.tensor().name() + ", "
                        + part.tensor().type() + "): scales, rounding, chosen sizes, AWQ and EXL2 do not take weights that are"
                        + " F64 or MXFP4; GGUF types without these do, with --imatrix or --stats");
            }
        }
        if (!experts) {
            // Its parts are rows of one matrix, which GGUF has in other orders.
            SourceRows first = stored.parts().get(0);
            if (first.areApart()) {
                return stored.parts();
            }
            long rows = 0;
            for (SourceRows part : stored.parts()) {
                if (!part.tensor().equals(first.tensor()) || part.firstRow() != first.firstRow() + rows) {
                    throw new IllegalStateException(recipe.name() + " is not made of consecutive rows of one tensor");
                }
                rows += part.rows();
            }
            return List.of(first.part(0, rows));
        }
        long count = recipe.shape().get(2);
        List<SourceRows> matrices = new ArrayList<>();
        for (SourceRows part : stored.parts()) {
            if (part.areTransposed()) {
                matrices.add(part); // One expert's, whose rows have no other order than this one.
                continue;
            }
            long each = part.rows() * stored.parts().size() / count;
            for (long from = 0; from < part.rows(); from += each) {
                matrices.add(part.part(from, each));
            }
        }
        return matrices;
    }

    /** The name with the prefix that the checkpoint gives the language model. */
    private static String actual(String name, SourceRows rows) {
        String source = rows.tensor().name();
        String layers = "layers.";
        return source.contains(layers)
                ? source.substring(0, source.indexOf(layers)) + name.substring(name.indexOf(layers))
                : name;
    }

    private static String module(String weight) {
        return weight.endsWith(".weight") ? weight.substring(0, weight.length() - ".weight".length()) : weight;
    }
}
