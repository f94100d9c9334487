/** What a night is asked for: the manifest, read and checked whole before anything starts. Nothing here runs a model. */
package io.nightshift.jobs.batch.manifest;
