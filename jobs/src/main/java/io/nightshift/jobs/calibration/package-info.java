/** The calibration job: one pass of a model over texts, and the statistics that every method of quantizing needs. */
package io.nightshift.jobs.calibration;
