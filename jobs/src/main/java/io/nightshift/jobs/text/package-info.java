/** From text files to the token sequences that a model is run on. What is done with these is not known here. */
package io.nightshift.jobs.text;
