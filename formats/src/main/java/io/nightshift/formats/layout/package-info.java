/**
 * An output before it is made: its files, and the items that fill them, every byte's place known before a weight is read.
 * How many tasks share the work, and where the bytes go, is not known here.
 */
package io.nightshift.formats.layout;
