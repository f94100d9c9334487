"""Runs every notebook from top to bottom in a folder beside out/, as tests/run fills it, and looks at what its cells show."""

import pathlib
import sys

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

folder = pathlib.Path(sys.argv[1])
MODELS = ["tiny-llama-Q4_K_M.gguf", "tiny-llama-Q2_K.gguf"]


def check(condition, message):
    if not condition:
        sys.exit(f"FAILED: {message}")
    print(f"ok: {message}")


def shown(cell, kind):
    """What a cell shows of a kind, as text."""
    return [output.data[kind] for output in cell.outputs if kind in output.get("data", {})]


for path in sorted(pathlib.Path(__file__).resolve().parents[1].glob("*.ipynb")):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    try:
        NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    except CellExecutionError as e:
        check(False, f"{path.name}: {e}")
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(cells, start=1):
        warnings = [output.text for output in cell.outputs if output.get("name") == "stderr"]
        check(not warnings, f"{path.name}, cell {number}, runs without a warning" + "".join(warnings))
        plots = "imshow" in cell.source or ".plot" in cell.source
        kind, name = ("image/png", "plot") if plots else ("text/html", "table")
        check(shown(cell, kind), f"{path.name}, cell {number}, shows a {name}")
    tables = "".join(table for cell in cells for table in shown(cell, "text/html"))
    for model in MODELS:
        check(model in tables, f"{path.name} has {model} in a table")
