/**
 * The kernels of EXL2 (turboderp's ExLlamaV2): groups of channels in activation order with bits of their own, 4-bit squared
 * scales under a maximum that all outputs of a group share, and the packed words. Arrays in, arrays out.
 */
package io.nightshift.kernels.exl2;
