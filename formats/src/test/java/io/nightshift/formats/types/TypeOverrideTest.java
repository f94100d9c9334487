package io.nightshift.formats.types;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.kernels.GgmlType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Expressions of {@code --tensor-type}: what std::regex of GNU's library 12 finds and refuses, recorded from it. */
class TypeOverrideTest {
    @ParameterizedTest
    @CsvSource(
            delimiterString = " ~ ",
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                // What Java reads in the same way.
                "attn_v ~ blk.0.attn_v.weight ~ true",
                "^output ~ output.weight ~ true",
                "^output ~ blk.0.attn_output.weight ~ false",
                "blk\\.(1|2)\\. ~ blk.2.attn_v.weight ~ true",
                "\\d{2} ~ blk.12.attn_v.weight ~ true",
                "(b)l\\1 ~ blb ~ true",
                "(?!a)b ~ abc ~ true",
                "weight$ ~ output.weight ~ true",
                // Classes with names.
                "[[:digit:]]+\\.attn_v ~ blk.12.attn_v.weight ~ true",
                "[[:digit:]]+\\.attn_v|^output ~ output.weight ~ true",
                "^[[:alpha:]]+_embd ~ token_embd.weight ~ true",
                "[[:d:]]k ~ blk.5 ~ false",
                "^[[:w:]-]+$ ~ token_embd ~ true",
                "[.a] ~ x.y ~ true",
                "^[:digit:]+$ ~ digit: ~ true",
                // Letters that mean nothing behind a backslash are letters.
                "\\output ~ output.weight ~ true",
                "\\Q.attn\\E ~ q.attne ~ true",
                "\\h ~ h ~ true",
                "\\h ~ a b ~ false",
                "\\pl ~ pl ~ true",
                "\\A ~ a ~ true",
                "\\z ~ abc ~ false",
                "\\v ~ vv ~ false",
                "\\x61\\u0062 ~ ab ~ true",
                // The whole expression is in lower case.
                "ATTN_V ~ blk.0.attn_v.weight ~ true",
                "\\D ~ 3 ~ true",
                "\\D ~ abc ~ false",
                // Brackets.
                "[]attn_v ~ attn_v ~ false",
                "[^]attn_v ~ .attn_v ~ true",
                "[]-a] ~ a ~ false",
                "[a-z&&[b]] ~ b ~ false",
                "[a&&b] ~ & ~ true",
                "[[a] ~ [ ~ true",
                "[a[b] ~ b ~ true",
                "[\\w-] ~ - ~ true",
                "[a-c-e] ~ d ~ false",
                "[a-c-e] ~ - ~ true",
                "[--a] ~ 0 ~ true",
                "[\\b-z] ~ c ~ true",
                "[[.a.]-z] ~ q ~ true",
                // A second quantifier repeats the first; in Java + makes it possessive.
                "^a++a ~ aaa ~ true",
                "^a*+a ~ aaa ~ true",
                "^a{2}+a ~ aaaaa ~ true",
                "^a**$ ~ aaa ~ true",
                "^a{2}{3}$ ~ aaaaaa ~ true",
                "a} ~ a} ~ true",
                "] ~ ] ~ true",
                "a||b ~ zzz ~ true",
            })
    void findsWhatStdRegexFinds(String expression, String name, boolean found) {
        TypeOverride override = TypeOverride.parse("--tensor-type", expression + "=q8_0");
        assertEquals(found, override.pattern().matcher(name).find());
        assertEquals(GgmlType.Q8_0, override.type());
    }

    @ParameterizedTest
    @CsvSource(
            delimiterString = " ~ ",
            value = {
                "(?i)a ~ knows no (?i",
                "(?<n>a) ~ knows no (?<",
                "(?>a) ~ knows no (?>",
                "\\p{l} ~ braces hold {n}, {n,} or {n,m}",
                "a{,3} ~ braces hold {n}",
                "a{3,2} ~ the smaller number first",
                "a{9999999999} ~ too many",
                "*a ~ there is nothing that * could repeat",
                "^* ~ there is nothing that * could repeat",
                "{ ~ there is nothing that { could repeat",
                "(a ~ a ( is not closed",
                "a) ~ a ) closes nothing",
                "[a ~ a [ is not closed",
                "[[:alpha:] ~ a [ is not closed",
                "[[:foo:]] ~ knows no class [:foo:]",
                "[[:^digit:]] ~ knows no class [:^digit:]",
                "[[:digit:]-z] ~ a class cannot begin a range",
                "[a-\\d] ~ a class cannot end a range",
                "[z-a] ~ the range from z to a is in the wrong order",
                "[\\1] ~ in brackets there are no references",
                "[[.hyphen.]] ~ the collating element 'hyphen'",
                "\\1(a) ~ \\1 stands for no group",
                "(a\\1) ~ \\1 stands for no group",
                "(a)\\10 ~ \\10 stands for no group",
                "\\x6 ~ \\x is followed by 2 hexadecimal digits",
                "\\u006 ~ \\u is followed by 4 hexadecimal digits",
                "\\ca ~ \\c is a control character by the standard and a letter in GNU's library",
                "a\\ ~ nothing behind its last backslash",
                "\u00e9 ~ the character \u00e9 is in no tensor's name",
            })
    void refusesWhatStdRegexRefusesOrReadsAsNobodyExpects(String expression, String reason) {
        String message = assertThrows(InvalidModelException.class, () -> TypeOverride.parse("--tensor-type", expression + "=q8_0"))
                .getMessage();
        assertTrue(message.startsWith("--tensor-type '" + expression + "=q8_0': "), message);
        assertTrue(message.contains(reason), message);
    }

    @Test
    void theFirstEqualsSignEndsTheExpression() {
        String message =
                assertThrows(InvalidModelException.class, () -> TypeOverride.parse("--tensor-type", "(?=a)a=q8_0")).getMessage();
        assertTrue(message.contains("(?"), message);
    }
}
