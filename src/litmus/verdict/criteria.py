"""What is asked of a model: the thresholds of `criteria`, and how a score with its interval meets one."""

from dataclasses import dataclass, fields
from typing import Annotated, final

from annotated_types import Ge, Gt, Le

from litmus.evidence import Score, Unknown
from litmus.verdict.verdict import Criterion, Status

Share = Annotated[float, Ge(0), Le(1)] | None
Correlation = Annotated[float, Ge(-1), Le(1)] | None
Positive = Annotated[float, Gt(0)] | None

LOWER_IS_BETTER = frozenset(
    {
        *("loss", "log_loss", "brier", "ece", "mse", "rmse", "mae", "cost"),
        *("precision_recall_gap", "calibration_slope"),
    }
)
UNBOUNDED = frozenset({"loss", "log_loss", "mse", "rmse", "mae"})
"""Errors in units of their own: how far a bound may lie beyond the threshold is a share of the threshold."""

CLASSIFICATION = (
    "accuracy",
    "precision",
    "recall",
    "f1",
    "auroc",
    "average_precision",
    "balanced_accuracy",
    "mcc",
    "log_loss",
    "brier",
    "ece",
)
REGRESSION = ("mse", "rmse", "mae", "r2")
OF_CLASSIFICATION = frozenset(
    {*CLASSIFICATION, "worst_class_recall", "precision_recall_gap", "brier_skill", "calibration_slope"}
)
OF_REGRESSION = frozenset({*REGRESSION, "non_inferiority"})


@final
@dataclass(frozen=True, kw_only=True)
class Criteria:
    """What a model must reach; null asks nothing. What does not apply to the kind of target is left aside.

    Args:
        accuracy: Share of right predictions; shown without a vote where one class holds 80 % of the rows or more.
        precision: Of the positive class; over several classes the mean of them all (macro).
        recall: As precision.
        f1: Harmonic mean of precision and recall, as precision. Shown beside .85 where nothing is asked.
        auroc: Area under the curve of recall against false alarms.
        average_precision: Area under the curve of precision against recall.
        balanced_accuracy: Mean recall of the classes.
        mcc: Matthews correlation of predictions and labels, -1 to 1.
        log_loss: Mean negative log-likelihood, at most this.
        brier: Mean squared error of the probabilities, at most this.
        ece: Expected calibration error, at most this.
        worst_class_recall: Fails if even the upper bound of some class's recall is below, with Holm over the classes.
        precision_recall_gap: Fails if even the lower bound of |precision - recall| is above.
        brier_skill: Share of the base rate's Brier score that the model takes away.
        calibration_slope: Farthest distance from 1 of the slope of the log-odds' recalibration.
        r2: Share of the target's variation that the model explains; at 0 its lower bound must be above.
        non_inferiority: By how much of R2 the model may at most explain less than the best reference model.
        mse: Mean squared error, at most this, in the target's unit squared.
        rmse: Root of it, at most this, in the target's unit.
        mae: Mean absolute error, at most this, in the target's unit.
        loss: The loss itself, at most this.
        slack: How far below its threshold the lower bound of a score may lie (a share of it for unbounded errors).
    """

    accuracy: Share = 0.8
    precision: Share = 0.8
    recall: Share = 0.8
    f1: Share = None
    auroc: Share = None
    average_precision: Share = None
    balanced_accuracy: Share = None
    mcc: Correlation = None
    log_loss: Positive = None
    brier: Share = None
    ece: Share = None
    worst_class_recall: Share = 0.5
    precision_recall_gap: Share = 0.4
    brier_skill: Annotated[float, Le(1)] | None = None
    calibration_slope: Positive = None
    r2: Annotated[float, Le(1)] | None = 0.0
    non_inferiority: Share = 0.05
    mse: Positive = None
    rmse: Positive = None
    mae: Positive = None
    loss: Annotated[float, Ge(0)] | None = None
    slack: Annotated[float, Ge(0)] = 0.05

    def stated(self) -> dict[str, float]:
        """The thresholds that differ from the defaults: those that somebody asked for."""
        return {
            item.name: getattr(self, item.name)
            for item in fields(self)
            if item.name != "slack" and getattr(self, item.name) not in {None, item.default}
        }

    def misplaced(self, kind: str) -> list[Unknown]:
        """Thresholds that somebody asked for and that this kind of target has no metric for."""
        other = OF_CLASSIFICATION if kind == "regression" else OF_REGRESSION
        reason = f"{kind} has no such metric, so criteria.{{}} was left aside"
        return [Unknown(name=name, reason=reason.format(name)) for name in self.stated() if name in other]


def ask(
    name: str, score: Score, threshold: float | None, *, slack: float | None = None, votes: bool = True
) -> Criterion:
    """A score beside what is asked of it.

    pass: the value meets the threshold and the 95 % bound on the worse side lies at most `slack` beyond it; without
    `slack` that bound itself must be on the better side. fail: even the other bound misses the threshold. open:
    neither, or nothing is asked, or there is no interval. What has no vote never fails.

    Args:
        name: The metric; whether more or less of it is better follows from the name.
        score: Its value, interval, rows and baseline.
        threshold: What is asked; None: nothing, it is only shown.
        slack: In the metric's units, but a share of the threshold for unbounded errors; None: the bound must be beyond.
        votes: Whether it decides.
    """
    status = "open" if threshold is None else _status(name, score, threshold, slack)
    return Criterion(
        name=name,
        value=score.value,
        low=score.low,
        high=score.high,
        threshold=threshold,
        baseline=score.baseline,
        n=score.n,
        status="open" if status == "fail" and not votes else status,
        votes=votes,
    )


def lower_is_better(name: str) -> bool:
    """Whether less of the metric is better."""
    return name in LOWER_IS_BETTER


def misses(criterion: Criterion) -> bool:
    """Whether the value itself is on the wrong side of its threshold."""
    if criterion.value is None or criterion.threshold is None:
        return False
    difference = criterion.value - criterion.threshold
    return difference > 0 if lower_is_better(criterion.name) else difference < 0


def _status(name: str, score: Score, threshold: float, slack: float | None) -> Status:
    if score.value is None or score.low is None or score.high is None:
        return "open"
    value, worse, better = score.value, score.low, score.high
    if lower_is_better(name):
        value, worse, better, threshold = -value, -score.high, -score.low, -threshold
    if better < threshold:
        return "fail"
    if slack is None:
        return "pass" if worse > threshold else "open"
    room = slack * abs(threshold) if name in UNBOUNDED else slack
    return "pass" if value >= threshold and worse >= threshold - room - 1e-9 else "open"
