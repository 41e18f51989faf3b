"""`litmus card <run|last|best> [output=]`: a model card as Markdown."""

import json
from pathlib import Path
from typing import Any

from litmus.commands.judge import save, stored_evidence
from litmus.config.command_words import path_of
from litmus.disk import write_text
from litmus.errors import CheckpointError, ConfigError
from litmus.report.card import model_card
from litmus.report.pages import from_here
from litmus.report.terminal import Terminal
from litmus.run.paths import Paths
from litmus.sweeps.places import find_run
from litmus.verdict import Verdict

NAME = "model_card.md"


def main(run: str, *, output: str | None = None, output_dir: str = "outputs") -> None:
    """Writes the card of a finished run, with what its maker has to fill in marked as such.

    Args:
        run: Run directory, last or best.
        output: File to write, .md; None: model_card.md in the run.
        output_dir: Where `last` and `best` are looked for.

    Raises:
        InputError: There is no such run, it did not finish, or the file exists already or cannot be written.
    """
    terminal = Terminal()
    if output is not None and path_of(output).suffix.lower() not in {".md", ".markdown"}:
        raise ConfigError(f"output={output}: must end in .md")
    directory = find_run(run, output_dir=output_dir, tell=terminal.line)
    path = directory / NAME if output is None else path_of(output)
    if path.exists():
        raise ConfigError(f"{path}: exists already, perhaps filled in; give another file by output=<file.md>")
    paths = Paths(directory)
    text = model_card(
        _verdict(directory),
        stored_evidence(paths),
        provenance=_provenance(directory),
        directory=from_here(directory),
    )
    save(lambda: write_text(path, text), path)
    terminal.line(f"card: {path}; fill in what is marked")


def _verdict(directory: Path) -> Verdict:
    path = directory / "verdict.json"
    try:
        return Verdict.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: cannot be read; write it anew with litmus judge {directory}") from error


def _provenance(directory: Path) -> dict[str, Any]:
    """provenance.json; empty where there is none that can be read."""
    try:
        content = json.loads((directory / "provenance.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
