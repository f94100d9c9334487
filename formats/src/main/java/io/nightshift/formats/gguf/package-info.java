/** The GGUF file format: header, metadata, tensor table and layout; which models and types is not known here. */
package io.nightshift.formats.gguf;
