/**
 * The weights of a model, wherever they are stored: what the forward pass reads them through, and the registry of
 * quantized formats. Formats live in packages of their own; none is named here.
 */
package io.nightshift.formats.weights;
