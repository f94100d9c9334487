#!/usr/bin/env bash
# Measures what docs/scaling.md is worked out from: what a task costs that does nothing, and commands on one and two cores of
# this process, and on 1, 2 and 4 executor processes of one core each. Prints wall seconds, start-up included.
#   benchmarks/scaling.sh [--runs 3] [--only tasks,quantize,parts,calibrate,awq]
# The model is a random Llama of 0.35 B weights. The project has to be built, and nothing else should run on the machine.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
only=tasks,quantize,parts,calibrate,awq
runs=3
while [ $# -gt 0 ]; do
  case $1 in
    --runs) runs=$2 ;;
    --only) only=$2 ;;
    *) echo "unknown option $1" >&2; exit 2 ;;
  esac
  shift 2
done
jar=$here/jobs/target/nightshift-jobs-0.1.0.jar
[ -f "$jar" ] || { echo "build the project first: mvn package -DskipTests" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/spark/jars" "$work/classes"
# Spark starts executors of a local cluster with these.
export SPARK_HOME=$work/spark SPARK_SCALA_VERSION=2.13 SPARK_LOCAL_IP=127.0.0.1
cluster="-Dspark.executor.memory=3g -Dspark.executor.extraClassPath=$jar:$work/classes
  -Dspark.executor.extraJavaOptions=--add-modules=jdk.incubator.vector"
masters=('local[1]' 'local[2]' 'local-cluster[1,1,3072]' 'local-cluster[2,1,3072]' 'local-cluster[4,1,3072]')

model() {
  [ -d "$work/model" ] || python3 "$here/benchmarks/synthetic_llama.py" "$work/model"
  cat "$here"/docs/*.md >"$work/text.txt"
}

calibrate() {
  "$here/nightshift" calibrate --model "$work/model" --data "$work/text.txt" --samples 16 --sequence-length 256 --groups 16 \
    --output "$1" --master "$2"
}

run() {
  local out=$work/out
  case $1 in
    quantize) "$here/nightshift" quantize --model "$work/model" --to gguf:Q4_K_M --output "$out" --master "$2" ;;
    parts) "$here/nightshift" quantize --model "$work/model" --to gguf:Q4_K_M --part-size 5M --output "$out" --master "$2" ;;
    calibrate) calibrate "$out" "$2" ;;
    awq) "$here/nightshift" quantize --model "$work/model" --stats "$work/stats" --to awq --output "$out" --master "$2" ;;
  esac
}

# The launcher's first command keeps the classes that it loaded.
"$here/nightshift" quantize --model "$here/samples/tiny-llama" --to gguf:Q8_0 --output "$work/first" >/dev/null 2>&1

for name in ${only//,/ }; do
  if [ "$name" = tasks ]; then
    javac -cp "$jar:$here/jobs/target/lib/*" -d "$work/classes" "$here/benchmarks/TinyTasks.java"
    for master in "${masters[@]}"; do
      # shellcheck disable=SC2046,SC2086 # options are words
      java $(printf -- '--add-opens=java.base/%s=ALL-UNNAMED ' java.lang java.lang.invoke java.lang.reflect java.io java.net \
        java.nio java.util java.util.concurrent sun.nio.ch sun.nio.cs) -Dlog4j2.configurationFile="$here/conf/log4j2.properties" \
        $cluster -cp "$jar:$work/classes" TinyTasks "$master" 100 1000 10000
    done
    continue
  fi
  model
  [ "$name" != awq ] || [ -d "$work/stats" ] || calibrate "$work/stats" 'local[*]' >/dev/null 2>&1
  for master in "${masters[@]}"; do
    for ((i = 0; i < runs; i++)); do
      rm -rf "$work/out"
      start=$(date +%s.%N)
      NIGHTSHIFT_MEMORY=4g NIGHTSHIFT_JAVA=$cluster run "$name" "$master" >"$work/said" 2>&1 || { cat "$work/said" >&2; exit 1; }
      echo "$(date +%s.%N) - $start" | bc
    done | sort -g | awk -v what="$name $master" '
      { v[NR] = $1 }
      END { if (NR) printf "%s: %.1f s\n", what, v[int((NR + 1) / 2)] }'
    tail -n 1 "$work/said"
  done
done
