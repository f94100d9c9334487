"""The DAGs against the real Airflow: imported without an error, and a task of theirs run by a real spark-submit.

    python conf/airflow/tests/test_dags.py DAGS_FOLDER SAMPLE_MODEL OUTPUT
"""

import json
import pathlib
import sys

dags, sample, output = sys.argv[1:]
sys.path.insert(0, dags)

import pendulum  # noqa: E402
from airflow.dag_processing.dagbag import DagBag  # noqa: E402
from airflow.sdk import dag  # noqa: E402

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

from nightshift_tasks import read_result, run_nightshift  # noqa: E402


@dag(schedule=None, start_date=pendulum.datetime(2026, 1, 1), catchup=False)
def sample_quantize():
    run_nightshift(["quantize", "--model", sample, "--to", "gguf:Q4_K_M", "--output", output])


run = sample_quantize().test()
check(str(run.state).endswith("success"), f"dag.test() with a real spark-submit ends in {run.state}")
made = pathlib.Path(output) / f"{pathlib.Path(sample).name}-Q4_K_M.gguf"
check(made.exists() and made.read_bytes()[:4] == b"GGUF", f"{made.name} is a GGUF file")


def result(run_id, status):
    """Leaves a result as batch does, and hands it to the task that reads it."""
    folder = pathlib.Path(output) / "runs" / run_id
    folder.mkdir(parents=True)
    made = {"target": "gguf:Q4_K_M", "status": status, "location": "here", "error": "truncated; copy it again"}
    (folder / "result.json").write_text(json.dumps({"run": run_id, "models": [{"name": "m", "outputs": [made]}]}))
    return read_result.function(output, run_id)


check(result("good", "complete") == {"run": "good", "outputs": ["here"]}, "read_result hands the outputs on")
for name, act, words in [
    ("a failed output", lambda: result("bad", "failed"), "m gguf:Q4_K_M: failed, truncated; copy it again"),
    ("a run without a result", lambda: read_result.function(output, "none"), "did not come to its end"),
]:
    try:
        act()
        check(False, f"read_result fails for {name}")
    except (RuntimeError, FileNotFoundError) as e:
        check(words in str(e), f"read_result fails for {name}: {words}")
