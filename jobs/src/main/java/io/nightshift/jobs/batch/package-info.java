/**
 * A night of many checkpoints: what it is asked for ({@code manifest}), who may write ({@code lease}), what became of it
 * ({@code state}, {@code result}), and what people read of it ({@code report}, {@code card}).
 */
package io.nightshift.jobs.batch;
