package io.nightshift.jobs.output;

import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageErrors;
import io.nightshift.jobs.storage.StorageLocation;
import java.io.IOException;
import java.io.Serializable;
import java.nio.ByteBuffer;
import org.apache.hadoop.fs.BBUploadHandle;
import org.apache.hadoop.fs.MultipartUploader;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.functional.FutureIO;

/**
 * An upload that is under way, as tasks see it.
 *
 * @param folder the output folder
 * @param settings how to reach it
 * @param name the file's name in the folder
 * @param id the upload's
 */
record PartUpload(StorageLocation folder, HadoopSettings settings, String name, byte[] id) implements Serializable {
    /**
     * Hands a part to the store, and waits until it has it.
     *
     * @param number of the part, from 1
     * @return what the store needs to find these bytes again
     */
    byte[] put(int number, boolean last, BlockBuffer bytes) throws IOException {
        try (MultipartUploader uploader = HadoopOutputStore.uploader(settings.fileSystem(folder), folder)) {
            return FutureIO.awaitFuture(uploader.putPart(BBUploadHandle.from(ByteBuffer.wrap(id)), number, last,
                            new Path(folder.hadoopPath(), name), bytes.stream(), bytes.length()))
                    .toByteArray();
        } catch (IOException | RuntimeException e) {
            throw StorageErrors.explain(folder.text() + "/" + name, e);
        }
    }
}
