/** GGUF files as a target: types as llama-quantize chooses them, importance matrices, and what rounding adds to it. */
package io.nightshift.jobs.gguf;
