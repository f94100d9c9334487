package io.nightshift.formats.awq;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.LinearGroup;
import io.nightshift.formats.architecture.LinearLayer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which linear layers stay as they are: routers and their like always, and those that the user names. */
final class ModulesLeftOut {
    private final Set<String> modules = new LinkedHashSet<>();

    /**
     * Applies the user's names.
     *
     * @throws InvalidModelException if a name is of no linear layer, or names a part of what loaders fuse into one
     *     matrix
     */
    ModulesLeftOut(List<LinearLayer> linears, List<LinearGroup> groups, List<String> names) {
        for (String name : names) {
            List<LinearLayer> named = linears.stream()
                    .filter(linear -> linear.apart().stream().anyMatch(part -> names(name, part.module())))
                    .toList();
            if (named.isEmpty()) {
                throw new InvalidModelException(AwqOptions.LEAVE_OUT_OPTION + " " + name + ": no linear layer of the"
                        + " decoder has that name or part of a name. Layers are named like "
                        + linears.get(0).module() + "; lm_head and embeddings are never quantized");
            }
            named.forEach(linear -> modules.add(linear.module()));
        }
        refuseParts(linears, groups);
        linears.stream().filter(LinearLayer::isExempt).forEach(linear -> modules.add(linear.module()));
    }

    boolean contains(LinearLayer linear) {
        return modules.contains(linear.module());
    }

    private static boolean names(String name, String module) {
        return ("." + module + ".").contains("." + name + ".");
    }

    private void refuseParts(List<LinearLayer> linears, List<LinearGroup> groups) {
        Map<String, List<LinearLayer>> fused = new LinkedHashMap<>();
        for (LinearLayer linear : linears) {
            if (!linear.steers()) {
                fused.computeIfAbsent(fusion(linear, groups), key -> new ArrayList<>()).add(linear);
            }
        }
        for (List<LinearLayer> parts : fused.values()) {
            List<LinearLayer> kept = parts.stream().filter(linear -> !contains(linear)).toList();
            if (!kept.isEmpty() && kept.size() < parts.size()) {
                LinearLayer left = parts.stream().filter(this::contains).findFirst().orElseThrow();
                throw new InvalidModelException(AwqOptions.LEAVE_OUT_OPTION + ": " + left.module() + " is left out, but"
                        + " not " + kept.get(0).module()
                        + ". vLLM and SGLang fuse them into one matrix: leave out both or neither");
            }
        }
    }

    /** What loaders fuse: layers that read the same norm, and all experts of a layer. */
    private static String fusion(LinearLayer linear, List<LinearGroup> groups) {
        String input = linear.expert() != LinearLayer.NO_EXPERT ? "experts" : LinearGroup.fusion(groups, linear.role());
        return linear.layer() + "." + input;
    }
}
