"""Runs as their directories tell of them, without training anything or importing torch."""

import csv
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from litmus.errors import CheckpointError
from litmus.verdict.criteria import lower_is_better

RUN_FILES = ("config.yaml", "status.json")
ASIDE = frozenset({"name", "output_dir", "resume", "fail_on", "test", "logger", "hydra", "verdict", "criteria"})
MAX_SETTINGS = 5000  # more is no config of ours


@final
@dataclass(frozen=True, kw_only=True)
class Record:
    """One run directory.

    Args:
        directory: As found.
        status: finished, failed, interrupted, running or unreadable.
        reason: Why it did not finish; None if it did.
        settings: Dotted config keys to JSON texts, without the seed and what does not touch the result.
        seed: Of the run.
        monitor: Logged name that selected its weights, such as `val/loss`.
        value: Of the monitor, for the weights in use; None if unknown.
        scores: Split to metric to `value`, `low`, `high`, `n`.
        primary: Name of the primary metric; None if unknown.
        verdict: Its verdict; None without one.
    """

    directory: Path
    status: str
    reason: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    monitor: str = "val/loss"
    value: float | None = None
    scores: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    primary: str | None = None
    verdict: str | None = None

    def score(self, name: str, split: str = "val") -> float | None:
        """A metric's value on a split."""
        score = self.scores.get(split, {}).get(name)
        value = score.get("value") if isinstance(score, Mapping) else None
        return float(value) if isinstance(value, int | float) else None


def find_runs(words: Sequence[str | Path], *, output_dir: str = "outputs") -> list[Path]:
    """Run directories at or below `words`, in the order of their names; `last` is the run or sweep begun last.

    Raises:
        CheckpointError: A directory does not exist, or there is no run in any of them.
    """
    places = [last(Path(output_dir)) if str(word) == "last" else Path(word) for word in words]
    for place in places:
        if not place.is_dir():
            raise CheckpointError(f"{place}: no such directory; give run or sweep directories, or last")
    found = list(dict.fromkeys(run for place in places for run in sorted(runs_below(place), key=_natural)))
    if not found:
        listed = ", ".join(map(str, places))
        raise CheckpointError(f"{listed}: holds no run (no config.yaml); start one with litmus train")
    return found


def runs_below(place: Path) -> Iterator[Path]:
    """Run directories at or below a place; what a run keeps inside itself is not looked at."""
    for folder, names, files in os.walk(place):
        names[:] = sorted(name for name in names if not name.startswith("."))
        if any(file in files for file in RUN_FILES):
            names.clear()
            yield Path(folder)


def last(output_dir: Path) -> Path:
    """The sweep, or the run, that was begun last below a directory; raises CheckpointError if there is none."""
    runs = list(runs_below(output_dir)) if output_dir.is_dir() else []
    if not runs:
        raise CheckpointError(f"{output_dir}: holds no run that last could mean; start one with litmus train")
    newest = max(runs, key=lambda run: max((run / n).stat().st_mtime_ns for n in RUN_FILES if (run / n).exists()))
    return newest.parent if is_sweep(newest.parent) else newest


def is_sweep(directory: Path) -> bool:
    """Whether a directory is a sweep's."""
    return (directory / "multirun.yaml").is_file() or directory.name.startswith("sweep_")


def read_run(directory: Path) -> Record:
    """What a run directory tells; what is missing or damaged makes it `unreadable`, with the reason."""
    try:
        config = _config(directory / "config.yaml")
        status = _json(directory / "status.json")
        state = str(status.get("status", "unknown"))
        metrics = _json(directory / "metrics.json") if (directory / "metrics.json").is_file() else {}
        verdict = _json(directory / "verdict.json") if (directory / "verdict.json").is_file() else {}
        monitor = str(config.get("monitor", "val/loss"))
        return Record(
            directory=directory,
            status=state,
            reason=None if state == "finished" else str(status.get("reason") or "no reason given"),
            settings=_settings(config),
            seed=config.get("seed"),
            monitor=monitor,
            value=_monitored(directory, monitor, use=_use(config)),
            scores={split: metrics[split] for split in ("val", "test") if isinstance(metrics.get(split), Mapping)},
            primary=_primary(directory),
            verdict=verdict.get("verdict"),
        )
    except (OSError, ValueError) as error:
        return Record(directory=directory, status="unreadable", reason=f"{type(error).__name__}: {error}")


def _config(path: Path) -> dict[str, Any]:
    import yaml

    text = path.read_text(encoding="utf-8")
    try:
        # aliases can make 200 bytes a mapping of billions; what we write has none
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.CSafeLoader)):
            raise ValueError(f"{path.name} holds YAML aliases")
        config = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(f"{path.name} is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(config, dict):
        raise ValueError(f"{path.name} holds no mapping")  # noqa: TRY004  # the file's fault, not a caller's
    return config


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path.name} is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path.name} holds no object")  # noqa: TRY004  # as above
    return content


def _settings(config: Mapping[str, Any]) -> dict[str, str]:
    flat = dict(_flat(config))
    if len(flat) > MAX_SETTINGS:
        raise ValueError(f"config.yaml holds {len(flat)} settings")
    return {key: text for key, text in flat.items() if key != "seed" and key.partition(".")[0] not in ASIDE}


def _flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in config.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{key}.")
        elif key.endswith("._target_"):
            yield key.removesuffix("._target_"), str(value).rpartition(".")[2]
        else:
            yield key, value if isinstance(value, str) else json.dumps(value, default=str)


def _use(config: Mapping[str, Any]) -> str:
    callback = config.get("callback")
    checkpoint = callback.get("checkpoint") if isinstance(callback, Mapping) else None
    return str(checkpoint.get("use", "best")) if isinstance(checkpoint, Mapping) else "best"


def _monitored(directory: Path, monitor: str, *, use: str) -> float | None:
    """The monitored value of the weights in use, from history.csv."""
    path = directory / "history.csv"
    if not path.is_file():
        return None
    with path.open(encoding="utf-8", newline="") as file:
        values = [float(row[monitor]) for row in csv.DictReader(file) if row.get(monitor)]
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return None
    if use == "last":
        return finite[-1]
    return min(finite) if lower_is_better(monitor.partition("/")[2]) else max(finite)


def _primary(directory: Path) -> str | None:
    path = directory / "evidence.json"
    task = _json(path).get("task") if path.is_file() else None
    return task.get("primary") if isinstance(task, Mapping) else None


def _natural(path: Path) -> tuple[tuple[int, str], ...]:
    """Sorts `2_x` before `10_x`."""
    import re

    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", str(path)))
