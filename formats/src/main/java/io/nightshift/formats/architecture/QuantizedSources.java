package io.nightshift.formats.architecture;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.checkpoint.SourceQuantization;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** FP8 tensors of a checkpoint, and the factors beside them (conversion/base.py, dequant_model). */
final class QuantizedSources {
    private static final List<String> FACTORS = List.of("_scale_inv", "_scale");
    /** Of activations: no weight hangs on them. */
    private static final List<String> UNUSED = List.of(".activation_scale", "_activation_scale", ".input_scale",
            ".k_scale", ".v_scale", ".weight_zero_point", ".weight_shape");

    private final Checkpoint checkpoint;
    private final Map<String, SafetensorsTensor> sources;
    private final Map<String, SafetensorsTensor> factorsOf = new HashMap<>();
    private final Set<String> used = new HashSet<>();

    /**
     * The quantized tensors among the sources.
     *
     * @param sources by their names in the table
     * @param leftOut receives the names of tensors that serve activations alone
     */
    QuantizedSources(Checkpoint checkpoint, Map<String, SafetensorsTensor> sources, List<String> leftOut) {
        this.checkpoint = checkpoint;
        this.sources = sources;
        if (checkpoint.quantization().isEmpty()) {
            return;
        }
        sources.forEach((name, tensor) -> {
            for (String suffix : FACTORS) {
                String weight = name.endsWith(suffix) ? name.substring(0, name.length() - suffix.length()) : "";
                SafetensorsTensor of = sources.get(weight);
                if (of != null && of.type() == SafetensorsType.F8_E4M3) {
                    factorsOf.put(of.name(), tensor);
                    used.add(name);
                    return;
                }
            }
            if (UNUSED.stream().anyMatch(name::endsWith)) {
                used.add(name);
                leftOut.add(tensor.name());
            }
        });
    }

    /** Whether a tensor is taken with another, or is of no use. */
    boolean isUsed(String name) {
        return used.contains(name);
    }

    /** The rows with the factors of their tensor, if that is FP8. */
    SourceRows dequantized(SourceRows rows) {
        SafetensorsTensor tensor = rows.tensor();
        if (tensor.type() != SafetensorsType.F8_E4M3 || !(rows.elements() instanceof ElementForm.AsStored)) {
            return rows;
        }
        SafetensorsTensor factors = factorsOf.get(tensor.name());
        if (factors == null) {
            throw new InvalidModelException(checkpoint.folder().location() + "/" + tensor.file() + ": tensor "
                    + tensor.name() + " is of type F8_E4M3, but " + tensor.name() + "_scale_inv, which it is multiplied"
                    + " with, is missing. Fetch the checkpoint again");
        }
        if (factors.type().ggml().isEmpty()) {
            throw new InvalidModelException(checkpoint.folder().location() + "/" + factors.file() + ": tensor "
                    + factors.name() + " holds factors, which must be BF16, F16 or F32, but is of type " + factors.type());
        }
        return rows.with(scaled(tensor, factors));
    }

    /**
     * Blocks of the size that the configuration says, else one factor a matrix or a row. A tensor without a weight counts
     * as one of one weight here: it is refused with what would be made of it.
     */
    private ElementForm.Scaled scaled(SafetensorsTensor tensor, SafetensorsTensor factors) {
        List<Long> shape = tensor.shape();
        long columns = Math.max(1, tensor.columns());
        long rows = shape.size() > 1 ? Math.max(1, shape.get(shape.size() - 2)) : 1;
        long matrices = Math.max(1, tensor.elements() / (rows * columns));
        Optional<SourceQuantization.Block> block = checkpoint.quantization().flatMap(SourceQuantization::block);
        List<ElementForm.Scaled> forms = block.isPresent()
                ? List.of(new ElementForm.Scaled(factors, rows, block.get().rows(), block.get().columns()))
                : List.of(new ElementForm.Scaled(factors, rows, rows, columns),
                        new ElementForm.Scaled(factors, rows, 1, columns),
                        new ElementForm.Scaled(factors, rows * matrices, rows * matrices, columns));
        for (ElementForm.Scaled form : forms) {
            long ofMatrix = form.blocksDown() * form.blocksAcross(columns);
            if (factors.elements() == rows * matrices / form.matrixRows() * ofMatrix) {
                return form;
            }
        }
        throw new InvalidModelException(checkpoint.folder().location() + "/" + factors.file() + ": tensor "
                + factors.name() + " is of shape " + factors.shape() + ", which is not one factor a "
                + block.map(size -> "block of " + size.rows() + " x " + size.columns()).orElse("matrix or row") + " of "
                + tensor.name() + " " + shape);
    }
}
