"""One night on Kubernetes, run by the Spark operator (sparkoperator.k8s.io)."""

import os

import pendulum
from airflow.providers.cncf.kubernetes.operators.spark_kubernetes import SparkKubernetesOperator
from airflow.sdk import dag
from nightshift_tasks import MANIFEST, OUTPUT, RETRIES, RUN_ID, hadoop, read_result

IMAGE = os.environ.get("NIGHTSHIFT_IMAGE", "nightshift:0.1.0")
NAMESPACE = os.environ.get("NIGHTSHIFT_NAMESPACE", "nightshift")
ROLE = {"cores": 4, "memory": "4g", "javaOptions": "--add-modules=jdk.incubator.vector"}

APPLICATION = {
    "spark": {
        "apiVersion": "sparkoperator.k8s.io/v1beta2",
        "kind": "SparkApplication",
        "metadata": {"namespace": NAMESPACE},
        "spec": {
            "type": "Scala",
            "mode": "cluster",
            "sparkVersion": "4.2.0",
            "image": IMAGE,
            "mainClass": "io.nightshift.jobs.cli.Nightshift",
            "mainApplicationFile": "local:///opt/nightshift/nightshift-jobs-0.1.0-spark.jar",
            "arguments": ["batch", "--manifest", hadoop(MANIFEST), "--run-id", RUN_ID],
            # Airflow tries again, and the run id lets it; the operator must not do so at the same time.
            "restartPolicy": {"type": "Never"},
            "driver": {**ROLE, "serviceAccount": "nightshift"},
            "executor": {**ROLE, "instances": 8},
        },
    }
}


@dag(
    schedule="0 22 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Berlin"),
    catchup=False,
    max_active_runs=1,
    tags=["nightshift"],
)
def nightshift_kubernetes():
    night = SparkKubernetesOperator(
        task_id="nightshift", namespace=NAMESPACE, template_spec=APPLICATION, get_logs=True, **RETRIES
    )
    night >> read_result(OUTPUT, RUN_ID)


nightshift_kubernetes()
