/** What the tests run against: an S3 server and a Spark cluster with executor processes of its own. */
package io.nightshift.jobs.testing;
