/** From a checkpoint to the GGUF that llama.cpp's converter would write: metadata, tensors and their order; no weights. */
package io.nightshift.formats.conversion;
