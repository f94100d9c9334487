/**
 * What every Spark task of a run needs: the run's identity, its work folder, results that outlive it, the threads of a task,
 * the number of an attempt, caches of an executor process by run, and how failures reach the user.
 */
package io.nightshift.jobs.tasks;
