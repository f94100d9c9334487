package io.nightshift.jobs.evaluation;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.logits.LogitsRow;
import io.nightshift.formats.forward.OutputHead;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.jobs.forward.GroupPass;
import io.nightshift.jobs.forward.HiddenStates;
import io.nightshift.jobs.forward.ModelReference;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.io.Serializable;

/** The predictions of a group's scored tokens, a row each, before they are computed or read. */
sealed interface GroupPredictions extends Serializable {
    /** The group. */
    int group();

    /** Opens them, in a task. */
    Rows open() throws IOException;

    /** Predictions that a task computes or reads, a few rows at a time. */
    interface Rows {
        /** Entries of a row. */
        int vocabulary();

        /**
         * Gets rows.
         *
         * @param into receives {@code count} rows, from the first entry on
         */
        void read(int from, int count, float[] into, Workers workers) throws IOException;

        /** What has to be taken from the entries of a row, whose largest one is known, to have log probabilities. */
        double logSum(float[] rows, int at, int top);

        /** Whether the rows are what a model gave, not what 16 bits leave of it. */
        boolean isExact();

        /** Bytes that were read so far. */
        long bytesRead();
    }

    /** States of a model that lack the output matrix alone. */
    record OfModel(ModelReference model, HiddenStates states) implements GroupPredictions {
        @Override
        public int group() {
            return states.group();
        }

        @Override
        public Rows open() throws IOException {
            GroupPass.Head read = GroupPass.head(model);
            OutputHead head = read.weights();
            return new Rows() {
                @Override
                public int vocabulary() {
                    return head.vocabulary();
                }

                @Override
                public void read(int from, int count, float[] into, Workers workers) {
                    head.logits(states.values(), from, count, 0, head.vocabulary(), into, workers);
                }

                @Override
                public double logSum(float[] rows, int at, int top) {
                    return Prediction.logSum(rows, at, head.vocabulary(), top);
                }

                @Override
                public boolean isExact() {
                    return true;
                }

                @Override
                public long bytesRead() {
                    return read.bytesRead();
                }
            };
        }
    }

    /**
     * Rows of a file.
     *
     * @param firstRow of the group, counted through the whole file
     */
    record OfFile(int group, LogitsFile file, long firstRow) implements GroupPredictions {
        @Override
        public Rows open() throws IOException {
            ModelFolder folder = file.folder().open();
            int rowBytes = file.layout().rowBytes();
            return new Rows() {
                private byte[] bytes = new byte[0];
                private long bytesRead;

                @Override
                public int vocabulary() {
                    return file.layout().vocabulary();
                }

                @Override
                public void read(int from, int count, float[] into, Workers workers) throws IOException {
                    int length = Math.multiplyExact(count, rowBytes);
                    bytes = bytes.length < length ? new byte[length] : bytes;
                    folder.readFully(file.file().name(), file.layout().position(firstRow + from), bytes, 0, length);
                    bytesRead += length;
                    for (int i = 0; i < count; i++) {
                        try {
                            LogitsRow.decode(bytes, i * rowBytes, vocabulary(), into, i * vocabulary());
                        } catch (InvalidModelException e) {
                            throw new InvalidModelException(
                                    file.location() + ": prediction " + (firstRow + from + i) + " " + e.getMessage(), e);
                        }
                    }
                }

                /** They are log probabilities as they stand, as llama-perplexity takes them. */
                @Override
                public double logSum(float[] rows, int at, int top) {
                    return 0;
                }

                @Override
                public boolean isExact() {
                    return false;
                }

                @Override
                public long bytesRead() {
                    return bytesRead;
                }
            };
        }
    }
}
