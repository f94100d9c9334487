package io.nightshift.jobs.evaluation;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.logits.BaseLogits;
import io.nightshift.formats.storage.StoredFile;
import io.nightshift.jobs.storage.FileReference;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.SharedFolderCheck;
import io.nightshift.jobs.tasks.StageResources;
import io.nightshift.jobs.text.TokenSequences;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * A base-logits file that executors can open: a task reads the rows of its group alone.
 *
 * @param folder where it is; no other file of it is known
 * @param file the file
 * @param layout what is where in it
 */
record LogitsFile(FolderReference folder, StoredFile file, BaseLogits layout) implements Predictor, Serializable {
    /**
     * Finds a file and reads its header.
     *
     * @throws InvalidModelException if it is no such file, or not a whole one
     * @throws IOException if it is not there or cannot be read
     */
    static LogitsFile find(String location, HadoopSettings settings) throws IOException {
        FileReference found = FileReference.find(location, settings);
        return new LogitsFile(
                found.folderForTasks(settings), found.file(), BaseLogits.read(found.folder(), found.file()));
    }

    @Override
    public String location() {
        return folder.location().text() + "/" + file.name();
    }

    @Override
    public void requireSeen(JavaSparkContext spark) throws IOException {
        SharedFolderCheck.requireSeen(folder.location(), file.name(), spark);
    }

    /** Refuses a file of another model than one with so many tokens in its vocabulary. */
    void requireVocabulary(int vocabulary) {
        if (layout.vocabulary() != vocabulary) {
            throw new InvalidModelException(location() + ": predicts " + layout.vocabulary() + " tokens, where the model has "
                    + vocabulary + " of them; it is of another model");
        }
    }

    /**
     * Refuses a file of another text, or of a text that was tokenized otherwise.
     *
     * @param text whose sequences are the file's first ones
     */
    void requireTokens(TokenSequences text) throws IOException {
        List<int[]> own = text.textTokens();
        List<int[]> its = layout.readTokens(folder.open(), file, own.size());
        for (int i = 0; i < own.size(); i++) {
            int at = Arrays.mismatch(own.get(i), its.get(i));
            if (at >= 0) {
                throw new InvalidModelException(location() + ": its token " + at + " of chunk " + i + " is "
                        + its.get(i)[at] + ", where the text has " + own.get(i)[at]
                        + ": it is of another text or tokenizer; give the text that it was made from");
            }
        }
    }

    @Override
    public Pass run(JavaSparkContext spark, Broadcast<ScoredGroup[]> groups, StageResources resources,
            EvaluateProgress progress) {
        List<GroupPredictions> rows = new ArrayList<>();
        long firstRow = 0;
        for (ScoredGroup group : groups.value()) {
            rows.add(new GroupPredictions.OfFile(group.group().index(), this, firstRow));
            firstRow += (long) group.group().sequences().size() * BaseLogits.scored(layout.context());
        }
        JavaRDD<GroupPredictions> predictions = spark.parallelize(rows, rows.size());
        return new Pass() {
            @Override
            public JavaRDD<GroupPredictions> predictions() {
                return predictions;
            }

            @Override
            public long bytesRead() {
                return 0; // Tasks read it as they score.
            }

            @Override
            public void close() {}
        };
    }
}
