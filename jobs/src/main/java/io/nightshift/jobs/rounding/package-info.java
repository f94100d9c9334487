/**
 * Scales and rounding of linear layers from their inputs' Gram matrices, for any format: a plan of channel scales,
 * factors of error feedback, and the rounding of blocks of rows. What weights may become is the format's to say.
 */
package io.nightshift.jobs.rounding;
