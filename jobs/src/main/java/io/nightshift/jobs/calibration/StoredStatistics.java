package io.nightshift.jobs.calibration;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.formats.statistics.ModelDigest;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.text.TextDigest;
import java.io.IOException;

/** A folder of statistics that another job takes up. */
public final class StoredStatistics {
    private StoredStatistics() {}

    /**
     * The importance matrix of a folder of statistics, after making sure that it is this model's and undamaged.
     *
     * @param folder the statistics
     * @param model where the checkpoint is
     * @return where the file is
     * @throws InvalidModelException if the statistics are another model's, incomplete or damaged
     * @throws IOException if either cannot be read
     */
    public static String importanceMatrix(String folder, String model, HadoopSettings settings) throws IOException {
        ModelFolder statistics = FolderReference.find(folder, settings).open();
        CalibrationManifest manifest = CalibrationManifest.read(statistics);
        Checkpoint checkpoint = Checkpoint.open(FolderReference.find(model, settings).open());
        manifest.requireModel(folder, ModelDigest.of(checkpoint));
        byte[] matrix = statistics.read(CalibrationManifest.IMATRIX);
        if (!new TextDigest().add(matrix).hexadecimal().equals(manifest.imatrixDigest())) {
            throw new InvalidModelException(folder + "/" + CalibrationManifest.IMATRIX + " is not the file that "
                    + CalibrationManifest.FILE + " tells of; run nightshift calibrate again");
        }
        return folder.replaceAll("/+$", "") + "/" + CalibrationManifest.IMATRIX;
    }
}
