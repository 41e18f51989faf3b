"""What a model is expected to score on rows like all of these, which more rows tell than the scored split has."""

import math
from collections.abc import Sequence

from litmus.evidence import Estimate
from litmus.metrics import Metric, measure
from litmus.metrics.answers import Predictions, pooled
from litmus.metrics.sample import Sample
from litmus.scoring.difference import difference


def expected(
    model: Sequence[Predictions],
    reference: Sequence[Predictions],
    out_of_fold: Predictions,
    *,
    metrics: Sequence[str],
) -> dict[str, Estimate]:
    """What the reference scores on every row that it was not fitted on, plus the paired difference on held-out rows.

    The split decides which rows are held out from the model; a reference's score out of fold hardly depends on it.

    Args:
        model: What the model says of its held-out rows, a part a split.
        reference: What the reference says of the same rows.
        out_of_fold: What it says of training rows when fitted without them.
        metrics: Names of metrics; what is undefined is left out.

    Returns:
        Metric to its estimate with a 95 % interval.

    Source: the difference estimator (Särndal, Swensson and Wretman 1992, section 6.3).
    """
    everywhere = Sample.of(pooled([out_of_fold, *reference]))
    ours, theirs = pooled(model), pooled(reference)
    found = {}
    for name in metrics:
        known = measure(name)
        if not isinstance(known, Metric):
            continue
        level, change = known.interval(everywhere), difference(ours, theirs, name)
        if change.value is None or change.low is None or change.high is None or not math.isfinite(level.value):
            continue
        low = ((level.value - level.low) ** 2 + (change.value - change.low) ** 2) ** 0.5
        high = ((level.high - level.value) ** 2 + (change.high - change.value) ** 2) ** 0.5
        value = level.value + change.value
        bounds = {"value": value, "low": value - low, "high": value + high}
        found[name] = Estimate(**{word: min(max(bound, known.low), known.high) for word, bound in bounds.items()})
    return found
