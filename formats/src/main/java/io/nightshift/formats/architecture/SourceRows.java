package io.nightshift.formats.architecture;

import io.nightshift.formats.safetensors.SafetensorsTensor;
import java.io.Serializable;

/**
 * Consecutive rows of one source tensor, in some order, each weight perhaps shifted.
 *
 * @param tensor the source tensor, seen as rows of its last dimension (a vector is one row)
 * @param firstRow the first row taken
 * @param rows number of rows taken
 * @param order order of the rows within the range
 * @param shift added to every weight: 1 for Gemma's norms, else 0. The sum of an F16 weight is rounded to F16; a BF16
 *     weight is widened first, so that its sum is an F32 (conversion/base.py, prepare_tensors)
 */
public record SourceRows(SafetensorsTensor tensor, long firstRow, long rows, RowOrder order, float shift)
        implements Serializable {}
