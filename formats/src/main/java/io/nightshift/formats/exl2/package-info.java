/**
 * Folders in ExLlamaV2's format EXL2: its parameter sets, the measurement file, the plan of an output folder, and a reader.
 * How weights become integers is decided elsewhere.
 */
package io.nightshift.formats.exl2;
