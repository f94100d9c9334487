/**
 * From a checkpoint to the GGUF that llama.cpp's converter would write, metadata, tensors and their order without
 * weights; and from a GGUF file back to the weights of the checkpoint's tensors.
 */
package io.nightshift.formats.conversion;
