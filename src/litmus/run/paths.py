"""Where a run keeps what, and which run the word `last` means."""

from dataclasses import dataclass
from pathlib import Path
from typing import final

from litmus.errors import CheckpointError


@final
@dataclass(frozen=True)
class Paths:
    """The files of one run directory."""

    directory: Path

    @property
    def config(self) -> Path:
        return self.directory / "config.yaml"

    @property
    def status(self) -> Path:
        return self.directory / "status.json"

    @property
    def log(self) -> Path:
        return self.directory / "log.txt"

    @property
    def checkpoints(self) -> Path:
        return self.directory / "checkpoints"

    @property
    def best(self) -> Path:
        return self.checkpoints / "best.ckpt"

    @property
    def last(self) -> Path:
        return self.checkpoints / "last.ckpt"

    @property
    def history(self) -> Path:
        return self.directory / "history.csv"

    @property
    def evidence(self) -> Path:
        return self.directory / "evidence.json"

    @property
    def verdict(self) -> Path:
        return self.directory / "verdict.json"


def find_run(word: str, *, output_dir: str = "outputs") -> Path:
    """The run directory that `word` names: a directory, a checkpoint in one, or `last`.

    Raises:
        CheckpointError: There is none.
    """
    if word == "last":
        return last_run(Path(output_dir))
    path = Path(word)
    if path.suffix == ".ckpt" and path.parent.name == "checkpoints":
        path = path.parent.parent
    if not path.is_dir():
        raise CheckpointError(f"{word}: no such run directory; give the folder that holds verdict.json, or last")
    if not (path / "config.yaml").is_file():
        inside = sorted(child.parent.name for child in path.glob("*/config.yaml"))
        if inside:  # a sweep's directory, or an experiment's
            raise CheckpointError(f"{word}: holds {len(inside)} runs; give one of them, such as {path / inside[-1]}")
        raise CheckpointError(f"{word}: holds no run (no config.yaml); give a run's own folder, or last")
    return path


def last_run(output_dir: Path) -> Path:
    """The run directory below `output_dir` that was started last; raises CheckpointError if there is none."""
    runs = [path.parent for path in output_dir.rglob("status.json") if (path.parent / "config.yaml").is_file()]
    if not runs:
        raise CheckpointError(f"{output_dir}: holds no run that last could mean; start one with litmus train")
    return max(runs, key=lambda run: (run / "config.yaml").stat().st_mtime_ns)


def find_checkpoint(word: str, *, output_dir: str = "outputs") -> Path:
    """The checkpoint file that `word` names: a file, a run directory (its best), or `last`.

    Raises:
        CheckpointError: There is none.
    """
    path = Path(word)
    if word != "last" and not path.is_dir():
        if not path.is_file():
            raise CheckpointError(f"{word}: no such checkpoint; give a .ckpt file, a run directory or last")
        return path
    paths = Paths(find_run(word, output_dir=output_dir))
    for file in (paths.best, paths.last):
        if file.is_file():
            return file
    raise CheckpointError(f"{paths.directory}: this run has no checkpoint yet; train it on with resume={word}")
