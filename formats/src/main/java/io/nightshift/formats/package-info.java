/** Files and models: checkpoints, tokenizers, architectures and output formats. No Spark, no Hadoop. */
package io.nightshift.formats;
