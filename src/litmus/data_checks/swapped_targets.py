"""Numeric targets that belong to other rows: shuffled, swapped or joined wrongly."""

import math
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from litmus.data.tensors import Split
from litmus.evidence import Estimate, LabelNoise
from litmus.metrics.answers import Predictions
from litmus.statistics import normal_scores
from litmus.statistics.intervals import normal_quantile

Array = NDArray[np.float64]

MOST_ROWS = 5000
MOST_EQUAL = 0.1
"""Share of rows with one and the same target from which these are of another kind, such as those without income, and
are left out."""
FEWEST_ROWS = 100
CORE, WEAK_CORE = 0.6, 0.75
"""Spread of the other rows around the prediction, as a share of the targets' own, beyond which an independent target
looks like any other; up to the second only many show."""
SURELY = 0.2
"""Least lower bound of the share of swapped targets beyond the first spread. Of 166 numeric columns as packages ship
them, of which references explain .2 to .75, it calls two wrong; with a quarter of all targets swapped the bound was .15
to .25 on five columns of such a spread, so that two of them are named."""
EITHER_SIDE = 0.3
"""Share of the swapped rows that must lie above, and below, what is predicted: exchanged targets do in equal parts, the
long end of skewed errors does not."""
LEAST_SPREAD = 0.5
"""Variance of the prediction over the swapped rows, as a share of that over the others: targets are swapped whatever is
predicted, while rows of which little is known are all predicted alike. A convention."""
FORESEEN, SURE = 0.1, 3.0
"""Correlation with what inputs foresee, and its size in standard errors, from which it hangs on them. It was .01 and
less where targets were exchanged by chance, and .18 in one table of incomes."""
MOST_SWAPPED = 0.7
MOST_CALLED = 0.45
"""Share of swapped targets beyond which the mixture is of two kinds of rows, one of which the inputs tell nothing of.
With a quarter and 35 % of the targets of 26 real tables swapped it was .43 at most where the prediction could tell."""
STEPS = 60
SHOWN = 10


