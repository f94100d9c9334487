/** The quantization job: plan on the driver, one task a piece, commit on the driver. */
package io.nightshift.jobs.quantize;
