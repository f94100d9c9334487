package io.nightshift.jobs.storage;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.nio.file.AccessDeniedException;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.fs.s3a.AWSBadRequestException;
import org.apache.hadoop.fs.s3a.AWSRedirectException;
import org.apache.hadoop.fs.s3a.AWSServiceThrottledException;
import org.apache.hadoop.fs.s3a.CredentialInitializationException;
import org.apache.hadoop.fs.s3a.RemoteFileChangedException;
import org.apache.hadoop.fs.s3a.UnknownStoreException;
import org.apache.hadoop.net.ConnectTimeoutException;
import org.apache.hadoop.security.AccessControlException;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;

/** What the exceptions of Hadoop's file systems mean to a user, in one line. */
public final class StorageErrors {
    private static final int LONGEST_REASON = 300;
    private static final int DEEPEST = 20;

    /** Too many requests, and the service being unavailable for now: S3 answers so when it is asked too fast. */
    private static final Set<Integer> OVERLOADED = Set.of(429, 503);

    private static final Pattern LINES = Pattern.compile("\\s*[\\r\\n]+\\s*");

    private StorageErrors() {}

    /** An exception with a clear message; one that has it already stays as it is. */
    public static StorageException explain(String location, Exception e) {
        return find(e, StorageException.class).orElseGet(() -> isOverloaded(e)
                ? StorageException.temporary(location, "the store is overloaded" + errorCode(e) + "; try again later", e)
                : new StorageException(location, problem(e), e));
    }

    private static String problem(Exception e) {
        if (has(e, UnknownStoreException.class)) {
            return "there is no such bucket; create it or correct the name";
        }
        if (has(e, CredentialInitializationException.class)) {
            return "no usable S3 credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
                    + "fs.s3a.aws.credentials.provider";
        }
        if (has(e, AccessDeniedException.class) || has(e, AccessControlException.class)) {
            return "access was denied" + errorCode(e) + "; check the credentials and what they allow";
        }
        if (has(e, AWSRedirectException.class)) {
            return "the bucket is in another region; set fs.s3a.endpoint.region to it";
        }
        if (has(e, UnknownHostException.class)) {
            return "the store's host is unknown" + unknownHost(e)
                    + "; check fs.s3a.endpoint or the host in the location";
        }
        if (doesNotAnswer(e)) {
            return "the store does not answer; check fs.s3a.endpoint and the network";
        }
        if (has(e, RemoteFileChangedException.class)) {
            return "the file was changed while it was being read; run again";
        }
        if (has(e, UnsupportedFileSystemException.class)) {
            return "no file system is known for this scheme; use a path, s3a:// or hdfs://, or add its Hadoop client to "
                    + "the class path";
        }
        if (errorCode(e).contains("NoSuchUpload")) {
            return "the upload is gone: another run makes the same output, or aborted it; let it end, then run again";
        }
        if (has(e, EOFException.class)) {
            return "the file ends before what was to be read";
        }
        if (has(e, FileNotFoundException.class)) {
            return "is not there";
        }
        if (has(e, AWSBadRequestException.class)) {
            return "the store refused the request" + errorCode(e);
        }
        return reason(e);
    }

    private static boolean isOverloaded(Exception e) {
        return has(e, AWSServiceThrottledException.class)
                || find(e, AwsServiceException.class)
                        .filter(refused -> OVERLOADED.contains(refused.statusCode()))
                        .isPresent();
    }

    private static boolean doesNotAnswer(Exception e) {
        return has(e, ConnectException.class)
                || has(e, ConnectTimeoutException.class)
                || has(e, SocketTimeoutException.class)
                || has(e, SocketException.class)
                || has(e, HttpTimeoutException.class)
                || has(e, NoRouteToHostException.class);
    }

    private static String errorCode(Exception e) {
        return find(e, AwsServiceException.class)
                .map(AwsServiceException::awsErrorDetails)
                .map(AwsErrorDetails::errorCode)
                .map(code -> " (" + code + ")")
                .orElse("");
    }

    /** Hadoop wraps the exception that names the host in others of the same class, whose messages are long. */
    private static String unknownHost(Exception e) {
        String host = null;
        int depth = 0;
        for (Throwable cause = e; cause != null && depth < DEEPEST; cause = cause.getCause(), depth++) {
            if (cause instanceof UnknownHostException) {
                host = cause.getMessage();
            }
        }
        return host == null ? "" : " (" + shortened(host) + ")";
    }

    private static String reason(Exception e) {
        String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        return shortened(message);
    }

    private static String shortened(String message) {
        String line = LINES.matcher(message.strip()).replaceAll(" ");
        return line.length() <= LONGEST_REASON ? line : line.substring(0, LONGEST_REASON) + "…";
    }

    private static boolean has(Throwable e, Class<? extends Throwable> type) {
        return find(e, type).isPresent();
    }

    private static <T extends Throwable> Optional<T> find(Throwable e, Class<T> type) {
        int depth = 0;
        for (Throwable cause = e; cause != null && depth < DEEPEST; cause = cause.getCause(), depth++) {
            if (type.isInstance(cause)) {
                return Optional.of(type.cast(cause));
            }
        }
        return Optional.empty();
    }
}
