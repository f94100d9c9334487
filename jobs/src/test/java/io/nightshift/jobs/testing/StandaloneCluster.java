package io.nightshift.jobs.testing;

import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.LocalSparkCluster;
import org.apache.spark.deploy.worker.Worker;
import org.apache.spark.rpc.RpcEnv;
import scala.Option;

/**
 * A standalone master and two workers of one core in this process, whose executors are processes of their own. Drivers may
 * come and go.
 */
public final class StandaloneCluster implements AutoCloseable {
    private static final int WORKERS = 2;
    private static final int MEGABYTES = 1024;

    private final LocalSparkCluster cluster;
    private final String master;
    private final List<RpcEnv> otherHosts;

    private StandaloneCluster(int workers, List<String> otherHosts) {
        cluster = LocalSparkCluster.apply(workers, 1, MEGABYTES, new SparkConf());
        master = cluster.start()[0];
        this.otherHosts = otherHosts.stream()
                .map(host -> Worker.startRpcEnvAndEndpoint(host, 0, 0, 1, MEGABYTES, new String[] {master}, null,
                        Option.apply(otherHosts.indexOf(host)), new SparkConf(), Option.empty()))
                .toList();
    }

    /** Starts it. */
    public static StandaloneCluster start() {
        return new StandaloneCluster(WORKERS, List.of());
    }

    /** One whose workers are on hosts of different names: Spark starts a second copy of a task on another host alone. */
    public static StandaloneCluster onTwoHosts() {
        return new StandaloneCluster(0, List.of("127.0.0.1", "localhost"));
    }

    /** Its URL. */
    public String master() {
        return master;
    }

    /** What a driver needs to run on it, by whole names. */
    public Map<String, String> properties() throws IOException {
        Map<String, String> properties = new TreeMap<>(SparkCluster.executorOptions());
        properties.put("spark.driver.host", "127.0.0.1");
        properties.put("spark.driver.bindAddress", "127.0.0.1");
        properties.put("spark.ui.enabled", "false");
        return properties;
    }

    /** The executors of a driver that this process started: children of the workers that are younger than it. */
    public List<ProcessHandle> executors(Process driver) {
        Instant start = driver.info().startInstant().orElse(Instant.MAX);
        return ProcessHandle.current().children()
                .filter(process -> process.pid() != driver.pid() && process.isAlive())
                .filter(process -> !process.info().startInstant().orElse(Instant.MIN).isBefore(start))
                .toList();
    }

    @Override
    public void close() {
        otherHosts.forEach(RpcEnv::shutdown);
        cluster.stop();
    }
}
