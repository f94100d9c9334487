/** The command line: options in, one clear line and an exit code out. */
package io.nightshift.jobs.cli;
