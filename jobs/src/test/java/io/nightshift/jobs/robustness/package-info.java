/** Campaigns: inputs damaged at random, and runs that are killed at random. A sample always, the whole on request. */
package io.nightshift.jobs.robustness;
