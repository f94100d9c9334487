/** Base-logits files of llama-perplexity: what a model predicted for a text. Reading and writing, by ranges. */
package io.nightshift.formats.logits;
