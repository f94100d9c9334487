/**
 * The safetensors format: headers, validated before anything is read by them, and laid out before anything is written.
 */
package io.nightshift.formats.safetensors;
