"""How far predictions may be off: intervals and label sets with a stated coverage, from validation rows."""

import math

import torch
from torch import Tensor

from litmus.metrics.answers import Predictions

MOST_SCORES = 10_000


def conformity(val: Predictions) -> Tensor:
    """How badly each validation row is predicted, rising: its absolute error, or what its own class lacks to 1.

    Of more than 10,000 rows as many evenly spaced ones are kept, from the least to the worst.
    """
    if val.prob is None:
        scores = (val.pred.double() - val.target.double()).abs()
    else:
        scores = 1 - val.prob.double().gather(1, val.target.unsqueeze(1)).squeeze(1)
    scores = scores[scores.isfinite()].sort().values
    if len(scores) <= MOST_SCORES:
        return scores
    return scores[torch.linspace(0, len(scores) - 1, MOST_SCORES).round().long()]


def reach(scores: Tensor, level: float) -> float | None:
    """What no more than `1 - level` of exchangeable new rows exceed, on average over such runs; None: too few rows.

    Source: Vovk, Gammerman and Shafer 2005; Lei et al. 2018 (split conformal prediction).

    >>> reach(torch.arange(1.0, 100.0), 0.9)
    90.0
    """
    place = math.ceil((len(scores) + 1) * level - 1e-9)
    return float(scores[place - 1]) if 1 <= place <= len(scores) else None


def fewest_rows(level: float) -> int:
    """Validation rows below which a coverage cannot be promised.

    >>> fewest_rows(0.9), fewest_rows(0.99)
    (9, 99)
    """
    return math.ceil(level / (1 - level) - 1e-9)
