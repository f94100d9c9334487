#!/usr/bin/env bash
# A long text through DJL's Hugging Face tokenizer.
#
# Guess: HuggingFaceTokenizer.newInstance(path) does what tokenizer.json says, as tokenizers.Tokenizer.from_file does: a file
#   without truncation gives all tokens.
# Seen (DJL tokenizers 0.38.0): truncation is on unless it is switched off, at 512 tokens where neither the file nor an option
#   names a length. A text of 3,000 words gives 512 tokens and no overflow; only Encoding.exceedMaxLength() tells. The option
#   truncation=false gives all 3,000.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for tool in javac mvn; do command -v $tool >/dev/null || { echo "needs $tool"; exit 2; }; done

cat > pom.xml <<'XML'
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId><artifactId>finding</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>ai.djl.huggingface</groupId>
      <artifactId>tokenizers</artifactId><version>0.38.0</version></dependency>
  </dependencies>
</project>
XML
cat > Truncation.java <<'JAVA'
import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.nio.file.*;
import java.util.Map;

public class Truncation {
    public static void main(String[] args) throws Exception {
        System.out.println("DJL tokenizers 0.38.0");
        Path file = Path.of("tokenizer.json");
        Files.writeString(file, """
                {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
                 "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
                 "model": {"type": "WordLevel", "vocab": {"[UNK]": 0, "word": 1}, "unk_token": "[UNK]"}}
                """);
        String text = "word ".repeat(3000);
        Encoding byDefault;
        try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.newInstance(file)) {
            byDefault = tokenizer.encode(text);
        }
        Encoding switchedOff;
        try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.newInstance(file, Map.of("truncation", "false"))) {
            switchedOff = tokenizer.encode(text);
        }
        System.out.println("by default: " + byDefault.getIds().length + " tokens, " + byDefault.getOverflowing().length
                + " overflowing, exceedMaxLength " + byDefault.exceedMaxLength());
        System.out.println("truncation=false: " + switchedOff.getIds().length + " tokens");
        boolean holds = byDefault.getIds().length == 512 && byDefault.getOverflowing().length == 0
                && switchedOff.getIds().length == 3000;
        System.out.println(holds ? "PASS" : "FAIL: this has changed");
        System.exit(holds ? 0 : 1);
    }
}
JAVA
mvn -q -B -ntp org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DoutputDirectory=lib >mvn.log 2>&1 ||
  { tail -n 5 mvn.log; echo "the packages could not be installed"; exit 2; }
javac -cp "lib/*" Truncation.java
export DJL_OFFLINE=true OPT_OUT_TRACKING=true
java -cp "lib/*:." Truncation 2>err.log || { grep -E "Exception|Error" err.log | head -n 5; exit 1; }
