/** Small files of a night in its output, local or in an object store: read and written whole by the driver. */
package io.nightshift.jobs.batch.files;
