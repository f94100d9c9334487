/** Makes AWQ folders: plans them, rounds blocks of rows on Spark, gathers them to parts, commits and verifies. */
package io.nightshift.jobs.awq;
