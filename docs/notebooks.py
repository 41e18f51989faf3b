"""Runs the example notebooks and keeps what they show: `python docs/notebooks.py` (extra `docs`)."""

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent / "notebooks"
KEPT = ("text/plain", "text/html", "image/png")


def executed(path: Path) -> nbformat.NotebookNode:
    """The notebook with the outputs of a run in an empty folder, less what another run would show otherwise."""
    notebook = nbformat.read(path, as_version=4)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(notebook, timeout=300, resources={"metadata": {"path": folder}}).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", ()):
            if "data" in output:
                output.data = {kind: output.data[kind] for kind in KEPT if kind in output.data}
    return notebook


if __name__ == "__main__":
    names = sys.argv[1:] or [path.stem for path in sorted(FOLDER.glob("*.ipynb"))]
    for name in names:
        nbformat.write(executed(FOLDER / f"{name}.ipynb"), FOLDER / f"{name}.ipynb")
