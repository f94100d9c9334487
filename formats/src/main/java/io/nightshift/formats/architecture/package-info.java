/** Architectures as data: which source tensors make which output tensors, by which transform. */
package io.nightshift.formats.architecture;
