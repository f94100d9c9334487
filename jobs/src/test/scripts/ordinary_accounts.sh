#!/usr/bin/env bash
# Runs the launcher where users' systems are ordinary: (1) on a host whose own name does not resolve; (2) under a user id
# that /etc/passwd does not know; (3) under a service account without a writable home, with a folder of another user where
# DJL would unpack its libraries, in a working directory that it may not write; (4) with an output on a file system that is
# full. Needs Linux, root and `mvn package` before; prints "skipped" where something is missing.
#   ordinary_accounts.sh
set -u
root=$(cd "$(dirname "$0")/../../../.." && pwd)
failures=0

skip() { echo "SKIPPED: $1"; exit 0; }
[ "$(uname)" = Linux ] || skip "not Linux"
[ "$(id -u)" = 0 ] || skip "needs root"
for tool in unshare setpriv mount; do command -v $tool >/dev/null || skip "no $tool"; done
[ -f "$root/jobs/target/nightshift-jobs-0.1.0.jar" ] || skip "not built: run mvn package first"

work=$(mktemp -d /tmp/nightshift-accounts-XXXXXX)
full=$work/full
trap 'umount "$full" 2>/dev/null; rm -rf "$work"' EXIT
chmod 755 "$work"
# A copy that everybody can read, as another user's checkout is.
mkdir -p "$work/checkout/jobs/target"
cp -r "$root/nightshift" "$root/conf" "$work/checkout"
cp -r "$root/jobs/target/lib" "$root/jobs/target/nightshift-jobs-0.1.0.jar" "$work/checkout/jobs/target"
cp -r "$root/samples/tiny-llama" "$work/spm"
cp -r "$root/formats/src/test/resources/families/qwen3" "$work/bpe"
seq 1 4000 | sed 's/^/the number is /' > "$work/text.txt"
chmod -R a+rX "$work"
nightshift=$work/checkout/nightshift

check() { # NAME EXPECTED_EXIT_CODE PATTERN_OF_STDERR OUTPUT... ; reads $code
  if [ "$code" != "$2" ]; then echo "FAILED $1: exit code $code, not $2: $(tail -n 2 "$work/err")"; failures=1; return; fi
  if ! grep -q -- "$3" "$work/err"; then echo "FAILED $1: no '$3' in: $(tail -n 2 "$work/err")"; failures=1; return; fi
  if grep -q "^	at " "$work/err"; then echo "FAILED $1: a stack trace"; failures=1; return; fi
  shift 3
  for output in "$@"; do [ -e "$output" ] || { echo "FAILED: no $output"; failures=1; return; }; done
  echo "passed: $output"
}

folder() { mkdir -p "$work/$1"; chown "$2" "$work/$1"; echo "$work/$1"; }

out=$(folder name 0)
unshare --uts sh -c 'hostname no-such-host-xyz; exec "$@"' sh \
  "$nightshift" quantize --model "$work/spm" --to gguf:Q8_0 --output "$out" 2>"$work/err"; code=$?
check "host name" 0 "" "$out/spm-Q8_0.gguf"

out=$(folder user 12345)
as() { (cd / && HOME=/nonexistent setpriv --reuid "$1" --regid "$1" --clear-groups "${@:2}"); }
as 12345 "$nightshift" quantize --model "$work/spm" --to gguf:Q8_0 --output "$out" 2>"$work/err"; code=$?
check "unknown user" 0 "" "$out/spm-Q8_0.gguf"

# Somebody else's folder where DJL unpacks by default.
mkdir -p /tmp/.djl.ai && chmod 700 /tmp/.djl.ai
out=$(folder service 12346)
as 12346 "$nightshift" quantize --model "$work/bpe" --to gguf:Q8_0 --output "$out" 2>"$work/err"; code=$?
check "service account, BPE" 0 "" "$out/bpe-Q8_0.gguf"
as 12346 "$nightshift" calibrate --model "$work/spm" --data "$work/text.txt" --samples 4 --output "$out/statistics" \
  2>"$work/err"; code=$?
check "service account, calibrate" 0 "" "$out/statistics/calibration.json"

as 12346 "$nightshift" quantize --model "$work/spm" --to gguf:Q8_0 --output "$work/spm" 2>"$work/err"; code=$?
check "output that may not be written" 2 "permission denied; choose another output folder" "$work/spm"
chmod 000 "$work/bpe/model.safetensors"
as 12346 "$nightshift" quantize --model "$work/bpe" --to gguf:F16 --output "$out" 2>"$work/err"; code=$?
check "weights that may not be read" 2 "cannot be read: permission denied" "$work/bpe"
chmod 644 "$work/bpe/model.safetensors"

mkdir -p "$full" && mount -t tmpfs -o size=600k tmpfs "$full"
for command in "quantize --to gguf:F16" "quantize --to awq --scales none --rounding nearest" \
  "calibrate --data $work/text.txt --samples 8"; do
  # shellcheck disable=SC2086
  "$nightshift" $command --model "$work/spm" --output "$full/out" 2>"$work/err"; code=$?
  check "full disk: $command" 1 "No space left on device" "$full"
  left=$(find "$full" -mindepth 1)
  [ -z "$left" ] || { echo "FAILED full disk: $command left $left"; failures=1; rm -rf "${full:?}"/*; }
done
"$nightshift" quantize --to awq --stats "$out/statistics" --model "$work/spm" --output "$work/with-work" --work "$full/work" \
  2>"$work/err"; code=$?
check "full disk in --work" 1 "$full/work" "$full"
left=$(find "$full" "$work/with-work" -mindepth 1 -not -path "$full/work" -not -path "$full/work/kept-*" 2>/dev/null)
[ -z "$left" ] || { echo "FAILED full disk in --work left $left"; failures=1; }
# What was done is kept for the next run, which goes on with it once there is room, and removes it.
mount -o remount,size=64m "$full"
"$nightshift" quantize --to awq --stats "$out/statistics" --model "$work/spm" --output "$work/with-work" --work "$full/work" \
  2>"$work/err"; code=$?
check "room in --work again" 0 "" "$work/with-work/spm-AWQ/config.json"
left=$(find "$full" -mindepth 1 -not -path "$full/work")
[ -z "$left" ] || { echo "FAILED room in --work again left $left"; failures=1; }

mount -o remount,size=4k "$full"
"$nightshift" evaluate --model "$work/spm" --quantized "$work/with-work/spm-AWQ" --data "$work/text.txt" --context 64 \
  --chunks 2 --parquet "$full/table" >"$work/figures" 2>"$work/err"; code=$?
check "full disk: a table" 1 "$full/table: No space left on device" "$full"
grep -q perplexity "$work/figures" || { echo "FAILED full disk: a table: no figures"; failures=1; }
left=$(find "$full" -mindepth 1 -not -path "$full/work")
[ -z "$left" ] || { echo "FAILED full disk: a table left $left"; failures=1; }

[ -z "$(find /tmp -maxdepth 1 -name 'nightshift-1234[56]-*')" ] || { echo "FAILED: temporary folders were left"; failures=1; }
exit $failures
