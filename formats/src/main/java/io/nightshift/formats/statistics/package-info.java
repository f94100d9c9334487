/**
 * The statistics that a calibration run leaves: a manifest, a safetensors file a layer with what each linear layer's
 * input was like, the token ids, and an importance matrix. Reading needs no Spark.
 */
package io.nightshift.formats.statistics;
