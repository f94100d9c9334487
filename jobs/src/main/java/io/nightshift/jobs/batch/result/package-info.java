/** What a night came to, for programs: the result file. */
package io.nightshift.jobs.batch.result;
