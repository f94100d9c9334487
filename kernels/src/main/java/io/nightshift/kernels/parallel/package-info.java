/** Threads for kernels whose results do not depend on their number. */
package io.nightshift.kernels.parallel;
