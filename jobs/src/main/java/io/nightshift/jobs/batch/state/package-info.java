/** What became of each output: a small table, and the digests of the files. */
package io.nightshift.jobs.batch.state;
