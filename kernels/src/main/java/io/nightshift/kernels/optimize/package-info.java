/** Choosing under a budget. Numbers in, numbers out: nothing here knows what the units and their choices are. */
package io.nightshift.kernels.optimize;
