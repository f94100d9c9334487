/** What this module needs of a file store: listing a folder and reading ranges of its files. */
package io.nightshift.formats.storage;
