/**
 * How rows of weights become what a format can hold, one {@link io.nightshift.kernels.encoding.RowEncoding} for each way:
 * ggml's blocks, integers in groups. Arrays in, arrays out: where the bytes go is not known here.
 */
package io.nightshift.kernels.encoding;
