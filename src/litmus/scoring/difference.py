"""How much better one model is than another on the same rows, where what they share cancels out."""

import math

import torch

from litmus.evidence import Estimate
from litmus.metrics import Metric, measure
from litmus.metrics.answers import Predictions
from litmus.metrics.sample import Sample


def difference(model: Predictions, reference: Predictions, metric: str, *, level: float = 0.95) -> Estimate:
    """The model's value of the metric minus the reference's, with its paired interval.

    Args:
        model: What the model says.
        reference: What the other one says of the same rows, in the same order.
        metric: Name as in `{split}/{metric}`; for ece there is no paired interval.
        level: Confidence level.

    Returns:
        In the metric's own direction (a negative difference of mse is good); None where it is undefined.

    Raises:
        ValueError: The rows differ, one of the two has no probabilities, or the metric is unknown.
    """
    if not torch.equal(model.rows, reference.rows):
        raise ValueError("differences are paired: both predictions must be of the same rows, in one order")
    known = measure(metric)
    if not isinstance(known, Metric):
        raise ValueError(f"no paired difference of {metric!r}")  # noqa: TRY004 - of any name but a metric's
    if (model.prob is None) != (reference.prob is None):
        raise ValueError("one of the models has no probabilities")
    if len(model.target) == 0 or not all(_finite(side) for side in (model, reference)):
        return Estimate(value=None)
    interval = known.difference(Sample.of(model), Sample.of(reference), level)
    if not all(map(math.isfinite, (interval.value, interval.low, interval.high))):
        return Estimate(value=float(interval.value) if math.isfinite(interval.value) else None)
    return Estimate(value=float(interval.value), low=float(interval.low), high=float(interval.high))


def _finite(predictions: Predictions) -> bool:
    return bool((predictions.pred if predictions.prob is None else predictions.prob).isfinite().all())
