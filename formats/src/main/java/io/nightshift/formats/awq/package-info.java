/**
 * Checkpoints of four-bit integers as AutoAWQ and compressed-tensors lay them out: the plan of an output folder, the
 * bytes of its linear layers, and a reader. How weights become integers is decided elsewhere.
 */
package io.nightshift.formats.awq;
