"""A task for each entry of a manifest, mapped when the DAG runs: for clusters that share work between applications.

Each gets a manifest of its own entry, and an output of its own below the night's: an output has one writer at a time. As
each entry gets all defaults, every default has to have an effect on every entry; and no glob knows of the folders that
other entries name.
"""

import pendulum
import yaml
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import ObjectStoragePath, dag, task
from nightshift_tasks import MANIFEST, OUTPUT, RUN_ID, hadoop, nightshift, read_result


def field(table, name):
    return next(value for key, value in table.value if key.value == name)


def cut(whole, entry, output):
    """A manifest of one entry, with another output. Nodes are put together, not values: to PyYAML, 22:00 is the number 1320."""
    models = yaml.SequenceNode("tag:yaml.org,2002:seq", [entry])
    own = {"output": yaml.ScalarNode("tag:yaml.org,2002:str", output), "models": models}
    return yaml.MappingNode(whole.tag, [(key, own.get(key.value, value)) for key, value in whole.value])


@task
def split(manifest, output, night):
    """A manifest for each entry; returns where they are and where their outputs go."""
    whole = yaml.compose(ObjectStoragePath(manifest).read_text(), Loader=yaml.SafeLoader)
    folder = ObjectStoragePath(output) / "manifests" / night
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for number, entry in enumerate(field(whole, "models").value):
        own = f"{output.rstrip('/')}/{number:03d}"
        path = folder / f"{number:03d}.yaml"
        path.write_text(yaml.serialize(cut(whole, entry, hadoop(own))))
        entries.append({"manifest": f"{output.rstrip('/')}/manifests/{night}/{path.name}", "output": own})
    return entries


@task
def command_lines(entries, night):
    return [["batch", "--manifest", hadoop(entry["manifest"]), "--run-id", night] for entry in entries]


@task
def outputs(entries):
    return [entry["output"] for entry in entries]


@dag(
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    tags=["nightshift"],
)
def nightshift_models():
    entries = split(MANIFEST, OUTPUT, RUN_ID)
    runs = SparkSubmitOperator.partial(**nightshift(max_active_tis_per_dagrun=4)).expand(
        application_args=command_lines(entries, RUN_ID)
    )
    runs >> read_result.partial(night=RUN_ID).expand(output=outputs(entries))


nightshift_models()
