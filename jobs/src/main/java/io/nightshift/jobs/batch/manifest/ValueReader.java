package io.nightshift.jobs.batch.manifest;

import io.nightshift.jobs.batch.manifest.ValueKind.Amount;
import io.nightshift.jobs.batch.manifest.ValueKind.Choice;
import io.nightshift.jobs.batch.manifest.ValueKind.Count;
import io.nightshift.jobs.batch.manifest.ValueKind.Size;
import io.nightshift.jobs.batch.manifest.ValueKind.Structure;
import io.nightshift.jobs.batch.manifest.ValueKind.Switch;
import io.nightshift.jobs.batch.manifest.ValueKind.Text;
import io.nightshift.jobs.batch.manifest.ValueKind.Texts;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads the value of a key by its kind, or says what is wrong with it. */
final class ValueReader {
    private static final Pattern WHOLE = Pattern.compile("[-+]?\\d{1,18}");
    private static final Set<String> ON = Set.of("true", "yes", "on");

    private final Problems problems;

    ValueReader(Problems problems) {
        this.problems = problems;
    }

    /**
     * A value's texts: one, or several for a list.
     *
     * @return nothing if it cannot be read, which is added to the problems
     */
    List<String> read(ManifestKey key, Part part, String path) {
        ValueKind kind = key.kind();
        if (kind instanceof Texts && part instanceof Part.Items items) {
            return texts(items, path);
        }
        if (!(part instanceof Part.Value value)) {
            problems.add(part.line(), path, "is " + part.noun() + ", but " + wanted(kind) + " is wanted");
            return List.of();
        }
        if (value.kind() == Part.Kind.NOTHING || value.text().isBlank()) {
            problems.add(part.line(), path, "is empty; give " + wanted(kind) + " or leave the key out");
            return List.of();
        }
        if (kind instanceof Text || kind instanceof Texts) {
            return List.of(value.text());
        } else if (kind instanceof Count count) {
            return whole(value, count, path);
        } else if (kind instanceof Amount amount) {
            return number(value, amount, path);
        } else if (kind instanceof Switch) {
            return checked(value, path, kind, value.kind() == Part.Kind.SWITCH,
                    String.valueOf(ON.contains(value.text().toLowerCase(Locale.ROOT))));
        } else if (kind instanceof Size) {
            return checked(value, path, kind, Size.FORM.matcher(value.text()).matches(), value.text());
        } else if (kind instanceof Choice choice) {
            if (!choice.words().contains(value.text())) {
                problems.add(value.line(), path, "'" + value.text() + "' is no choice"
                        + Suggestion.sentence(value.text(), choice.words()));
                return List.of();
            }
            return List.of(value.text());
        } else if (kind instanceof Structure) {
            throw new IllegalArgumentException(key + " has a reader of its own");
        }
        throw new IllegalStateException(kind.toString());
    }

    private List<String> texts(Part.Items items, String path) {
        if (items.parts().isEmpty()) {
            problems.add(items.line(), path, "is an empty list; name something or leave the key out");
        }
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < items.parts().size(); i++) {
            Part part = items.parts().get(i);
            if (part instanceof Part.Value value && value.kind() != Part.Kind.NOTHING && !value.text().isBlank()) {
                texts.add(value.text());
            } else {
                problems.add(part.line(), path + "[" + i + "]", "is " + part.noun() + ", but a text is wanted");
            }
        }
        return texts;
    }

    private List<String> whole(Part.Value value, Count count, String path) {
        boolean readable = value.kind() == Part.Kind.NUMBER && WHOLE.matcher(value.text()).matches();
        if (!readable) {
            return checked(value, path, count, false, "");
        }
        long number = Long.parseLong(value.text());
        if (number < count.least()) {
            problems.add(value.line(), path, number + " is too small; " + count.least() + " is the least");
            return List.of();
        }
        if (number > count.most()) {
            problems.add(value.line(), path, number + " is too large; " + count.most() + " is the most");
            return List.of();
        }
        return List.of(Long.toString(number));
    }

    private List<String> number(Part.Value value, Amount amount, String path) {
        double number = Double.NaN;
        try {
            number = value.kind() == Part.Kind.NUMBER ? Double.parseDouble(value.text()) : Double.NaN;
        } catch (NumberFormatException e) {
            // YAML has numbers that Java has not, such as 1_000.5: said below.
        }
        boolean usable = Double.isFinite(number) && (number > 0 || amount.mayBeZero() && number == 0);
        return checked(value, path, amount, usable, Double.toString(number));
    }

    private List<String> checked(Part.Value value, String path, ValueKind kind, boolean usable, String text) {
        if (!usable) {
            problems.add(value.line(), path, value.noun() + " is not " + wanted(kind)
                    + (value.kind() == Part.Kind.TEXT && !(kind instanceof Size) ? ", without quotes" : ""));
            return List.of();
        }
        return List.of(text);
    }

    private static String wanted(ValueKind kind) {
        if (kind instanceof Text) {
            return "a text";
        } else if (kind instanceof Texts) {
            return "a text or a list of texts";
        } else if (kind instanceof Count) {
            return "a whole number";
        } else if (kind instanceof Amount amount) {
            return amount.mayBeZero() ? "a number, 0 or more" : "a number above 0";
        } else if (kind instanceof Switch) {
            return "true or false";
        } else if (kind instanceof Size) {
            return "a size such as 64M";
        } else if (kind instanceof Choice choice) {
            return "one of " + String.join(", ", choice.words());
        }
        return "a table";
    }
}
