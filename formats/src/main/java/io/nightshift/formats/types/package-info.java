/** Which type each tensor of a GGUF file becomes, as llama-quantize decides it: pure functions of names, shapes and options. */
package io.nightshift.formats.types;
