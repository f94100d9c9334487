#!/usr/bin/env bash
# Aborting the multipart uploads of a file with Hadoop's MultipartUploader.
#
# Guess: abortUploadsUnderPath(file) aborts the uploads that were started for that file, and those of a folder if the path
#   is one.
# Seen (hadoop-aws 3.5.0): for the very path that an upload was started for it aborts nothing and returns 0, without an
#   error; the upload stays, and is paid for. For the parent folder it aborts it, together with all other uploads there.
set -euo pipefail
"$(dirname "$0")/s3a/run" Abort <<'JAVA'
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.MultipartUploader;
import org.apache.hadoop.fs.Path;
import software.amazon.awssdk.services.s3.S3Client;

public class Abort {
    public static void main(String[] args) {
        Store.report(Abort::holds);
    }

    static boolean holds() throws Exception {
        Store store = Store.start();
        S3Client s3 = store.client();
        FileSystem fileSystem = store.fileSystem();
        Path folder = new Path("s3a://bucket/models");
        Path file = new Path(folder, "model.gguf");
        MultipartUploader uploader = fileSystem.createMultipartUploader(folder).build();
        uploader.startUpload(file).get();
        int atFile = uploader.abortUploadsUnderPath(file).get();
        int left = s3.listMultipartUploads(request -> request.bucket("bucket")).uploads().size();
        int atFolder = uploader.abortUploadsUnderPath(folder).get();
        int after = s3.listMultipartUploads(request -> request.bucket("bucket")).uploads().size();
        System.out.println("aborted under the file's path: " + atFile + ", uploads left: " + left);
        System.out.println("aborted under its folder: " + atFolder + ", uploads left: " + after);
        return atFile == 0 && left == 1 && atFolder == 1 && after == 0;
    }
}
JAVA
