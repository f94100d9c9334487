package io.nightshift.jobs.robustness;

import java.nio.file.Path;
import java.util.List;

/**
 * Files of one kind that are damaged, and the commands that read them.
 *
 * @param kind for the counts
 * @param folder the input: a folder whose file is damaged, all others as they are
 * @param file the one that is damaged
 * @param damager how
 * @param count inputs of the whole campaign
 * @param commands run one after another as long as they succeed; {@code IN} stands for the folder and {@code OUT} for an
 *     output folder that is not there
 */
record Subject(String kind, Path folder, String file, Damage.Damager damager, int count, List<String> commands) {}
