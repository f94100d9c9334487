"""The DAGs against the real Airflow: imported without an error, and nights run by a real spark-submit.

tests/run prepares what it needs: the folder of the DAGs, and a manifest of the sample with its output.
"""

import json
import os
import pathlib
import subprocess
import sys

from airflow.dag_processing.dagbag import DagBag

dags = os.environ["AIRFLOW__CORE__DAGS_FOLDER"]
output = pathlib.Path(os.environ["NIGHTSHIFT_OUTPUT"])
home = pathlib.Path(__file__).resolve().parents[3]
nightshift, sample = home / "nightshift", home / "samples" / "tiny-llama"
sys.path.insert(0, dags)

EXPECTED = {
    "nightshift_night": ["nightshift", "read_result"],
    "nightshift_models": ["command_lines", "nightshift", "outputs", "read_result", "split"],
    "nightshift_kubernetes": ["nightshift", "read_result"],
}


def check(condition, message):
    if not condition:
        sys.exit(f"FAILED: {message}")
    print(f"ok: {message}")


bag = DagBag(dag_folder=dags)
check(not bag.import_errors, f"no import error {bag.import_errors}")
for name, tasks in EXPECTED.items():
    check(name in bag.dags, f"{name} is there")
    check(sorted(bag.dags[name].task_ids) == tasks, f"{name} has {tasks}")

from nightshift_models import split  # noqa: E402
from nightshift_tasks import read_result  # noqa: E402

# What YAML has other values for than its text (22:00 is 1320) comes to batch as it was written.
manifest = output.parent / "split.yaml"
manifest.write_text(f"""
output: {output}
until: 22:00
time-zone: Europe/Berlin
defaults: {{targets: gguf:Q8_0}}
models:
  - {{model: {sample}, name: 2026-11-28}}
  - {{model: {sample}, name: 1e3, targets: [gguf:Q4_K_M], priority: 5}}
""")
for entry, words in zip(split.function(str(manifest), str(output.parent / "split"), "night"),
                        (["2026-11-28", "gguf:Q8_0"], ["1e3", "gguf:Q4_K_M"]), strict=True):
    said = subprocess.run([nightshift, "batch", "--explain", "--manifest", entry["manifest"]],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    wanted = ["22:00", "Europe/Berlin", entry["output"], *words]
    check(said.returncode == 0 and all(word in said.stdout for word in wanted),
          f"batch takes the manifest of one entry: {' '.join(wanted)}" + said.stdout * bool(said.returncode))

for name, below in ("nightshift_night", output), ("nightshift_models", output / "000"):
    run = bag.dags[name].test()
    check(str(run.state).endswith("success"), f"dag.test() of {name}, with a real spark-submit, ends in {run.state}")
    for kind in "Q4_K_M", "Q8_0":
        made = below / "tiny-llama" / f"tiny-llama-{kind}.gguf"
        check(made.exists() and made.read_bytes()[:4] == b"GGUF", f"{made.relative_to(output)} is a GGUF file")


def result(run_id, status):
    """Leaves a result as batch does, and hands it to the task that reads it."""
    folder = output / "runs" / run_id
    folder.mkdir(parents=True)
    made = {"target": "gguf:Q4_K_M", "status": status, "location": "here", "error": "truncated; copy it again"}
    (folder / "result.json").write_text(json.dumps({"run": run_id, "models": [{"name": "m", "outputs": [made]}]}))
    return read_result.function(str(output), run_id)


check(result("good", "complete") == {"run": "good", "outputs": ["here"]}, "read_result hands the outputs on")
for name, act, words in [
    ("a failed output", lambda: result("bad", "failed"), "m gguf:Q4_K_M: failed, truncated; copy it again"),
    ("a run without a result", lambda: read_result.function(str(output), "none"), "did not come to its end"),
]:
    try:
        act()
        check(False, f"read_result fails for {name}")
    except (RuntimeError, FileNotFoundError) as e:
        check(words in str(e), f"read_result fails for {name}: {words}")
