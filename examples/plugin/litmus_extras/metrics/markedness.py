"""Markedness: how far both kinds of predictions can be relied on."""

from litmus.metrics.counts import ratio
from litmus.metrics.declaration import CLASSES, LabelMetric

MARKEDNESS = LabelMetric(
    name="markedness",
    order=17,
    label="markedness",
    meaning="Precision of either class, less the chance that they sum to.",
    tasks=CLASSES,
    low=-1.0,
    formula=lambda counts: ratio(counts.hits, counts.predicted).sum(-1) - 1,
)
