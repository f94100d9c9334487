"""What the DAGs of this folder share: a task that runs Nightshift, and one that reads what it left."""

import json
import os

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import ObjectStoragePath, task

JAR = os.environ.get("NIGHTSHIFT_JAR", "/opt/nightshift/nightshift-jobs-0.1.0-spark.jar")
MANIFEST = os.environ.get("NIGHTSHIFT_MANIFEST", "s3://models/tonight.yaml")
OUTPUT = os.environ.get("NIGHTSHIFT_OUTPUT", "s3://quantized/tonight")

# The same for all retries of a task: a retry takes the output's lease over at once, and makes only what is missing.
RUN_ID = "{{ run_id | replace(':', '-') | replace('+', '-') }}"

RETRIES = {"retries": 2, "retry_delay": 60}


def hadoop(location):
    """A location as Nightshift writes it: Airflow and fsspec say s3://, Hadoop s3a://."""
    return location.replace("s3://", "s3a://", 1) if location.startswith("s3://") else location


def nightshift(task_id="nightshift", **options):
    """The options of a SparkSubmitOperator that runs Nightshift; application_args are its command line."""
    return dict(
        task_id=task_id,
        conn_id=os.environ.get("NIGHTSHIFT_SPARK_CONNECTION", "spark_default"),
        application=JAR,
        java_class="io.nightshift.jobs.cli.Nightshift",
        properties_file=os.environ.get("NIGHTSHIFT_SPARK_PROPERTIES"),
        name="nightshift",
        **RETRIES,
        **options,
    )


def run_nightshift(application_args, **options):
    return SparkSubmitOperator(**nightshift(application_args=application_args, **options))


@task(trigger_rule="all_done")
def read_result(output, night):
    """What a night came to. spark-submit returns nothing: result.json, written last, says it.

    night is the run's id. Fails where there is no result of this very run (it did not come to its end), or an output is missing.
    """
    path = ObjectStoragePath(output) / "runs" / night / "result.json"
    if not path.exists():
        raise FileNotFoundError(f"{path}: the run did not come to its end; its log says why")
    result = json.loads(path.read_text())
    wrong = [
        f"{model['name']} {made['target']}: {made['status']}, {made.get('error', 'no reason given')}"
        for model in result["models"]
        for made in model["outputs"]
        if made["status"] != "complete"
    ]
    if wrong:
        raise RuntimeError(f"{len(wrong)} outputs are not as asked for:\n" + "\n".join(wrong))
    return {
        "run": result["run"],
        "outputs": [made["location"] for model in result["models"] for made in model["outputs"]],
    }
