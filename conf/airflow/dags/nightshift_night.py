"""One night, one Spark application: everything on the manifest."""

import pendulum
from airflow.sdk import dag
from nightshift_tasks import MANIFEST, OUTPUT, RUN_ID, hadoop, read_result, run_nightshift


@dag(
    schedule="0 22 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Berlin"),
    catchup=False,
    max_active_runs=1,
    tags=["nightshift"],
)
def nightshift_night():
    # The manifest's own output has to be NIGHTSHIFT_OUTPUT: the next task looks for the result there.
    night = run_nightshift(["batch", "--manifest", hadoop(MANIFEST), "--run-id", RUN_ID])
    night >> read_result(OUTPUT, RUN_ID)


nightshift_night()
