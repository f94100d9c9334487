package io.nightshift.formats.storage;

import java.io.Serializable;

/**
 * A file of a folder.
 *
 * @param name its name within the folder
 * @param length its length in bytes
 * @param version what changes when the content does: an entity tag where the store has one, else a modification time
 */
public record StoredFile(String name, long length, String version) implements Serializable {}
