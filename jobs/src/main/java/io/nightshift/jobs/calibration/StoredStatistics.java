package io.nightshift.jobs.calibration;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.text.TextDigest;
import java.io.IOException;

/** A folder of statistics that another job takes up. */
public final class StoredStatistics {
    private StoredStatistics() {}

    /**
     * The importance matrix of a folder of statistics, after making sure that it is undamaged.
     *
     * @param folder the statistics
     * @return where the file is
     * @throws InvalidModelException if the statistics are incomplete or damaged
     * @throws IOException if they cannot be read
     */
    public static String importanceMatrix(String folder, HadoopSettings settings) throws IOException {
        ModelFolder statistics = FolderReference.find(folder, settings).open();
        CalibrationManifest manifest = CalibrationManifest.read(statistics);
        byte[] matrix = statistics.read(CalibrationManifest.IMATRIX);
        if (!new TextDigest().add(matrix).hexadecimal().equals(manifest.imatrixDigest())) {
            throw new InvalidModelException(folder + "/" + CalibrationManifest.IMATRIX + " is not the file that "
                    + CalibrationManifest.FILE + " tells of; run nightshift calibrate again");
        }
        return folder.replaceAll("/+$", "") + "/" + CalibrationManifest.IMATRIX;
    }
}
