package io.nightshift.jobs.batch.manifest;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/** Reads YAML into parts, without making values of it: what a text means is decided by its key. */
final class YamlText {
    private static final int DEEPEST = 12;
    private static final int MOST_ALIASES = 10;

    private final Problems problems;

    private YamlText(Problems problems) {
        this.problems = problems;
    }

    /** The document's root, or null if there is none or it is not YAML, which is added to the problems. */
    static Part read(String text, Problems problems) {
        LoaderOptions options = new LoaderOptions();
        options.setMaxAliasesForCollections(MOST_ALIASES);
        try {
            Node root = new Yaml(new SafeConstructor(options)).compose(new StringReader(text));
            return root == null ? null : new YamlText(problems).part(root, 0);
        } catch (MarkedYAMLException e) {
            int line = e.getProblemMark() == null ? 1 : e.getProblemMark().getLine() + 1;
            problems.add(line, "", "is not YAML: " + e.getProblem() + "; mind indentation, colons and quotes there");
        } catch (YAMLException e) {
            problems.add(1, "", "is not YAML: " + e.getMessage().lines().findFirst().orElse(""));
        }
        return null;
    }

    private Part part(Node node, int depth) {
        int line = node.getStartMark().getLine() + 1;
        if (depth > DEEPEST) {
            problems.add(line, "", "lists and tables within each other more than " + DEEPEST + " deep; a manifest needs 4");
            return new Part.Value(line, "", Part.Kind.NOTHING);
        }
        if (node instanceof MappingNode mapping) {
            return table(mapping, line, depth);
        }
        if (node instanceof SequenceNode sequence) {
            List<Part> parts = new ArrayList<>();
            sequence.getValue().forEach(each -> parts.add(part(each, depth + 1)));
            return new Part.Items(line, parts);
        }
        ScalarNode scalar = (ScalarNode) node;
        return new Part.Value(line, scalar.getValue(), kind(scalar.getTag()));
    }

    private Part.Table table(MappingNode mapping, int line, int depth) {
        Map<String, Part.Field> fields = new LinkedHashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            int keyLine = tuple.getKeyNode().getStartMark().getLine() + 1;
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                problems.add(keyLine, "", "a key must be a word");
            } else if (key.getTag().equals(Tag.MERGE)) {
                problems.add(keyLine, "", "'<<' merges nothing here; put what models share under defaults");
            } else {
                Part.Field field = new Part.Field(keyLine, part(tuple.getValueNode(), depth + 1));
                Part.Field before = fields.putIfAbsent(key.getValue(), field);
                if (before != null) {
                    problems.add(keyLine, key.getValue(), DuplicateKey.message(before.line()));
                }
            }
        }
        return new Part.Table(line, fields);
    }

    private static Part.Kind kind(Tag tag) {
        return tag.equals(Tag.NULL) ? Part.Kind.NOTHING
                : tag.equals(Tag.BOOL) ? Part.Kind.SWITCH
                : tag.equals(Tag.INT) || tag.equals(Tag.FLOAT) ? Part.Kind.NUMBER
                : Part.Kind.TEXT;
    }
}
