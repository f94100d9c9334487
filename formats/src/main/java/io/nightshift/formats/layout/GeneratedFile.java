package io.nightshift.formats.layout;

import java.io.Serializable;

/**
 * A small file of an output folder.
 *
 * @param name within the folder
 * @param content its bytes
 */
public record GeneratedFile(String name, byte[] content) implements Serializable {}
