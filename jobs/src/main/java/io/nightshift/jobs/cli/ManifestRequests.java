package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.batch.manifest.ManifestKey;
import io.nightshift.jobs.batch.manifest.ManifestModel;
import io.nightshift.jobs.batch.manifest.TargetName.Format;
import io.nightshift.jobs.batch.manifest.TargetRequest;
import io.nightshift.jobs.batch.run.Requests;
import io.nightshift.jobs.quantize.QuantizeRequest;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Reads a manifest's options with those of {@code quantize}, so that both mean the same and are checked in one place. */
final class ManifestRequests implements Requests {
    @Override
    public List<Part> of(ManifestModel model, String output) {
        List<Part> parts = new ArrayList<>();
        for (boolean statistics : new boolean[] {true, false}) {
            List<TargetRequest> targets =
                    model.targets().stream().filter(target -> target.takesStatistics() == statistics).toList();
            if (!targets.isEmpty()) {
                parts.add(new Part(targets, request(model, output, targets, statistics)));
            }
        }
        return parts;
    }

    private static QuantizeRequest request(
            ManifestModel model, String output, List<TargetRequest> targets, boolean statistics) {
        List<String> arguments = new ArrayList<>();
        targets.forEach(target -> arguments.add("--to=" + target.target().text()));
        arguments.addAll(model.arguments(keys(model, targets, statistics)));
        QuantizeRequest request = TargetSelection.parse(arguments)
                .request(model.location(), output, model.isOn(ManifestKey.OVERWRITE));
        if (request.targets().size() != targets.size()) {
            throw new InvalidModelException(model.location() + ": two of its targets are the same; leave one out");
        }
        return request;
    }

    /** The manifest made sure that each key has an effect on some target of the model: here on those of one job. */
    private static Set<ManifestKey> keys(ManifestModel model, List<TargetRequest> targets, boolean statistics) {
        Set<ManifestKey> keys = EnumSet.noneOf(ManifestKey.class);
        keys.addAll(model.options().keySet());
        keys.removeAll(ManifestKey.OF_EVALUATION);
        keys.remove(ManifestKey.OVERWRITE);
        if (!statistics) {
            keys.removeAll(ManifestKey.OF_STATISTICS);
        }
        boolean gguf = targets.stream().anyMatch(target -> target.target().format() == Format.GGUF);
        boolean awq = targets.stream().anyMatch(target -> target.target().format() == Format.AWQ);
        boolean exl2 = targets.stream().anyMatch(target -> target.target().format() == Format.EXL2);
        if (!gguf) {
            keys.removeAll(ManifestKey.OF_GGUF);
        }
        if (targets.stream().noneMatch(target -> target.target().isSized())) {
            keys.removeAll(ManifestKey.OF_SIZED_GGUF);
        }
        if (targets.stream().noneMatch(target -> target.target().format() == Format.GGUF && !target.target().isSized())) {
            keys.removeAll(ManifestKey.OF_TYPED_GGUF);
        }
        if (!awq) {
            keys.removeAll(ManifestKey.OF_AWQ);
        }
        if (!exl2) {
            keys.removeAll(ManifestKey.OF_EXL2);
        }
        if (!awq && !exl2) {
            keys.remove(ManifestKey.MAX_SHARD_SIZE);
        }
        if (!keys.contains(ManifestKey.CALIBRATION)) {
            keys.remove(ManifestKey.TEXT_COLUMN);
            keys.remove(ManifestKey.CHAT);
        }
        if (!gguf && !keys.contains(ManifestKey.CALIBRATION) && !keys.contains(ManifestKey.TOKENS)) {
            keys.remove(ManifestKey.PRE_TOKENIZER);
        }
        return keys;
    }
}
