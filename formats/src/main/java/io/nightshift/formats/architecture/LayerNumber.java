package io.nightshift.formats.architecture;

/**
 * A number that each layer has as a tensor of its own and that the converter writes into the metadata, one a layer.
 *
 * @param key whole, without the architecture's name
 * @param source name of the tensor in a layer
 */
record LayerNumber(String key, String source) {}
