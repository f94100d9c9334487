package io.nightshift.kernels.transformer;

import java.util.Arrays;

/** Chooses the experts of tokens by their scores (Mixtral, 2024), which a bias may shift for the choice (DeepSeek V3, 2024). */
public final class ExpertRouter {
    private ExpertRouter() {}

    /**
     * The best experts of each token; of equal ones the first.
     *
     * @param logits {@code tokens * experts}, row-major; replaced by scores
     * @param bias what is added to the scores where they are compared, one an expert; null for nothing
     */
    public static ExpertChoice choose(float[] logits, float[] bias, int tokens, int experts, ExpertRouting routing) {
        int perToken = routing.perToken();
        int[] chosen = new int[tokens * perToken];
        float[] weights = new float[tokens * perToken];
        float[] compared = new float[experts];
        boolean[] taken = new boolean[experts];
        for (int token = 0; token < tokens; token++) {
            int row = token * experts;
            score(logits, row, experts, routing.sigmoid());
            for (int expert = 0; expert < experts; expert++) {
                compared[expert] = logits[row + expert] + (bias == null ? 0 : bias[expert]);
            }
            Arrays.fill(taken, false);
            leaveOutGroups(compared, taken, routing);
            float sum = 0;
            for (int i = token * perToken; i < (token + 1) * perToken; i++) {
                int best = best(compared, taken);
                taken[best] = true;
                chosen[i] = best;
                weights[i] = logits[row + best];
                sum += weights[i];
            }
            for (int i = token * perToken; i < (token + 1) * perToken; i++) {
                weights[i] = (routing.normalized() ? weights[i] / (sum + routing.addend()) : weights[i]) * routing.scale();
            }
        }
        return new ExpertChoice(experts, perToken, chosen, weights);
    }

    private static void score(float[] logits, int row, int experts, boolean sigmoid) {
        if (!sigmoid) {
            Softmax.apply(logits, row, experts);
            return;
        }
        for (int i = row; i < row + experts; i++) {
            logits[i] = Sigmoid.of(logits[i]);
        }
    }

    /** Marks the experts of groups that are not used as taken. */
    private static void leaveOutGroups(float[] compared, boolean[] taken, ExpertRouting routing) {
        if (routing.groupsUsed() >= routing.groups()) {
            return;
        }
        int size = compared.length / routing.groups();
        float[] sums = new float[routing.groups()];
        for (int group = 0; group < sums.length; group++) {
            float[] scores = Arrays.copyOfRange(compared, group * size, (group + 1) * size);
            Arrays.sort(scores);
            sums[group] = scores[size - 1] + (size > 1 && routing.scoresAGroup() > 1 ? scores[size - 2] : 0);
        }
        boolean[] used = new boolean[sums.length];
        for (int i = 0; i < routing.groupsUsed(); i++) {
            used[best(sums, used)] = true;
        }
        for (int expert = 0; expert < taken.length; expert++) {
            taken[expert] = !used[expert / size];
        }
    }

    private static int best(float[] scores, boolean[] taken) {
        int best = -1;
        for (int i = 0; i < taken.length; i++) {
            if (!taken[i] && (best < 0 || scores[i] > scores[best])) {
                best = i;
            }
        }
        return best;
    }
}
