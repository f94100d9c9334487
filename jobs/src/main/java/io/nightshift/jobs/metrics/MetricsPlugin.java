package io.nightshift.jobs.metrics;

import io.nightshift.jobs.metrics.RunCounter.Side;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;

/** Gives Spark's metrics system what each process counts. Spark makes it, by its name in {@code spark.plugins}. */
public final class MetricsPlugin implements SparkPlugin {
    @Override
    public DriverPlugin driverPlugin() {
        return new DriverPlugin() {
            @Override
            public Map<String, String> init(SparkContext spark, PluginContext context) {
                RunCounter.register(Side.DRIVER, context.metricRegistry());
                return Map.of();
            }
        };
    }

    @Override
    public ExecutorPlugin executorPlugin() {
        return new ExecutorPlugin() {
            @Override
            public void init(PluginContext context, Map<String, String> ofDriver) {
                RunCounter.register(Side.EXECUTOR, context.metricRegistry());
            }
        };
    }
}
