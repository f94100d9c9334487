package io.nightshift.formats.architecture;

import io.nightshift.formats.architecture.TensorRecipe.Stored;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;

/**
 * What reads the token embedding first: the linear layers at the start of the first decoder layer, behind their norm. An error
 * in a row of the embedding is larger there, where nothing has been added to the row yet, than in all that comes behind.
 *
 * @param embedding the embedding, as a matrix whose rows are rounded one by one; it belongs to no decoder layer
 * @param norm the weights that its columns are multiplied by first; null where the layers read the rows as they are
 * @param linears the layers, at least one
 * @param output the output projection where it has the same rows, which are then multiplied with the last hidden states as
 *     well; else null
 */
public record EmbeddingReaders(LinearLayer embedding, SourceRows norm, List<LinearLayer> linears, LinearLayer output)
        implements Serializable {
    /** The readers of a model's embedding; none where it is no matrix, or no linear layer reads it. */
    public static Optional<EmbeddingReaders> of(ModelConversion conversion) {
        List<LinearLayer> first = LinearLayers.of(conversion).stream().filter(linear -> linear.layer() == 0).toList();
        return conversion.architecture().linearGroups().stream()
                .filter(LinearGroup::startsLayer)
                .findFirst()
                .flatMap(group -> of(conversion, group, first));
    }

    private static Optional<EmbeddingReaders> of(ModelConversion conversion, LinearGroup group, List<LinearLayer> first) {
        List<LinearLayer> linears = first.stream().filter(linear -> group.linears().contains(linear.role())).toList();
        Optional<SourceRows> embedding = stored(conversion, LinearLayers.EMBEDDINGS).filter(SourceRows::isMatrix);
        Optional<SourceRows> norm = stored(conversion, "blk.0." + group.producer() + ".weight");
        if (linears.isEmpty() || embedding.isEmpty() || group.ofNorm() && norm.isEmpty()) {
            return Optional.empty();
        }
        LinearLayer matrix = LinearLayers.outside(LinearLayers.EMBEDDINGS, embedding.get());
        LinearLayer shared = LinearLayers.output(conversion).isPresent() ? null : LinearLayers.head(conversion);
        return Optional.of(new EmbeddingReaders(matrix, norm.orElse(null), linears, shared));
    }

    /** What a tensor is made of, if that is one range of rows. */
    private static Optional<SourceRows> stored(ModelConversion conversion, String name) {
        return conversion.tensors().stream()
                .filter(recipe -> recipe.name().equals(name) && recipe.content() instanceof Stored stored
                        && stored.parts().size() == 1)
                .map(recipe -> ((Stored) recipe.content()).parts().get(0))
                .findFirst();
    }
}
