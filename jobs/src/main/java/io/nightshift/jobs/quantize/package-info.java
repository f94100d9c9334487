/**
 * One job for every format: checks all targets of a request, has the model calibrated, searches scales, chooses, lays out,
 * factorizes, rounds, writes, commits and verifies. What is special to a format is its {@link
 * io.nightshift.jobs.quantize.Target}.
 */
package io.nightshift.jobs.quantize;