def swapped_targets(predicted: Predictions, train: Split | None = None) -> LabelNoise | None:
    """How many targets look drawn at random from all targets, whatever is predicted for their row.

    In normal scores of targets and predictions, so that skewed amounts are even, targets are a mixture: Student's t
    around a curve of the prediction, with a spread that may change along it, and the standard normal that all targets
    have, which is where those of other rows fall. Heavy tails follow the prediction and are not counted: a target that
    is far above a high prediction is as likely as one that is far above a low one. Swapped targets are not. Nor does it
    hang on a row's inputs whether its target was swapped, while some kinds of rows are by nature harder to foresee: in
    a mixture that is true each row's probability is the share on average, whatever its inputs.

    Args:
        predicted: A reference's, out of fold.
        train: The rows that it was fitted on; None: whether it hangs on inputs is not looked at.

    Returns:
        The share with its interval (by the outer product of scores, Berndt and others 1974), and the rows that are most
        surely swapped. None where few targets differ, and where the prediction is too weak to tell.

    Source: mixture of a regression with draws from the marginal distribution, as uniform outliers in Banfield and
        Raftery 1993; Student's t for the rest, Lange, Little and Taylor 1989.
    """
    step = -(-len(predicted.rows) // MOST_ROWS)
    target, told = (part.double().numpy()[::step] for part in (predicted.target, predicted.pred))
    rows = predicted.rows.numpy()[::step]
    of_their_own = _varied(target)
    target, told, rows = target[of_their_own], told[of_their_own], rows[of_their_own]
    if len(target) < FEWEST_ROWS:
        return None
    mixture = _fit(torch.from_numpy(normal_scores(target)), torch.from_numpy(normal_scores(told)))
    if not math.isfinite(mixture.share) or mixture.core > WEAK_CORE:
        return None
    if (
        mixture.share > MOST_CALLED
        or not EITHER_SIDE <= mixture.above <= 1 - EITHER_SIDE
        or mixture.spread < LEAST_SPREAD
    ):
        return LabelNoise(share=Estimate(value=0.0, low=0.0, high=0.0), n=len(target))
    reach = normal_quantile(0.95) * mixture.error
    low, high = (min(max(bound, 0.0), 1.0) for bound in (mixture.share - reach, mixture.share + reach))
    if mixture.core > CORE and low < SURELY:
        return None
    if low > 0 and train is not None and _hangs_on(_inputs(train, rows), mixture.swapped):
        return LabelNoise(share=Estimate(value=0.0, low=0.0, high=0.0), n=len(target))
    worst = np.argsort(-mixture.swapped, kind="stable")[:SHOWN]
    return LabelNoise(
        share=Estimate(value=mixture.share, low=low, high=high), n=len(target), rows=tuple(rows[worst].tolist())
    )


def _inputs(train: Split, rows: NDArray[np.int64]) -> Array:
    """`(n, features)` of these source rows."""
    numbers = train.rows.numpy()
    order = np.argsort(numbers, kind="stable")
    return train.x.flatten(1).double().numpy()[order[np.searchsorted(numbers, rows, sorter=order)]]


def _hangs_on(inputs: Array, swapped: Array) -> bool:
    """Whether trees foresee from the inputs, out of fold, which rows look swapped."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.model_selection import KFold, cross_val_predict

    trees = HistGradientBoostingRegressor(max_iter=50, learning_rate=0.05, min_samples_leaf=40, random_state=0)
    told = cross_val_predict(trees, inputs, swapped, cv=KFold(5, shuffle=True, random_state=0))
    if not told.std() or not swapped.std():
        return False
    return bool(np.corrcoef(told, swapped)[0, 1] >= max(FORESEEN, SURE / math.sqrt(len(swapped))))


def _varied(target: Array) -> NDArray[np.bool_]:
    """`(n,)` the rows whose target few others have."""
    kept = np.ones(len(target), dtype=bool)
    while kept.any():
        values, counts = np.unique(target[kept], return_counts=True)
        if counts.max() <= MOST_EQUAL * kept.sum():
            break
        kept &= target != values[counts.argmax()]
    return kept


@final
@dataclass(frozen=True, kw_only=True)
class _Mixture:
    """The mixture that was fitted.

    Args:
        share: Of swapped rows, `error` its standard error.
        core: Spread of the other rows around the curve.
        above: Share of the swapped rows that lie above it.
        spread: Variance of what is predicted for the swapped rows, as a share of that for the others.
        swapped: `(n,)` how surely each row is.
    """

    share: float
    error: float
    core: float
    above: float
    spread: float
    swapped: Array


def _fit(z: Tensor, f: Tensor) -> _Mixture:
    """The mixture of most likelihood.

    Parameters: three of the curve, three of the logarithm of the spread, the degrees of freedom beyond 1 (log), and the
    share (logit, of at most 0.7).
    """
    x = torch.stack([torch.ones_like(f), f, f * f], dim=1)
    curve = torch.linalg.lstsq(x, z[:, None]).solution[:, 0]
    spread = 1.4826 * float((z - x @ curve).abs().median()) + 1e-3
    start = torch.tensor([math.log(spread), 0.0, 0.0, math.log(5.0), -2.0], dtype=torch.float64)
    p = torch.cat([curve, start]).requires_grad_()
    anywhere = -0.5 * z**2 - 0.5 * math.log(2 * math.pi)

    def core() -> Tensor:
        scale, freedom = (x @ p[3:6]).clamp(-7, 2), 1 + p[6].clamp(-3, 5).exp()
        away = ((z - x @ p[:3]) / scale.exp()) ** 2
        norm = torch.lgamma((freedom + 1) / 2) - torch.lgamma(freedom / 2) - 0.5 * torch.log(freedom * math.pi)
        return norm - scale - (freedom + 1) / 2 * torch.log1p(away / freedom)

    def share() -> Tensor:
        return MOST_SWAPPED * torch.sigmoid(p[7])

    search = torch.optim.LBFGS([p], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> float:
        search.zero_grad()
        value = -torch.logaddexp(torch.log1p(-share()) + core(), torch.log(share()) + anywhere).mean()
        value.backward()
        return float(value.detach())

    with torch.enable_grad():
        search.step(loss)
    with torch.no_grad():
        weight, likely, drawn = float(share()), core().exp(), anywhere.exp()
        whole = (1 - weight) * likely + weight * drawn
        swapped = (weight * drawn / whole).numpy()
        score = ((drawn - likely) / whole).square().sum()
        left = (z - x @ p[:3]).numpy()
        told = f.numpy()
    return _Mixture(
        share=weight,
        error=1 / math.sqrt(float(score) + 1e-9),
        core=float(np.sqrt(np.average(left**2, weights=1 - swapped + 1e-9))),
        above=float(np.average(left > 0, weights=swapped + 1e-12)),
        spread=_variance(told, swapped) / max(_variance(told, 1 - swapped), 1e-12),
        swapped=swapped,
    )


def _variance(values: Array, weights: Array) -> float:
    weights = weights + 1e-9
    return float(np.average((values - np.average(values, weights=weights)) ** 2, weights=weights))
