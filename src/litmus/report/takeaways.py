"""What captions of several figures have in common: how often the model is wrong, and what it confuses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from litmus.evidence import Evidence
from litmus.report.scene import Scene
from litmus.task import kind_of
from litmus.verdict.wording import figure, name_from_data, percent


@final
@dataclass(frozen=True)
class Pair:
    """One class taken for another.

    Args:
        true: Code of the true class.
        predicted: Code of the one predicted.
        count: Rows.
        share: Of the rows of the true class.
        text: In words.
    """

    true: int
    predicted: int
    count: int
    share: float
    text: str


def share_wrong(scene: Scene) -> str:
    """How many rows are decided wrongly, or how far off numbers are."""
    predicted = scene.scored
    if predicted is None:
        return "no row was scored."
    if kind_of(scene.evidence.task.kind).numeric:
        off = float(np.median(np.abs((predicted.target.double() - predicted.pred.double()).numpy())))
        return f"half of the {predicted.split} rows are within {figure(off)} of what is predicted."
    wrong, n = int((predicted.target != predicted.pred).sum()), len(predicted.target)
    return f"{wrong:,} of {n:,} {predicted.split} rows ({percent(wrong / max(n, 1))}) are decided wrongly."


def matrix_of(evidence: Evidence) -> tuple[str, np.ndarray]:
    """The split that is shown, and its confusions, rows true."""
    split = evidence.scored if evidence.scored in evidence.confusion else next(iter(evidence.confusion))
    return split, np.asarray(evidence.confusion[split], dtype=np.int64)


def confused_pairs(evidence: Evidence) -> list[Pair]:
    """Every class that is taken for another, those with the most rows first, between equals the larger share."""
    _, matrix = matrix_of(evidence)
    totals = matrix.sum(1)
    found = [
        _pair(evidence.task.classes, int(i), int(j), int(matrix[i, j]), int(totals[i]))
        for i, j in zip(*np.nonzero(matrix), strict=True)
        if i != j
    ]
    return sorted(found, key=lambda pair: (-pair.count, -pair.share))


def next_pair(found: Sequence[Pair]) -> str:
    """The pair after the first, as a clause."""
    return f"; then {found[1].text}" if len(found) > 1 else ""


def _pair(classes: Sequence[str], true: int, predicted: int, count: int, total: int) -> Pair:
    share = count / max(total, 1)
    names = f"{name_from_data(classes[true])} is taken for {name_from_data(classes[predicted])}"
    return Pair(true, predicted, count, share, f"{names}: {count:,} of {total:,} rows ({percent(share)})")
