#!/usr/bin/env bash
# Times whole commands of this build, and of another one beside it, in turns: medians of wall and CPU seconds, and their ratios.
#   benchmarks/commands.sh [--against FOLDER] [--llama-quantize PROGRAM] [--runs 5] [--only NAME,...]
#     --against         the folder of another build of Nightshift, such as a worktree of an earlier commit, with jobs/target built
#     --llama-quantize  a program of llama.cpp, for the row that is held against it
# The commands are: the help, a refused command, inspect and the main command on the sample; 0.35 B weights to Q4_K_M; a night of
# eight copies of the sample; and of a layer of a 7B model with 4,096 tokens the calibration, AWQ, and Q4_K_M with scales and rounding.
# JAVA_HOME says which JDK. Nothing else should run on the machine. What is written goes to a temporary folder.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
against=""
reference=""
runs=5
only=help,refused,inspect,sample,large,night,calibrate,awq,rounded
while [ $# -gt 0 ]; do
  case $1 in
    --against) against=$(cd "$2" && pwd) ;;
    --llama-quantize) reference=$2 ;;
    --runs) runs=$2 ;;
    --only) only=$2 ;;
    *) echo "unknown option $1" >&2; exit 2 ;;
  esac
  shift 2
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sample=$here/samples/tiny-llama
export NIGHTSHIFT_MEMORY=${NIGHTSHIFT_MEMORY:-4g}

# The statistics that a build made, by its folder or its launcher.
stats() {
  local build=${1%/nightshift}
  echo "$work/stats${build//\//-}"
}

# What a command is run on.
prepare() {
  case $1 in
    large) [ -d "$work/large" ] || python3 "$here/benchmarks/synthetic_llama.py" "$work/large" ;;
    night)
      for i in 1 2 3 4 5 6 7 8; do mkdir -p "$work/copies"; cp -r "$sample" "$work/copies/model-$i"; done
      printf '{"output": "%s", "defaults": {"targets": ["gguf:Q4_K_M", "gguf:Q8_0"]}, "models": [{"model": "%s/*"}]}' \
        "$work/out" "$work/copies" >"$work/night.json" ;;
    calibrate | awq | rounded)
      [ -d "$work/layer" ] || python3 "$here/benchmarks/synthetic_llama.py" "$work/layer" \
        --hidden 4096 --feed-forward 11008 --layers 1 --heads 32 --key-heads 32
      cat "$here"/docs/*.md >"$work/text.txt"
      # Each build by its own statistics: formats of files kept between commands differ from build to build.
      for build in "$here" ${against:+"$against"}; do
        [ "$1" = calibrate ] || [ -d "$(stats "$build")" ] ||
          calibrate "$build/nightshift" "$(stats "$build")" >/dev/null 2>&1
      done ;;
  esac
}

calibrate() {
  "$1" calibrate --model "$work/layer" --data "$work/text.txt" --samples 8 --sequence-length 512 --output "$2" \
    --master 'local[*]'
}

# The commands, by their names; $out is empty before each.
run() {
  case $2 in
    help) "$1" --help ;;
    refused) "$1" quantize --model "$work/nothing" --to gguf:Q4_0 --output "$out" || [ $? -eq 2 ] ;;
    inspect) "$1" inspect "$sample" ;;
    sample) "$1" quantize --model "$sample" --to gguf:Q4_K_M,gguf:Q8_0 --output "$out" --master 'local[*]' ;;
    large) "$1" quantize --model "$work/large" --to gguf:Q4_K_M --output "$out" --master 'local[*]' ;;
    night) "$1" batch --manifest "$work/night.json" --master 'local[*]' ;;
    calibrate) calibrate "$1" "$out" ;;
    awq)
      "$1" quantize --model "$work/layer" --stats "$(stats "$1")" --to awq --output "$out" \
        --master 'local[*]' ;;
    rounded)
      "$1" quantize --model "$work/layer" --stats "$(stats "$1")" --to gguf:Q4_K_M --scales awq \
        --rounding gptq --output "$out" --master 'local[*]' ;;
  esac
}

# Wall and CPU seconds of a command.
timed() {
  out=$work/out
  rm -rf "$out"
  local TIMEFORMAT='%R %U %S'
  { time run "$@" >"$work/said" 2>&1; } 2>"$work/time" || { cat "$work/said" >&2; echo "$* failed" >&2; exit 1; }
  tail -n 1 "$work/time" | awk '{ print $1, $2 + $3 }'
}

median() { sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

of() { awk -v c="$2" '{ print $c }' "$1" | median; }

row() {
  printf '| %s | %s | %s |' "$1" "$(of "$2" 1)" "$(of "$2" 2)"
  if [ -n "${3:-}" ]; then
    awk -v a="$(of "$2" 1)" -v b="$(of "$3" 1)" -v c="$(of "$2" 2)" -v d="$(of "$3" 2)" \
      'BEGIN { printf " %s | %s | %.2f | %.2f |", b, d, a / b, c / d }'
  fi
  printf '\n'
}

echo "| command | wall | CPU |${against:+ other build: wall | CPU | ratio of wall | of CPU |}"
echo "|---|---|---|${against:+---|---|---|---|}"
for name in ${only//,/ }; do
  prepare "$name"
  builds=("$here")
  # A night by single commands is what batch is held against: an earlier build may have none.
  [ -z "$against" ] || [ "$name" = night ] || builds+=("$against")
  for build in "${builds[@]}"; do timed "$build/nightshift" "$name" >/dev/null; done # the file of loaded classes, page cache
  for ((i = 0; i < runs; i++)); do
    for build in "${builds[@]}"; do timed "$build/nightshift" "$name" >>"$work/$name-${build//\//-}"; done
  done
  row "$name" "$work/$name-${here//\//-}" ${builds[1]:+"$work/$name-${against//\//-}"}
  if [ "$name" = large ] && [ -n "$reference" ]; then
    "$here/nightshift" quantize --model "$work/large" --to gguf:BF16 --output "$work/bf16" >/dev/null 2>&1
    for ((i = 0; i < runs; i++)); do
      TIMEFORMAT='%R %U %S'
      { time "$reference" "$work/bf16/large-BF16.gguf" "$work/reference.gguf" Q4_K_M 2 >/dev/null 2>&1; } 2>"$work/time"
      tail -n 1 "$work/time" | awk '{ print $1, $2 + $3 }' >>"$work/reference"
    done
    row "llama-quantize" "$work/reference"
  fi
done
