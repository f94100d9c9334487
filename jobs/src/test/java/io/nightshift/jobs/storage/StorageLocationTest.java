package io.nightshift.jobs.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StorageLocationTest {
    @ParameterizedTest
    @CsvSource({
        "/models/llama/m.gguf, /models/llama",
        "/models/llama/, /models",
        "/m.gguf, /",
        "file:/models/llama, /models",
        "s3a://bucket/models/m.gguf, s3a://bucket/models",
        "s3a://bucket/m.gguf, s3a://bucket",
        "hdfs://name:8020/m.gguf, hdfs://name:8020",
        "hdfs:///models/m.gguf, hdfs:///models",
        "hdfs:///m.gguf, hdfs:///"
    })
    void whatLiesInAFolderHasItForItsParent(String location, String parent) throws Exception {
        assertEquals(parent, StorageLocation.parse(location).parent().orElseThrow().text());
    }

    @Test
    void aNameAloneLiesInTheWorkingFolder() throws Exception {
        assertEquals(System.getProperty("user.dir"), StorageLocation.parse("m.gguf").parent().orElseThrow().text());
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "s3a://bucket", "s3a://bucket/", "hdfs://name:8020", "hdfs:///"})
    void aRootHasNoParent(String location) throws Exception {
        assertEquals(Optional.empty(), StorageLocation.parse(location).parent());
    }
}
