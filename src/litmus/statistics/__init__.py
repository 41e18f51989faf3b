"""Intervals, paired tests, family-wise control and the noise of curves: pure functions, each with its source."""

from litmus.statistics.bootstrap import block_length, bootstrap
from litmus.statistics.confusion import (
    confusion_interval,
    confusion_scores,
    dirichlet_per_class,
    dirichlet_scores,
    posterior_draws,
)
from litmus.statistics.curves import (
    CurveMinimum,
    fluctuation,
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
    clustered_rows,
    effective_rows,
    mean_interval,
    paired_t_interval,
    rows_needed,
    rows_to_settle,
    spread,
    wilson,
)
from litmus.statistics.means import bootstrap_mean, regression_scores
from litmus.statistics.paired import (
    gain_over_baseline,
    mcnemar,
    non_inferior,
    paired_accuracy_difference,
    paired_bootstrap,
    paired_mean_difference,
    rescaled_gain,
)
from litmus.statistics.ranking import average_precision, delong, delong_macro, delong_paired

__all__ = [
    "CurveMinimum",
    "Interval",
    "average_precision",
    "block_length",
    "bootstrap",
    "bootstrap_mean",
    "class_recalls",
    "clustered_rows",
    "confusion_interval",
    "confusion_scores",
    "delong",
    "delong_macro",
    "delong_paired",
    "dirichlet_per_class",
    "dirichlet_scores",
    "effective_rows",
    "fluctuation",
    "gain_over_baseline",
    "holm",
    "mcnemar",
    "mean_interval",
    "minimum",
    "noise",
    "non_inferior",
    "paired_accuracy_difference",
    "paired_bootstrap",
    "paired_mean_difference",
    "paired_t_interval",
    "posterior_draws",
    "projected_change",
    "regression_scores",
    "rescaled_gain",
    "rows_needed",
    "rows_to_settle",
    "smooth",
    "spread",
    "still_falling",
    "trend",
    "wilson",
    "worst_class_recall",
]
