/** The card of a model's folder, with which it can be published as it is. */
package io.nightshift.jobs.batch.card;
