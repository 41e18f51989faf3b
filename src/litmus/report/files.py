"""The files of a run directory that others read."""

import csv
import io
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litmus.config.command_words import as_typed
from litmus.disk import write_text
from litmus.evidence import Evidence, plain
from litmus.verdict import Verdict

if TYPE_CHECKING:  # this module also serves commands that must not wait for torch
    from litmus.metrics.answers import Predictions

MAIN_PACKAGES = (
    *("litmus", "torch", "lightning", "torchmetrics", "hydra-core", "omegaconf"),
    *("numpy", "polars", "scikit-learn", "scipy", "tensorboard"),
)
GIT_SECONDS = 0.5
_held: dict[str, Any] | None = None  # see `hold_git_state`
written: list[Path] = []
"""The JSON files that this process has written, in order: what `--json` prints is one of them."""
Table = tuple[list[str], Iterable[Sequence[object]]]


def write_json(path: Path, value: object) -> None:
    """Plain types as strict JSON; what is not finite is null."""
    written.append(path)
    write_text(path, json.dumps(plain(value), ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table with quotes where they are needed."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_text(path, text.getvalue())


def write_metrics(directory: Path, evidence: Evidence) -> None:
    """metrics.json: val and test as in `split_metrics`, the threshold in use, and the scores of repeated fits."""
    content: dict[str, Any] = {
        split: split_metrics(evidence, split) for split in ("val", "test") if split in evidence.scores
    }
    content["threshold"] = evidence.task.threshold
    if evidence.splits:
        content["splits"] = [{"split_seed": int(seed), **scores} for seed, scores in evidence.splits.items()]
    if evidence.seeds:
        content["seeds"] = [{"seed": int(seed), **scores} for seed, scores in evidence.seeds.items()]
    if evidence.folds:
        content["folds"] = [dict(fold) for fold in evidence.folds]
    write_json(directory / "metrics.json", content)


def split_metrics(evidence: Evidence, split: str) -> dict[str, Any]:
    """Scores of a split with intervals, rows and baselines, per class and averaged over classes, and its confusion."""
    content: dict[str, Any] = {name: asdict(score) for name, score in evidence.scores[split].items()}
    if per_class := evidence.per_class.get(split):
        content["per_class"] = {
            label: {name: asdict(score) for name, score in scores.items()} for label, scores in per_class.items()
        }
    if matrix := evidence.confusion.get(split):
        from litmus.scoring.confusion import averages

        content["averages"] = averages(matrix)
        content["confusion"] = {"labels": list(evidence.task.classes), "matrix": matrix}
    return content


def write_evidence(directory: Path, evidence: Evidence) -> None:
    """evidence.json."""
    write_text(directory / "evidence.json", evidence.to_json())


def write_verdict(directory: Path, verdict: Verdict) -> None:
    """verdict.json."""
    written.append(directory / "verdict.json")
    write_text(directory / "verdict.json", verdict.to_json())


def write_predictions(directory: Path, predictions: Iterable["Predictions"], classes: Sequence[str] = ()) -> None:
    """predictions.csv: row, split, target, pred and each class's probability; labels as text, val before test.

    Args:
        directory: Where to.
        predictions: Of val and test.
        classes: Labels in code order; empty in regression.
    """
    header = ["row", "split", "target", "pred", *(f"prob_{label}" for label in classes)]
    write_csv(
        directory / "predictions.csv", header, (row for predicted in predictions for row in _rows(predicted, classes))
    )


def write_provenance(directory: Path, content: Mapping[str, Any]) -> None:
    """provenance.json; see `provenance`."""
    write_json(directory / "provenance.json", content)


def provenance(
    *,
    command: Sequence[str],
    overrides: Sequence[str],
    seeds: Sequence[int],
    data: Mapping[str, Any],
    hardware: str = "cpu",
    engine: str | None = None,
) -> dict[str, Any]:
    """What it takes to make a run again.

    Args:
        command: The words typed.
        overrides: Of the config.
        seeds: Of the run.
        data: `path`, `sha256` and `rows` of the source.
        hardware: What the trainer ran on.
        engine: The loop that trained: lean or stock, as in `trainer.loop`.
    """
    return {
        "command": list(command),
        "overrides": list(overrides),
        "git": _held or git_state(),
        "packages": packages(),
        "hardware": {"device": hardware, "machine": platform.machine(), "processors": os.cpu_count()},
        "engine": engine,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "seeds": list(seeds),
        "data": dict(data),
    }


def job_overrides(directory: Path) -> list[str]:
    """The overrides that Hydra composed a run of, as they are typed; empty where it was not started by Hydra."""
    lines = _hydra_file(directory, "overrides.yaml")
    return [as_typed(str(line)) for line in lines] if isinstance(lines, list) else []


def choices(directory: Path) -> dict[str, str]:
    """The option that a run took of each group; empty where it was not started by Hydra."""
    node = _of_hydra(directory, "runtime", "choices")
    return {str(group): str(option) for group, option in node.items() if option} if isinstance(node, Mapping) else {}


def swept(directory: Path) -> frozenset[str] | None:
    """The keys and groups that vary over the jobs of the sweep that a run belongs to; None where it is no job."""
    job = _of_hydra(directory, "job") or {}
    number, varying = job.get("num"), job.get("override_dirname")
    if not isinstance(number, int) or not isinstance(varying, str):  # of a single run they are ???
        return None
    return frozenset(line.partition("=")[0].lstrip("+~") for line in varying.split("|") if "=" in line)


def _of_hydra(directory: Path, *names: str) -> Any:
    """A node of what Hydra kept of its own settings; None where there is none."""
    node = _hydra_file(directory, "hydra.yaml")
    for name in ("hydra", *names):
        node = node.get(name) if isinstance(node, Mapping) else None
    return node


def _hydra_file(directory: Path, name: str) -> Any:
    path = directory / ".hydra" / name
    return _loaded(path.absolute(), path.stat().st_mtime_ns) if path.is_file() else None


@lru_cache(maxsize=2)
def _loaded(path: Path, changed: int) -> Any:  # noqa: ARG001  # the cache sees it
    """A file that one run asks several things of."""
    import yaml

    return yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)


def packages(names: Iterable[str] = MAIN_PACKAGES) -> dict[str, str]:
    """Versions of the packages that decide what a run computes, without importing them."""
    return {name: _version(name) for name in names}


@cache
def _version(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:  # run from a source tree that is not installed
        return str(getattr(sys.modules.get(name), "__version__", "unknown"))


def hold_git_state() -> None:
    """Has this process, which runs many jobs with the code that it has loaded, note them with the commit of now."""
    global _held  # noqa: PLW0603  # a fact of the process
    _held = git_state()


def git_state(directory: Path | None = None) -> dict[str, Any]:
    """Commit and dirtiness of the working directory's repository; None where there is none, or git is too slow."""
    try:
        answer = subprocess.run(
            ["git", "status", "--porcelain=v2", "--branch", "--untracked-files=no", "--ignore-submodules"],  # noqa: S607  # the user's git
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=GIT_SECONDS,
            check=True,
        ).stdout.splitlines()
    except (OSError, subprocess.SubprocessError):
        return {"commit": None, "dirty": None}
    commit = next((line.split()[-1] for line in answer if line.startswith("# branch.oid ")), None)
    return {
        "commit": None if commit == "(initial)" else commit,
        "dirty": any(not line.startswith("#") for line in answer),
    }


def _rows(predicted: "Predictions", classes: Sequence[str]) -> Iterable[list[object]]:
    probs = predicted.prob.tolist() if predicted.prob is not None else [[] for _ in predicted.rows]
    columns = (predicted.rows.tolist(), predicted.target.tolist(), predicted.pred.tolist(), probs)
    for row, target, pred, prob in zip(*columns, strict=True):
        named = [classes[target], classes[pred]] if classes else [target, pred]
        yield [row, predicted.split, *named, *prob]
