"""Intervals, paired tests, family-wise control and the noise of curves: pure functions, each with its source."""

from litmus.statistics.bootstrap import block_length, bootstrap
from litmus.statistics.confusion import Posterior
from litmus.statistics.curves import (
    CurveMinimum,
    minimum,
    noise,
    projected_change,
    smooth,
    still_falling,
    trend,
)
from litmus.statistics.family import class_recalls, holm, worst_class_recall
from litmus.statistics.intervals import (
    Interval,
    block_mean_interval,
    clustered_rows,
    mean_interval,
    paired_t_interval,
    repeated_interval,
    rows_to_settle,
    spread,
    wilson,
)
from litmus.statistics.means import bootstrap_mean, regression_scores
from litmus.statistics.paired import (
    p_equal_means,
    paired_accuracy_difference,
    paired_mean_difference,
)
from litmus.statistics.ranking import delong, delong_macro, delong_paired, normal_scores
from litmus.statistics.selection import corrected_best

__all__ = [
    "CurveMinimum",
    "Interval",
    "Posterior",
    "block_length",
    "block_mean_interval",
    "bootstrap",
    "bootstrap_mean",
    "class_recalls",
    "clustered_rows",
    "corrected_best",
    "delong",
    "delong_macro",
    "delong_paired",
    "holm",
    "mean_interval",
    "minimum",
    "noise",
    "normal_scores",
    "p_equal_means",
    "paired_accuracy_difference",
    "paired_mean_difference",
    "paired_t_interval",
    "projected_change",
    "regression_scores",
    "repeated_interval",
    "rows_to_settle",
    "smooth",
    "spread",
    "still_falling",
    "trend",
    "wilson",
    "worst_class_recall",
]
