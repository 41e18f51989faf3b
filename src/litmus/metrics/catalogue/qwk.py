"""Agreement of predicted and true grades beyond chance, where a far miss counts more than a near one."""

from __future__ import annotations

from typing import Any

from litmus.metrics.counts import Counts
from litmus.metrics.declaration import LabelMetric


def _quadratic_kappa(counts: Counts) -> Any:
    """1 less the mean squared distance of grades over that of independent grades with the same margins.

    Source: Cohen 1968, "Weighted kappa". 0 where all rows are of one grade and predicted to be.
    """
    grade = (counts.true * 0 + 1).cumsum(-1) - 1  # 0, 1, 2, ... of tensors and of arrays
    squares = ((counts.true + counts.predicted) * grade**2).sum(-1)
    matrix = counts.matrix()
    together = ((matrix * grade[..., None, :]).sum(-1) * grade).sum(-1)
    apart = (counts.true * grade).sum(-1) * (counts.predicted * grade).sum(-1) / counts.total
    expected = squares - 2 * apart
    nothing = expected == 0
    return 1 - (squares - 2 * together + nothing) / (expected + nothing)


# Source of the threshold: Landis and Koch 1977, who call kappas from .61 substantial
QWK = LabelMetric(
    name="qwk",
    order=18,
    label="quadratic kappa",
    short="QWK",
    meaning="Quadratic weighted kappa of predicted and true grades, at least this.",
    tasks=frozenset({"ordinal"}),
    unit="number",
    low=-1.0,
    default=0.6,
    formula=_quadratic_kappa,
)
