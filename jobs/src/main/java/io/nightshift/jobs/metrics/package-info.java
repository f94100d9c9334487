/** What Nightshift gives Spark's metrics system. */
package io.nightshift.jobs.metrics;
