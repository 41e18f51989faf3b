"""How much the score of the best of many settings owes to its having been chosen on the rows that score it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np
from numpy.typing import NDArray

from litmus.metrics import Metric, lower_is_better, measure
from litmus.statistics import Interval, corrected_best
from litmus.sweeps.leaderboard import Entry, Leaderboard
from litmus.sweeps.pairing import ValRows, read_rows

if TYPE_CHECKING:
    from litmus.metrics.answers import Answers

DRAWS = 200
FEWEST_DRAWS = 30
MOST_CELLS = 500_000  # rows times runs that are looked at; the last of the board go first
MOST_LOOKUPS = 20_000_000  # rows times runs times draws: a few seconds
Array = NDArray[np.float64]


@final
@dataclass(frozen=True, kw_only=True)
class Optimism:
    """The winner's score on val, and what is left of it when rows that did not choose it score it.

    Args:
        metric: Which score.
        best: Of the winner on val.
        corrected: Its bias-corrected estimate with interval.
        settings: How many were chosen from.
        rows: Of val.
    """

    metric: str
    best: float
    corrected: Interval
    settings: int
    rows: int

    @property
    def gained(self) -> float:
        """By how much the best looks better than it is, at least 0."""
        lost = self.best - self.corrected.value
        return max(0.0, -lost if lower_is_better(self.metric) else lost)


def optimism(board: Leaderboard) -> Optimism | None:
    """Of the first entry among all; None where there is no choice, or the runs did not predict the same rows.

    Source: bootstrap bias-corrected cross-validation, Tsamardinos et al. (2018), on one held-out split.
    """
    if len(board.entries) < 2:
        return None
    found = _members(board.entries)
    name = board.metric.partition("/")[2]
    primary = board.primary or name
    reported = measure(primary)
    if found is None or not isinstance(reported, Metric):
        return None
    entries, runs = found
    groups = np.repeat(np.arange(len(entries)), [len(rows) for rows in entries])
    n = len(runs[0].rows)
    losses = np.stack([run.losses(name)[1] for run in runs])
    chosen_by = measure(name)
    sign = -1.0 if lower_is_better(name) else 1.0

    def choose(rows: NDArray[np.intp]) -> Array:
        if isinstance(chosen_by, Metric):
            return sign * _means(_compute(chosen_by, runs, rows), groups)
        return -_means(losses[:, rows].mean(1), groups)

    def report(rows: NDArray[np.intp]) -> Array:
        return _means(_compute(reported, runs, rows), groups)

    draws = int(np.clip(MOST_LOOKUPS // (n * len(runs)), FEWEST_DRAWS, DRAWS))
    corrected = corrected_best(choose, report, n, draws=draws)
    best = float(report(np.arange(n))[0])
    if not np.isfinite([best, corrected.value]).all():
        return None
    return Optimism(metric=primary, best=best, corrected=corrected, settings=len(board.entries), rows=n)


def _members(entries: Sequence[Entry]) -> tuple[list[list[ValRows]], list[ValRows]] | None:
    """The rows of each entry's runs, for as many of the first entries as all predicted the same rows."""
    kept: list[list[ValRows]] = []
    cells = 0
    for entry in entries:
        runs = [read_rows(record.directory) for record in entry.records]
        first = kept[0][0] if kept else runs[0]
        if first is None or not len(first.rows):
            return None
        known = [run for run in runs if run is not None and run.same_rows(first)]
        if len(known) < len(runs):
            return None
        cells += len(first.rows) * len(known)
        if cells > MOST_CELLS and len(kept) > 1:
            break
        kept.append(known)
    return kept, [run for runs in kept for run in runs]


def _compute(metric: Metric, runs: Sequence[ValRows], rows: NDArray[np.intp]) -> Array:
    """The metric of each run on some of the rows, (runs,); NaN where it is undefined."""
    values: Array = metric.compute(_answers(runs, rows)).double().numpy()
    return values


def _answers(runs: Sequence[ValRows], rows: NDArray[np.intp]) -> "Answers":
    """Runs in the place of epochs."""
    import torch

    from litmus.metrics.answers import Answers

    target, pred = (
        torch.from_numpy(np.stack([getattr(run, name)[rows] for run in runs])) for name in ("target", "pred")
    )
    probs = [run.prob[rows] for run in runs if run.prob is not None]
    if not probs:
        return Answers(pred=pred, target=target)
    return Answers(pred=pred.long(), target=target.long(), prob=torch.from_numpy(np.stack(probs)))


def _means(values: Array, groups: NDArray[np.intp]) -> Array:
    """The mean over each entry's runs; NaN where one of them has none."""
    sums = np.bincount(groups, weights=values)
    means: Array = sums / np.bincount(groups)
    return means
