/** The page that a person reads in the morning: one file, drawn from records alone. */
package io.nightshift.jobs.batch.report;
