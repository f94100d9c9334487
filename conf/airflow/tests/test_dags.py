"""The DAGs against the real Airflow: imported without an error, and a task of theirs run by a real spark-submit.

tests/run prepares what it needs: AIRFLOW__CORE__DAGS_FOLDER, SAMPLE_MODEL, SAMPLE_OUTPUT.
"""

import json
import os
import pathlib
import sys

from airflow.dag_processing.dagbag import DagBag

dags = os.environ["AIRFLOW__CORE__DAGS_FOLDER"]
sample = pathlib.Path(os.environ["SAMPLE_MODEL"])
output = pathlib.Path(os.environ["SAMPLE_OUTPUT"])
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

from nightshift_tasks import read_result  # noqa: E402

run = bag.dags["sample_quantize"].test()
check(str(run.state).endswith("success"), f"dag.test() with a real spark-submit ends in {run.state}")
made = output / f"{sample.name}-Q4_K_M.gguf"
check(made.exists() and made.read_bytes()[:4] == b"GGUF", f"{made.name} is a GGUF file")


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
