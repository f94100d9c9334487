/** Model folders and outputs on Hadoop file systems, described so that tasks can open them. No plans, no formats. */
package io.nightshift.jobs.storage;
