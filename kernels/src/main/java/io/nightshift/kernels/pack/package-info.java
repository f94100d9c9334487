/** Integers of four bits in the word layouts of AWQ's loaders: arrays in, arrays out. */
package io.nightshift.kernels.pack;
