/**
 * How an output file comes to be: parts written by tasks, made visible by the driver in one step. What the bytes mean
 * is not known here.
 */
package io.nightshift.jobs.output;
