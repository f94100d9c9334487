/** EXL2 folders as a target. */
package io.nightshift.jobs.exl2;
