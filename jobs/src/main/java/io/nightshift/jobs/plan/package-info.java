/**
 * What a job is going to do, worked out from headers alone: outputs laid out to the last byte, and cut into pieces.
 * Pure: no Spark, no I/O but the reading of headers.
 */
package io.nightshift.jobs.plan;
