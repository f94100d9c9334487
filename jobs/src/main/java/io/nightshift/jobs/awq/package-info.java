/** AWQ folders as a target. */
package io.nightshift.jobs.awq;
