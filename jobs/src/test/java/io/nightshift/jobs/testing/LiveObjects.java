package io.nightshift.jobs.testing;

import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.management.JMException;
import javax.management.ObjectName;

/** Counts what is alive in this process, after a full garbage collection. */
public final class LiveObjects {
    private LiveObjects() {}

    /** The number of live instances of some classes; 0 where there are none. */
    public static Map<Class<?>, Long> count(Class<?>... classes) {
        Map<String, Long> byName = new HashMap<>();
        // A line is "   1:    1234    567890  name", with a module behind the name for those of the JDK.
        histogram().lines().map(line -> line.trim().split("\\s+")).filter(line -> line[0].matches("\\d+:"))
                .forEach(line -> byName.put(line[3], Long.parseLong(line[1])));
        Map<Class<?>, Long> counts = new HashMap<>();
        for (Class<?> counted : List.of(classes)) {
            counts.put(counted, byName.getOrDefault(counted.getName(), 0L));
        }
        return counts;
    }

    private static String histogram() {
        try {
            return (String) ManagementFactory.getPlatformMBeanServer().invoke(
                    new ObjectName("com.sun.management:type=DiagnosticCommand"),
                    "gcClassHistogram",
                    new Object[] {new String[0]},
                    new String[] {String[].class.getName()});
        } catch (JMException e) {
            throw new IllegalStateException(e);
        }
    }
}
