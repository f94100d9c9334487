/** Who may write to an output: one run at a time. */
package io.nightshift.jobs.batch.lease;
