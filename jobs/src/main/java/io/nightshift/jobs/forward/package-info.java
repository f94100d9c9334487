/**
 * The forward pass on a cluster: hidden states as an RDD with one partition a group of sequences, taken through a model
 * layer by layer. Calibration and evaluation drive it.
 */
package io.nightshift.jobs.forward;
