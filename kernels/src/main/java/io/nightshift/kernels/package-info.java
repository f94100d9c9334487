/**
 * Arrays in, arrays out: block formats, quantization and linear algebra on the Vector API.
 *
 * <p>What may not live here: files, models, Spark. Everything here is a function of its arguments, and gives
 * the same bytes on every lane width and JVM.
 */
package io.nightshift.kernels;
