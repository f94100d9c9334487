package io.nightshift.jobs.plan;

import io.nightshift.formats.gguf.GgufLayout;
import io.nightshift.formats.types.AssignedType;
import io.nightshift.formats.types.FileType;
import java.io.Serializable;
import java.util.List;

/**
 * One GGUF file to be made.
 *
 * @param fileType the mixture of types
 * @param fileName its name in the output folder
 * @param types the type of each tensor of the plan
 * @param layout where everything stands in it
 */
public record GgufTarget(FileType fileType, String fileName, List<AssignedType> types, GgufLayout layout)
        implements Serializable {
    /** Bytes of one row of a tensor. */
    public long rowBytes(int tensor) {
        return types.get(tensor).type().rowBytes(layout.tensors().get(tensor).columns());
    }

    /** Where a row of a tensor starts in the file. */
    public long position(int tensor, long row) {
        return layout.position(tensor) + row * rowBytes(tensor);
    }
}
