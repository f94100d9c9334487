/** The GGUF file format: metadata, tensor table, and which type each tensor becomes. */
package io.nightshift.formats.gguf;
