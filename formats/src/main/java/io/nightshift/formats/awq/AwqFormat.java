package io.nightshift.formats.awq;

import java.util.Arrays;
import java.util.stream.Collectors;

/** How a folder of four-bit linear layers is laid out. */
public enum AwqFormat {
    /** AutoAWQ's layout of version gemm: words of eight outputs, transposed, scales in half precision. */
    GEMM("gemm"),
    /** The pack-quantized format of compressed-tensors: words of eight inputs, scales in the model's type. */
    COMPRESSED_TENSORS("compressed-tensors");

    private final String option;

    AwqFormat(String option) {
        this.option = option;
    }

    /** Its name as an option. */
    public String option() {
        return option;
    }

    /**
     * The format of that name.
     *
     * @throws IllegalArgumentException if there is none; the message names those that there are
     */
    public static AwqFormat of(String option) {
        return Arrays.stream(values())
                .filter(format -> format.option.equals(option))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no AWQ format '" + option + "': give "
                        + Arrays.stream(values()).map(AwqFormat::option).collect(Collectors.joining(" or "))));
    }
}
