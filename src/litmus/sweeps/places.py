"""Which run, sweep or checkpoint a word names: one reader of `last`, `best` and paths for all commands."""

from collections.abc import Callable
from pathlib import Path

from litmus.config.command_words import path_of
from litmus.errors import CheckpointError
from litmus.run.paths import Paths
from litmus.sweeps.leaderboard import rank
from litmus.sweeps.records import is_sweep, last, read_run, runs_in

WORDS = ("last", "best")


def find_place(word: str, *, output_dir: str = "outputs") -> Path:
    """The run or sweep directory, or any other folder, that `word` names.

    Args:
        word: A folder, a checkpoint in a run, `last` (the run or sweep begun last below `output_dir`) or `best` (the
            same run, or the winner of the same sweep).
        output_dir: Where `last` and `best` are looked for.

    Raises:
        CheckpointError: There is none.
    """
    if word in WORDS:
        place = last(path_of(output_dir))
        return winner(place) if word == "best" and is_sweep(place) else place
    path = path_of(word)
    if path.suffix == ".ckpt" and path.parent.name == "checkpoints":
        path = path.parent.parent
    if not path.is_dir():
        raise CheckpointError(f"{word}: no such directory; give a run or sweep directory, or last")
    return path


def find_run(word: str, *, output_dir: str = "outputs", tell: Callable[[str], None] | None = None) -> Path:
    """The run directory that `word` names, as in `find_place`; of a sweep, the winner's.

    Args:
        word: As in `find_place`.
        output_dir: As in `find_place`.
        tell: Called with a line that says which run was taken, where the word alone does not.

    Raises:
        CheckpointError: There is none, or no job of the sweep has finished.
    """
    place = run = find_place(word, output_dir=output_dir)
    if not (run / "config.yaml").is_file():
        if not is_sweep(run):
            raise CheckpointError(_no_run(word, run))
        run = winner(run)
    if tell is not None and (word in WORDS or run != place):
        sweep = run.parent if word == "best" and is_sweep(run.parent) else place
        tell(f"{word}: {run}" + ("" if run == sweep else f", the best of its sweep on {read_run(run).monitor}"))
    return run


def find_checkpoint(word: str, *, output_dir: str = "outputs", tell: Callable[[str], None] | None = None) -> Path:
    """The checkpoint file that `word` names: a file, or the best one of what `find_run` finds.

    Raises:
        CheckpointError: There is none.
    """
    path = path_of(word)
    if word not in WORDS and not path.is_dir():
        if not path.is_file():
            raise CheckpointError(f"{word}: no such checkpoint; give a .ckpt file, a run directory or last")
        return path
    paths = Paths(find_run(word, output_dir=output_dir, tell=tell))
    for file in (paths.best, paths.last):
        if file.is_file():
            return file
    raise CheckpointError(f"{paths.directory}: this run has no checkpoint yet; train it on with resume={word}")


def winner(sweep: Path) -> Path:
    """The run of a sweep's best settings that did best itself, on validation; raises CheckpointError if none ended."""
    runs = runs_in(sweep)
    entries = rank([read_run(run) for run in runs]).entries
    if not entries:
        message = f"none of its {len(runs)} jobs has finished; go on with litmus train resume={sweep}"
        raise CheckpointError(f"{sweep}: {message}")
    return entries[0].best.directory


def _no_run(word: str, place: Path) -> str:
    inside = sorted(child.parent for child in place.glob("*/config.yaml"))
    if inside:  # an experiment's folder
        return f"{word}: holds {len(inside)} runs; give one of them, such as {inside[-1]}"
    return f"{word}: holds no run (no config.yaml); give a run's own folder, or last"
