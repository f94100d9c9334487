/** Command line, plans, Spark jobs and commits: the only place that knows Spark and Hadoop. */
package io.nightshift.jobs;
