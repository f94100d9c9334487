/** The safetensors format: headers, validated before anything is read by them. */
package io.nightshift.formats.safetensors;
