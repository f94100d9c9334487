package io.nightshift.formats.modelcard;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A model's identifier taken apart, {@code organization/Basename-7B-finetune-v0.2}. Parts that it does not tell are
 * null. The rules are the converter's (metadata.py, get_model_id_components and id_to_title).
 *
 * @param fullName everything but the organization
 */
record ModelName(
        String fullName, String organization, String basename, String finetune, String version, String sizeLabel) {
    private static final int FLAGS =
            Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE | Pattern.UNICODE_CHARACTER_CLASS;
    private static final Pattern VERSION = Pattern.compile("(v|iter)?\\d+([.]\\d+)*", FLAGS);
    private static final Pattern TYPE = Pattern.compile("i?q\\d(_\\w)*|b?fp?(16|32)", FLAGS);
    private static final Pattern SIZE = Pattern.compile(
            "(([A]|\\d+[x])?\\d+([._]\\d+)?[KMBT][\\d]?|small|mini|medium|large|x?xl)", FLAGS);
    private static final Pattern FINETUNE = Pattern.compile("chat|instruct|vision|lora", FLAGS);
    private static final Pattern NUMBERED =
            Pattern.compile("(v\\d+(?:\\.\\d+)*|\\d.*)", Pattern.UNICODE_CHARACTER_CLASS);

    private enum Role {
        BASENAME,
        SIZE,
        FINETUNE,
        VERSION,
        TYPE
    }

    /**
     * Takes an identifier apart.
     *
     * @param parameters weights of the model, 0 if unknown: a size far from it is a context length, not a size
     */
    static ModelName parse(String identifier, long parameters) {
        if (identifier.indexOf(' ') >= 0) {
            return new ModelName(identifier, null, null, null, null, null);
        }
        int slash = identifier.indexOf('/');
        String organization = slash < 0 ? null : identifier.substring(0, slash);
        String fullName = identifier.substring(slash + 1);
        if (organization != null && organization.startsWith(".")) {
            organization = null;
        }
        List<String> parts = new ArrayList<>(List.of(fullName.split("-")));
        parts.removeIf(String::isEmpty);
        List<Set<Role>> roles = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            roles.add(annotate(parts, i, parameters));
        }
        preferNumbersAsSizes(parts, roles);
        markBasename(parts, roles);

        String basename = join(parts, roles, role -> role.contains(Role.BASENAME));
        String finetune = join(parts, roles, role -> role.contains(Role.FINETUNE));
        String version = join(parts, roles, role -> role.contains(Role.VERSION) && !role.contains(Role.BASENAME));
        Set<String> sizes = IntStream.range(0, parts.size())
                .filter(i -> roles.get(i).contains(Role.SIZE))
                .mapToObj(parts::get)
                .collect(Collectors.toCollection(LinkedHashSet::new));
        String size = sizes.isEmpty() ? null : String.join("-", sizes);
        boolean ambiguous = size == null && finetune == null && version == null;
        return new ModelName(fullName, organization, ambiguous ? null : basename, finetune, version, size);
    }

    /** Words in title case, but for acronyms and numbers: {@code llama-3-instruct} becomes {@code Llama 3 Instruct}. */
    static String title(String name) {
        return Pattern.compile("\\s+", Pattern.UNICODE_CHARACTER_CLASS)
                .splitAsStream(name.strip().replace('-', ' ').strip())
                .map(word -> isLowerCase(word) && !NUMBERED.matcher(word).matches() ? titleCase(word) : word)
                .collect(Collectors.joining(" "));
    }

    private static Set<Role> annotate(List<String> parts, int index, long parameters) {
        String part = parts.get(index);
        Set<Role> roles = EnumSet.noneOf(Role.class);
        if (VERSION.matcher(part).matches()) {
            roles.add(Role.VERSION);
        } else if (TYPE.matcher(part).matches()) {
            roles.add(Role.TYPE);
            parts.set(index, part.toUpperCase(Locale.ROOT));
        } else if (index > 0 && SIZE.matcher(part).matches()) {
            String size = normalizedSize(part);
            if (isContextLength(size, parameters)) {
                roles.add(Role.FINETUNE);
                size = size.substring(0, size.length() - 1) + Character.toLowerCase(size.charAt(size.length() - 1));
            } else {
                roles.add(Role.SIZE);
            }
            parts.set(index, size);
        } else if (index > 0 && FINETUNE.matcher(part).matches()) {
            roles.add(Role.FINETUNE);
        }
        return roles;
    }

    /** Decimal point and unit as usual: {@code 7b1} becomes {@code 7.1B}. */
    private static String normalizedSize(String part) {
        String size = part.replace('_', '.');
        int end = size.length();
        if (Character.isDigit(size.charAt(end - 1))) {
            size = size.substring(0, end - 2) + "." + size.charAt(end - 1) + size.charAt(end - 2);
            end = size.length();
        }
        if (end > 1 && Character.isDigit(size.charAt(end - 2)) && "kmbt".indexOf(size.charAt(end - 1)) >= 0) {
            size = size.substring(0, end - 1) + Character.toUpperCase(size.charAt(end - 1));
        }
        return size;
    }

    /** Whether a size is too far from the model's to be one. */
    private static boolean isContextLength(String size, long parameters) {
        String number = size.substring(0, size.length() - 1);
        if (parameters == 0 || !number.matches("\\d+(\\.\\d+)?")) {
            return false;
        }
        double claimed = Double.parseDouble(number) * Math.pow(1000, " KMBT".indexOf(size.charAt(size.length() - 1)));
        return Math.abs(claimed - parameters) > Math.floorDiv(7 * parameters, 8);
    }

    /** Word sizes (small, large) are no sizes where a number tells one. */
    private static void preferNumbersAsSizes(List<String> parts, List<Set<Role>> roles) {
        boolean numbered = IntStream.range(0, parts.size())
                .anyMatch(i -> roles.get(i).contains(Role.SIZE) && parts.get(i).chars().anyMatch(Character::isDigit));
        for (int i = 0; numbered && i < parts.size(); i++) {
            if (parts.get(i).codePoints().allMatch(Character::isLetter)) {
                roles.get(i).remove(Role.SIZE);
            }
        }
    }

    /** The basename is what leads, without a version that trails it; what is left over is the finetune's. */
    private static void markBasename(List<String> parts, List<Set<Role>> roles) {
        boolean leading = true;
        for (int i = 0; i < parts.size(); i++) {
            Set<Role> role = roles.get(i);
            boolean word = role.isEmpty() && Character.isLetter(parts.get(i).codePointAt(0));
            if (leading && (word || role.contains(Role.VERSION))) {
                role.add(Role.BASENAME);
            } else {
                leading = false;
                if (role.isEmpty()) {
                    role.add(Role.FINETUNE);
                }
            }
        }
        for (int i = parts.size() - 1; i >= 0 && roles.get(i).contains(Role.BASENAME) && roles.get(i).size() > 1; i--) {
            roles.get(i).remove(Role.BASENAME);
        }
    }

    private static String join(List<String> parts, List<Set<Role>> roles, Predicate<Set<Role>> wanted) {
        String joined = IntStream.range(0, parts.size())
                .filter(i -> wanted.test(roles.get(i)))
                .mapToObj(parts::get)
                .collect(Collectors.joining("-"));
        return joined.isEmpty() ? null : joined;
    }

    /** As Python's islower: some letter has a case, and every such letter is lower case. */
    private static boolean isLowerCase(String word) {
        return word.codePoints().anyMatch(Character::isLowerCase)
                && word.codePoints().noneMatch(c -> Character.isUpperCase(c) || Character.isTitleCase(c));
    }

    /** As Python's title: a letter after one without case starts a word. */
    private static String titleCase(String word) {
        StringBuilder title = new StringBuilder();
        boolean inside = false;
        for (int c : word.codePoints().toArray()) {
            title.appendCodePoint(inside ? Character.toLowerCase(c) : Character.toTitleCase(c));
            inside = Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
        }
        return title.toString();
    }
}
