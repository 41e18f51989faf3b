"""Runs as their directories tell of them, without training anything or importing torch."""

import csv
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from litmus.config import RunConfig
from litmus.disk import holder
from litmus.errors import CheckpointError
from litmus.metrics import lower_is_better

RUN_FILES = ("config.yaml", "status.json")
ASIDE = frozenset(
    {"name", "output_dir", "resume", "fail_on", "test", "logger", "hydra", "verdict", "criteria", "sweep"}
)
KILLED = "no process of this machine works in it: it was killed, or runs on another machine"
MAX_SETTINGS = 5000  # more is no config of ours


@final
@dataclass(frozen=True, kw_only=True)
class Record:
    """One run directory.

    Args:
        directory: As found.
        status: finished, failed, interrupted, running or unreadable.
        reason: Why it did not finish, or ended early; None if there is nothing to say.
        settings: Dotted config keys to JSON texts, without the seed and what does not touch the result.
        seed: Of the run.
        monitor: Logged name that selected its weights, such as `val/loss`.
        value: Of the monitor, for the weights in use; None if unknown.
        scores: Split to metric to `value`, `low`, `high`, `n`; test also where it was read after the run.
        primary: Name of the primary metric; None if unknown.
        verdict: Its verdict; None without one.
        data: Its data and target in words, alike for the same rows alone; "" if unknown.
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
    data: str = ""

    def score(self, name: str, split: str = "val") -> float | None:
        """A metric's value on a split."""
        score = self.scores.get(split, {}).get(name)
        value = score.get("value") if isinstance(score, Mapping) else None
        return float(value) if isinstance(value, int | float) else None

    def bounds(self, name: str, split: str = "val") -> tuple[float | None, float | None]:
        """The 95 % interval of a metric on a split."""
        score = self.scores.get(split, {}).get(name)
        low, high = (score.get(key) for key in ("low", "high")) if isinstance(score, Mapping) else (None, None)
        return low, high


def find_runs(places: Sequence[Path]) -> list[Path]:
    """Run directories at or below some places, in the order of their names.

    Raises:
        CheckpointError: There is no run in any of them.
    """
    found = list(dict.fromkeys(run for place in places for run in runs_in(place)))
    if not found:
        listed = ", ".join(map(str, places))
        raise CheckpointError(f"{listed}: holds no run (no config.yaml); start one with litmus train")
    return found


def runs_in(place: Path) -> list[Path]:
    """Run directories at or below a place, in the order of their names: 2_x before 10_x."""
    return sorted(runs_below(place), key=_natural)


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
    newest = max(runs, key=_begun)
    return sweep_of(newest) or newest


def sweep_of(run: Path) -> Path | None:
    """The directory of the sweep that a run is a job of; None if it is none."""
    if is_sweep(run.parent):
        return run.parent
    # a job's folder may lie deeper, where hydra.sweep.subdir says so
    return next((folder for folder in run.parents[1:3] if (folder / "multirun.yaml").is_file()), None)


def _begun(run: Path) -> int:
    """When a run was begun, or gone on with: config.yaml is written then and never again."""
    file = run / "config.yaml"
    return (file if file.exists() else run / "status.json").stat().st_mtime_ns


def is_sweep(directory: Path) -> bool:
    """Whether a directory is a sweep's."""
    return (directory / "multirun.yaml").is_file() or directory.name.startswith("sweep_")


def read_run(directory: Path) -> Record:
    """What a run directory tells; what is missing or damaged makes it `unreadable`, with the reason."""
    try:
        config = _config(directory / "config.yaml")
        status = _json(directory / "status.json")
        state, reason = str(status.get("status", "unknown")), status.get("reason")
        if state == "running" and holder(directory) is None:
            state, reason = "interrupted", KILLED
        metrics = _json(directory / "metrics.json") if (directory / "metrics.json").is_file() else {}
        verdict = _json(directory / "verdict.json") if (directory / "verdict.json").is_file() else {}
        known = RunConfig(config)
        task = _task(directory)
        return Record(
            directory=directory,
            status=state,
            reason=reason if state == "finished" else str(reason or "no reason given"),
            settings=_settings(config),
            seed=known.value("seed"),
            monitor=known.monitor,
            value=_monitored(directory, known.monitor, use=known.checkpoint.use),
            scores=_scores(directory, metrics),
            primary=task.get("primary"),
            verdict=verdict.get("verdict"),
            data=_data(directory, str(task.get("target", ""))),
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


def _scores(directory: Path, metrics: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Scores of val and test; of a winner, whose test split was read after its sweep, from evaluation.json."""
    found = {split: metrics[split] for split in ("val", "test") if isinstance(metrics.get(split), Mapping)}
    path = directory / "evaluation.json"
    if "test" not in found and path.is_file():
        later = _json(path)
        if later.get("own_test") is True and isinstance(later.get("test"), Mapping):
            found["test"] = later["test"]
    return found


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
    return min(finite) if lower_is_better(monitor) else max(finite)


def _task(directory: Path) -> Mapping[str, Any]:
    path = directory / "evidence.json"
    task = _json(path).get("task") if path.is_file() else None
    return task if isinstance(task, Mapping) else {}


def _data(directory: Path, target: str) -> str:
    """The data's name with the beginning of their digest, and the target."""
    path = directory / "provenance.json"
    known = _json(path).get("data") if path.is_file() else None
    if not isinstance(known, Mapping):
        return ""
    digest = str(known.get("sha256") or "")[:8]
    return f"{known.get('path')}{f' ({digest})' if digest else ''}{f', target {target}' if target else ''}"


def _natural(path: Path) -> tuple[tuple[int, str], ...]:
    """Sorts `2_x` before `10_x`."""
    import re

    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", str(path)))
