/** The evaluation job: what quantized models lost, measured against the original over held-out text. */
package io.nightshift.jobs.evaluation;
