/** A night, run: many models in one Spark application, each for itself, with one lease, one state and one report. */
package io.nightshift.jobs.batch.run;
