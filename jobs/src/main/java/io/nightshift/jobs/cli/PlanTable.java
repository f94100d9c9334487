package io.nightshift.jobs.cli;

import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.gguf.GgufTensor;
import io.nightshift.formats.types.AssignedType;
import io.nightshift.jobs.plan.GgufTarget;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Prints what a job would make. */
final class PlanTable {
    private PlanTable() {}

    static void print(List<TensorRecipe> tensors, List<GgufTarget> targets, PrintStream out) {
        for (GgufTarget target : targets) {
            out.println(target.fileName());
            int fallbacks = 0;
            for (int i = 0; i < tensors.size(); i++) {
                GgufTensor tensor = target.layout().tensors().get(i);
                AssignedType type = target.types().get(i);
                fallbacks += type.isFallback() ? 1 : 0;
                out.printf(
                        Locale.ROOT,
                        "  %-40s %-20s %5s -> %-8s %10s%s%n",
                        tensor.name(),
                        tensor.shape().stream().map(Object::toString).collect(Collectors.joining(" x ")),
                        tensors.get(i).type(),
                        type.type(),
                        ByteSize.format(tensor.bytes()),
                        type.isFallback() ? "  (rows are not whole blocks of " + type.wanted() + ")" : "");
            }
            out.printf(
                    Locale.ROOT,
                    "  %d tensors, %s, %.2f bits per weight%s%n",
                    tensors.size(),
                    ByteSize.format(target.layout().length()),
                    target.layout().bitsPerWeight(),
                    fallbacks == 0 ? "" : ", " + fallbacks + " of them in a fallback type");
        }
    }
}
