#!/usr/bin/env bash
# Deleting a file of an object store through Hadoop's S3A.
#
# Guess: after the only object under a prefix was deleted, nothing is there: S3 has no folders, and no folder was made.
# Seen (hadoop-aws 3.5.0): delete(path) puts an empty object for the parent folder, so that the folder goes on existing. A
#   bucket that held a/b/model.gguf and nothing else holds a/b/ then. Deleting through the AWS client leaves nothing.
set -euo pipefail
"$(dirname "$0")/s3a/run" Delete <<'JAVA'
import java.util.List;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;

public class Delete {
    public static void main(String[] args) {
        Store.report(Delete::holds);
    }

    static List<String> keys(S3Client s3) {
        return s3.listObjectsV2(request -> request.bucket("bucket")).contents().stream()
                .map(object -> object.key() + " (" + object.size() + " bytes)").toList();
    }

    static boolean holds() throws Exception {
        Store store = Store.start();
        S3Client s3 = store.client();
        FileSystem fileSystem = store.fileSystem();
        s3.putObject(request -> request.bucket("bucket").key("a/b/model.gguf"), RequestBody.fromString("GGUF"));
        System.out.println("before: " + keys(s3));
        boolean deleted = fileSystem.delete(new Path("s3a://bucket/a/b/model.gguf"), false);
        List<String> after = keys(s3);
        System.out.println("after:  " + after);
        return deleted && after.equals(List.of("a/b/ (0 bytes)"));
    }
}
JAVA
