/** Importance matrices of llama.cpp: how much each input channel of a matrix matters. Reading, combining, writing. */
package io.nightshift.formats.imatrix;
