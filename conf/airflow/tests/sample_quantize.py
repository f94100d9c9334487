"""The sample quantized by a task as the DAGs have it: put among them by tests/run, for dag.test() runs no other."""

import os

import pendulum
from airflow.sdk import dag
from nightshift_tasks import run_nightshift


@dag(schedule=None, start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), catchup=False)
def sample_quantize():
    run_nightshift([
        "quantize", "--model", os.environ["SAMPLE_MODEL"], "--to", "gguf:Q4_K_M", "--output", os.environ["SAMPLE_OUTPUT"]
    ])


sample_quantize()
