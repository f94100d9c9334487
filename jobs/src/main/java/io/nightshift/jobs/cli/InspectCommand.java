package io.nightshift.jobs.cli;

import io.nightshift.formats.awq.AwqFolder;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.gguf.GgufFile;
import io.nightshift.formats.safetensors.SafetensorsHeader;
import io.nightshift.formats.storage.JsonFile;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.jobs.storage.FileReference;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "inspect",
        description = "Shows the metadata and tensors of a GGUF file, a safetensors checkpoint or an AWQ folder.",
        mixinStandardHelpOptions = true)
final class InspectCommand implements Callable<Integer> {
    @Parameters(paramLabel = "PATH", description = "A .gguf or .safetensors file, or a checkpoint's folder; may be s3a://.")
    private String path;

    @Option(names = "--json", description = "Print one line of JSON instead of tables.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        Inspection inspection = inspect();
        if (json) {
            inspection.printJson(System.out);
        } else {
            inspection.print(System.out);
        }
        return 0;
    }

    private Inspection inspect() throws IOException {
        HadoopSettings settings = new SparkRuntime(null).hadoop();
        if (!path.endsWith(".gguf") && !path.endsWith(".safetensors")) {
            ModelFolder folder = FolderReference.find(path, settings).open();
            boolean quantized = JsonFile.read(folder, "config.json").flatMap(AwqFolder::format).isPresent();
            return quantized
                    ? Inspection.of(path, AwqFolder.open(folder))
                    : Inspection.of(path, Checkpoint.open(folder).tensors());
        }
        FileReference file = FileReference.find(path, settings);
        if (path.endsWith(".gguf")) {
            return Inspection.of(path, GgufFile.read(file.folder(), file.file()));
        }
        return Inspection.of(path, List.copyOf(SafetensorsHeader.read(file.folder(), file.file())));
    }
}
