/** A checkpoint in the layout of Hugging Face: configuration and safetensors files, opened and checked as a whole. */
package io.nightshift.formats.checkpoint;
