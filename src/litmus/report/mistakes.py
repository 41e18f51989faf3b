"""Which rows are worth a look: the worst and a typical one of each kind of mistake, and labels that look wrong."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch

from litmus.evidence import Evidence
from litmus.metrics.answers import Predictions
from litmus.task import kind_of
from litmus.verdict.wording import figure, name_from_data, percent

MOST_CELLS = 6  # of the confusion matrix
WORST = 3
MOST_LABEL_ERRORS = 12


@final
@dataclass(frozen=True)
class Choice:
    """A row to look at.

    Args:
        row: The source's row number.
        why: "most wrong", "typical" or "barely right".
        target: What is true, in words; `pred` is what was predicted.
        sure: How sure the model was of what it predicted; "" where it gives no probability.
    """

    row: int
    why: str
    target: str
    pred: str
    sure: str = ""


@final
@dataclass(frozen=True)
class Kind:
    """A kind of mistake, and rows of it.

    Args:
        title: What happened how often.
        rows: The worst first.
    """

    title: str
    rows: tuple[Choice, ...]


def mistakes(predicted: Predictions, evidence: Evidence) -> list[Kind]:
    """Kinds of mistakes, those with the most rows first; where one class is positive also how it is found.

    Args:
        predicted: Of the scored split.
        evidence: Of the run.
    """
    if predicted.prob is None:
        return list(_of_numbers(predicted))
    if not bool(predicted.prob.isfinite().all()):
        return []
    return list(_of_classes(predicted, predicted.prob, evidence))


def label_errors(evidence: Evidence) -> list[int]:
    """Numbers of the training rows whose label is contradicted most surely."""
    noise = evidence.data.noise
    return list(noise.rows[:MOST_LABEL_ERRORS]) if noise is not None else []


def _of_classes(predicted: Predictions, prob: torch.Tensor, evidence: Evidence) -> Iterator[Kind]:
    target, pred = predicted.target.numpy(), predicted.pred.numpy()
    names = [name_from_data(label) for label in evidence.task.classes]
    k = len(names)
    counts = np.bincount(target * k + pred, minlength=k * k).reshape(k, k)
    wrong = [(int(i), int(j)) for i, j in zip(*np.nonzero(counts), strict=True) if i != j]
    wrong.sort(key=lambda cell: -counts[cell])
    right = [(1, 1)] if kind_of(evidence.task.kind).has_positive and k == 2 and counts[1, 1] else []
    for i, j in [*wrong[:MOST_CELLS], *right]:
        places = np.flatnonzero((target == i) & (pred == j))
        sure = prob[torch.from_numpy(places), j].numpy()
        order = places[np.argsort(-sure if i != j else sure, kind="stable")]
        total = int(counts[i].sum())
        what = f"{names[i]} taken for {names[j]}" if i != j else f"{names[i]} found"
        title = f"{what}: {len(places):,} of {total:,} rows ({percent(len(places) / total)})"
        rows = [
            Choice(int(predicted.rows[at]), why, names[i], names[j], percent(float(prob[at, j])))
            for at, why in _picked(order, "most wrong" if i != j else "barely right")
        ]
        yield Kind(title, tuple(rows))


def _of_numbers(predicted: Predictions) -> Iterator[Kind]:
    off = (predicted.pred.double() - predicted.target.double()).numpy()
    known = np.isfinite(off)
    for way, side in (("low", off < 0), ("high", off > 0)):
        places = np.flatnonzero(known & side)
        if not len(places):
            continue
        order = places[np.argsort(-np.abs(off[places]), kind="stable")]
        title = f"Predicted too {way}: {len(places):,} of {int(known.sum()):,} rows"
        rows = [
            Choice(int(predicted.rows[at]), why, figure(float(predicted.target[at])), figure(float(predicted.pred[at])))
            for at, why in _picked(order, "most wrong")
        ]
        yield Kind(title, tuple(rows))


def _picked(order: np.ndarray, worst: str) -> Sequence[tuple[int, str]]:
    """The first few, and the one in the middle."""
    found = [(int(at), worst) for at in order[:WORST]]
    middle = int(order[len(order) // 2])
    return found if middle in order[:WORST] else [*found, (middle, "typical")]
