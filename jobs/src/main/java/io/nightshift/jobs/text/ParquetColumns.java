package io.nightshift.jobs.text;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Printable;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageErrors;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation.EnumLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.JsonLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.StringLogicalTypeAnnotation;
import org.apache.parquet.schema.Type;

/**
 * The columns of a Parquet file, from its footer. Spark would want to understand all of them, and many files have one
 * that it cannot: half floats, or two names that differ in case only.
 */
final class ParquetColumns {
    private ParquetColumns() {}

    /**
     * Makes sure that a column is there and holds text.
     *
     * @throws InvalidModelException if it is not, or the file is no Parquet file
     * @throws IOException if the file cannot be read
     */
    static void requireText(DataFile file, String column, HadoopSettings settings) throws IOException {
        GroupType schema;
        try (ParquetFileReader reader = ParquetFileReader.open(
                HadoopInputFile.fromPath(new Path(file.path()), settings.configuration()))) {
            schema = reader.getFileMetaData().getSchema();
        } catch (IOException e) {
            throw StorageErrors.explain(file.path(), e);
        } catch (RuntimeException e) {
            throw new InvalidModelException(file.path() + ": is no sound Parquet file: " + e.getMessage(), e);
        }
        if (!schema.containsField(column)) {
            List<String> names = schema.getFields().stream().map(field -> Printable.name(field.getName())).toList();
            throw new InvalidModelException(file.path() + ": there is no column '" + column + "' but " + names
                    + "; name the one with the text with --text-column");
        }
        Type type = schema.getType(column);
        if (!isText(type)) {
            String kind = !type.isPrimitive() ? "a group of columns"
                    : type.getLogicalTypeAnnotation() == null
                            ? type.asPrimitiveType().getPrimitiveTypeName().toString()
                            : type.getLogicalTypeAnnotation().toString();
            throw new InvalidModelException(
                    file.path() + ": the column '" + column + "' holds " + kind + " and no text");
        }
    }

    private static boolean isText(Type type) {
        return type.isPrimitive()
                && !type.isRepetition(Type.Repetition.REPEATED)
                && (type.getLogicalTypeAnnotation() instanceof StringLogicalTypeAnnotation
                        || type.getLogicalTypeAnnotation() instanceof EnumLogicalTypeAnnotation
                        || type.getLogicalTypeAnnotation() instanceof JsonLogicalTypeAnnotation);
    }
}
