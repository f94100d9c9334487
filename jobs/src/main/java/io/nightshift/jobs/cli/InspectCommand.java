package io.nightshift.jobs.cli;

import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.safetensors.SafetensorsHeader;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.weights.ModelListing;
import io.nightshift.formats.weights.QuantizedFormat;
import io.nightshift.formats.weights.QuantizedFormats;
import io.nightshift.formats.weights.QuantizedModel;
import io.nightshift.jobs.storage.FileReference;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "inspect",
        description = "Shows the metadata and tensors of a quantized model, a checkpoint or a safetensors file.",
        mixinStandardHelpOptions = true)
final class InspectCommand implements Callable<Integer> {
    @Parameters(paramLabel = "PATH", description = "A file or the folder of a model; may be s3a://.")
    private String path;

    @Option(names = "--json", description = "Print one line of JSON instead of tables.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        Inspection inspection = Inspection.of(path, inspect());
        if (json) {
            inspection.printJson(System.out);
        } else {
            inspection.print(System.out);
        }
        return 0;
    }

    private ModelListing inspect() throws IOException {
        HadoopSettings settings = SparkRuntime.toRead(path);
        Optional<QuantizedFormat> format = QuantizedFormats.ofFile(path);
        if (format.isPresent()) {
            FileReference file = FileReference.find(path, settings);
            return format.get().open(file.folder(), file.file().name()).listing();
        }
        if (path.endsWith(".safetensors")) {
            FileReference file = FileReference.find(path, settings);
            return ModelListing.of(List.copyOf(SafetensorsHeader.read(file.folder(), file.file())));
        }
        ModelFolder folder = FolderReference.find(path, settings).open();
        Optional<QuantizedModel> quantized = QuantizedFormats.open(folder, "");
        return quantized.isPresent()
                ? quantized.get().listing()
                : ModelListing.of(Checkpoint.open(folder).tensors());
    }
}
