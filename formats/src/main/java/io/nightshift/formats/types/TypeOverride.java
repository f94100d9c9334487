package io.nightshift.formats.types;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.kernels.GgmlType;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A type that the user wants for the tensors whose name a pattern finds.
 *
 * @param option that it was given with
 * @param expression as the user wrote it, in lower case
 * @param pattern the expression, searched in the tensor's name
 * @param type the wanted type
 */
public record TypeOverride(String option, String expression, Pattern pattern, GgmlType type) {
    /** The option of llama-quantize. */
    public static final String TENSOR_TYPE_OPTION = "--tensor-type";

    /**
     * Parses {@code regex=type}. The expression is lower-cased first and read as {@code std::regex} reads it, as
     * llama-quantize does.
     *
     * @param option that it was given with
     * @throws InvalidModelException if it is not of that form
     */
    public static TypeOverride parse(String option, String text) {
        int equals = text.indexOf('=');
        if (equals <= 0 || equals == text.length() - 1) {
            throw new InvalidModelException(option + " '" + text + "': give PATTERN=TYPE, such as attn_q=q8_0");
        }
        try {
            String expression = text.substring(0, equals).toLowerCase(Locale.ROOT);
            Pattern pattern = EcmaScriptExpression.compile(expression);
            return new TypeOverride(option, expression, pattern, parseType(option, text.substring(equals + 1)));
        } catch (IllegalArgumentException e) {
            throw new InvalidModelException(option + " '" + text + "': " + e.getMessage()
                    + " (expressions are those of llama-quantize: std::regex, in lower case)", e);
        }
    }

    /** The type of the first whose pattern finds something in a tensor's name. */
    static Optional<GgmlType> first(List<TypeOverride> overrides, String tensor) {
        return overrides.stream()
                .filter(override -> override.pattern().matcher(tensor).find())
                .map(TypeOverride::type)
                .findFirst();
    }

    /** A type for the tensor of that name alone. */
    public static TypeOverride of(String tensor, GgmlType type) {
        return of(TENSOR_TYPE_OPTION, tensor, type);
    }

    static TypeOverride of(String option, String tensor, GgmlType type) {
        return parse(option, "^" + tensor.replace(".", "\\.") + "$=" + type.name().toLowerCase(Locale.ROOT));
    }

    /**
     * Parses the name of a tensor type, in any case.
     *
     * @param option the option it was given to, for the message
     * @throws InvalidModelException if no tensor can have that type
     */
    public static GgmlType parseType(String option, String name) {
        for (GgmlType type : GgmlType.values()) {
            if (type.name().equalsIgnoreCase(name) && type.holdsWeights()) {
                return type;
            }
        }
        throw new InvalidModelException(option + ": '" + name + "' is not a tensor type; give one such as Q8_0, Q6_K or F16");
    }
}
