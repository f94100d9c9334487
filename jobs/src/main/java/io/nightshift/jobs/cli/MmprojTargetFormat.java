package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.types.FileType;
import io.nightshift.formats.types.TowerTypes;
import io.nightshift.jobs.gguf.MmprojTarget;
import io.nightshift.jobs.quantize.Target;
import java.util.Optional;
import picocli.CommandLine.Command;

/** Vision towers as GGUF files, which have no options. */
@Command
public final class MmprojTargetFormat implements TargetFormat {
    @Override
    public String name() {
        return "mmproj";
    }

    @Override
    public String usage() {
        return "mmproj:TYPE";
    }

    @Override
    public Target target(Optional<String> variant, SharedOptions shared) {
        FileType type = TowerTypes.FILE_TYPES.stream()
                .filter(known -> known.name().equalsIgnoreCase(variant.orElse("")))
                .findFirst()
                .orElseThrow(() -> new InvalidModelException("--to mmproj" + variant.map(text -> ":" + text).orElse("")
                        + ": a vision tower becomes one of " + TowerTypes.FILE_TYPES + ", such as mmproj:F16"));
        return new MmprojTarget(type);
    }

    @Override
    public Optional<String> given() {
        return Optional.empty();
    }
}
