"""Specificity: the share of the rows of other classes that are told from a class."""

from litmus.metrics.counts import ratio
from litmus.metrics.declaration import CLASSES, LabelMetric

SPECIFICITY = LabelMetric(
    name="specificity",
    order=16,
    label="specificity",
    meaning="Share of the negatives that are recognised; over several classes the mean of them all (macro).",
    tasks=CLASSES,
    formula=lambda counts: counts.pick(
        ratio(
            counts.total[..., None] - counts.true - counts.predicted + counts.hits,
            counts.total[..., None] - counts.true,
        )
    ),
)
