"""Trained models row by row: what they say of the same validation rows, from their predictions.csv."""

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import NDArray

from litmus.statistics import Interval, paired_mean_difference

SMALLEST = 1e-7  # probability below which a log loss is cut, as float32 does
KEPT = 64  # runs whose rows are kept in memory, for each is compared with several others
Array = NDArray[np.float64]


@final
@dataclass(frozen=True, eq=False)
class ValRows:
    """What one run says of its validation rows, in the order of their numbers.

    Args:
        rows: (n,) the source's row numbers.
        target: (n,) class codes, or numbers in the target's unit.
        pred: (n,) as `target`.
        prob: (n, classes) probabilities; None in regression.
        labels: Of the classes, in code order.
    """

    rows: Array
    target: Array
    pred: Array
    prob: Array | None = None
    labels: tuple[str, ...] = ()

    def same_rows(self, other: "ValRows") -> bool:
        """Whether the other one's rows, classes and targets are the same."""
        return (
            self.labels == other.labels
            and np.array_equal(self.rows, other.rows)
            and np.array_equal(self.target, other.target)
        )

    def losses(self, name: str) -> tuple[str, Array]:
        """What of each row is compared for a metric of this name, and its value (n,): less is better."""
        if self.prob is None:
            return "squared error", (self.target - self.pred) ** 2
        if name in {"loss", "log_loss", "brier", "ece"}:
            of_target = self.prob[np.arange(len(self.target)), self.target.astype(np.int64)]
            return "log loss", -np.log(np.maximum(of_target, SMALLEST))
        return "error rate", (self.target != self.pred).astype(np.float64)


def difference(first: Path, second: Path, name: str) -> tuple[str, int, Interval] | None:
    """Mean over the validation rows of first's minus second's loss; None where the rows are not the same.

    Args:
        first: A run directory.
        second: Another.
        name: Metric that ranks them; losses are compared as losses, all else by right and wrong answers.

    Returns:
        What was compared, the number of rows, and the difference (negative: the first is better).
    """
    a, b = read_rows(first), read_rows(second)
    if a is None or b is None or len(a.rows) < 2 or not a.same_rows(b):
        return None
    what, losses = a.losses(name)
    return what, len(a.rows), paired_mean_difference(losses, b.losses(name)[1])


def read_rows(directory: Path) -> ValRows | None:
    """The validation rows of a run; None where it left none that can be read."""
    path = directory / "predictions.csv"
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError:
        return None


@lru_cache(maxsize=KEPT)
def _read(path: Path, _written: int) -> ValRows | None:
    with path.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        header = next(lines, [])
        kept = [line for line in lines if len(line) == len(header) > 3 and line[1] == "val"]
    labels = tuple(name.removeprefix("prob_") for name in header[4:])
    codes = {label: float(code) for code, label in enumerate(labels)}
    try:
        rows = np.array([float(line[0]) for line in kept])
        target, pred = (
            np.array([codes[line[at]] if labels else float(line[at]) for line in kept], np.float64) for at in (2, 3)
        )
        prob = np.array([[float(cell) for cell in line[4:]] for line in kept], np.float64) if labels else None
    except (KeyError, ValueError):
        return None
    order = np.argsort(rows, kind="stable")
    return ValRows(rows[order], target[order], pred[order], None if prob is None else prob[order], labels)
