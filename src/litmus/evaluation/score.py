"""Scores of one split with their intervals, beside the trivial rule's on the same rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import final

from torch import Tensor

from litmus.data.base import TaskKind
from litmus.evaluation.confusion import defined, read_confusion, to_score
from litmus.evaluation.interval import Dependence, class_interval, probability_intervals, regression_intervals
from litmus.evidence import Estimate, Score
from litmus.statistics.intervals import Interval
from litmus.statistics.means import bootstrap_gain
from litmus.task.base import Predictions, Task

IMBALANCED = 0.8
"""Majority share from which accuracy and its kin say little."""


@final
@dataclass(frozen=True, kw_only=True)
class SplitScores:
    """What a model scores on one split.

    Args:
        scores: Metric to score; values that are undefined are None.
        per_class: Label to metric (precision, recall, f1) to score; `n` is the label's number of rows.
        confusion: Counts, rows true, columns predicted, in code order; empty in regression.
        gain: Paired gain of the primary metric over the trivial rule, in the metric's own units.
        pr_gap: |precision - recall|, of the positive class or of the macro averages; None in regression.
    """

    scores: Mapping[str, Score]
    per_class: Mapping[str, Mapping[str, Score]] = field(default_factory=dict)
    confusion: tuple[tuple[int, ...], ...] = ()
    gain: Estimate
    pr_gap: Estimate | None = None


def primary_metric(kind: TaskKind, majority_share: float | None) -> str:
    """The metric by which models of this kind of target are compared.

    Args:
        kind: Kind of target.
        majority_share: Share of the most frequent class in train; None in regression.

    Returns:
        r2; balanced_accuracy; or, where one class holds 80 % or more, average_precision (macro over several classes),
        because such data put the usual threshold in the wrong place, and it needs none.
    """
    if kind == "regression":
        return "r2"
    return "balanced_accuracy" if majority_share is None or majority_share < IMBALANCED else "average_precision"


def score(
    task: Task, predictions: Predictions, *, trivial: Tensor, threshold: float | None = None, primary: str | None = None
) -> SplitScores:
    """Every metric of the task on one split.

    Without rows, or with a prediction that is not finite, every score is undefined.

    Args:
        task: Kind of target with its metrics.
        predictions: What the model says.
        trivial: `task.trivial` of the training targets: class shares, or the mean.
        threshold: Decide anew at this threshold on the positive class's probability; None: keep `predictions.pred`.
        primary: Metric of the gain; None: the one that the training shares in `trivial` ask for.
    """
    values = point_scores(task, predictions, threshold=threshold)
    if not _usable(predictions):
        return SplitScores(scores={name: Score(value=None) for name in values}, gain=Estimate(value=None))
    said = _in_time(_decided(task, predictions, threshold))
    rule = trivial_rule(said, trivial)
    baseline = point_scores(task, rule)
    n = len(said.target)
    if said.prob is None:
        intervals = regression_intervals(said, Dependence.of(said, (said.pred - said.target).abs().double()))
        scores = _scores(values, intervals, baseline=baseline, n=n)
        return SplitScores(scores=scores, gain=_skill(scores["r2"], said, rule))
    dependence = Dependence.of(said, (said.pred == said.target).double())
    found = read_confusion(said, rule, classes=task.spec.classes, share=dependence.share)
    intervals = {**found.intervals, **probability_intervals(said, dependence)}
    scores = _scores(values, intervals, baseline=baseline, n=n)
    primary = primary or primary_metric(task.kind, float(trivial.max()))
    return SplitScores(
        scores=scores,
        per_class=found.per_class,
        confusion=found.counts,
        gain=_above(scores[primary]),
        pr_gap=found.gap,
    )


def point_scores(task: Task, predictions: Predictions, *, threshold: float | None = None) -> dict[str, float | None]:
    """Every metric of the task without intervals; undefined values are None."""
    if not _usable(predictions):
        return {metric.name: None for metric in task.metrics}
    answers = _decided(task, predictions, threshold).answers()
    return {metric.name: defined(float(metric.compute(answers)[0])) for metric in task.metrics}


def gain_over_trivial(task: Task, predictions: Predictions, *, trivial: Tensor, primary: str) -> Estimate:
    """The paired gain of the primary metric alone, which costs a small part of `score`."""
    if not _usable(predictions):
        return Estimate(value=None)
    said = _in_time(predictions)
    rule = trivial_rule(said, trivial)
    metric = task.metric(primary)
    value, baseline = (defined(float(metric.compute(one.answers())[0])) for one in (said, rule))
    if said.prob is None:
        return _skill(Score(value=value, baseline=baseline), said, rule)
    if value is None:
        return Estimate(value=None)
    return _above(to_score(_around(value, class_interval(said, primary)), n=len(said.target), baseline=baseline))


def trivial_rule(predictions: Predictions, trivial: Tensor) -> Predictions:
    """What the best constant rule says on the same rows: the majority class with the class shares, or the mean."""
    n = len(predictions.target)
    if predictions.prob is None:
        return replace(predictions, pred=trivial.double().expand(n))
    return replace(predictions, pred=trivial.argmax().expand(n), prob=trivial.double().expand(n, -1))


def _usable(predictions: Predictions) -> bool:
    said = predictions.pred if predictions.prob is None else predictions.prob
    return len(predictions.target) > 0 and bool(said.isfinite().all())


def _decided(task: Task, predictions: Predictions, threshold: float | None) -> Predictions:
    if threshold is None or predictions.prob is None:
        return predictions
    return replace(predictions, pred=task.decide(predictions.prob, threshold)[0])


def _in_time(predictions: Predictions) -> Predictions:
    """The rows in time order where they have one: blocks of neighbours are resampled together."""
    if predictions.time is None:
        return predictions
    order = predictions.time.argsort(stable=True)
    columns = ("rows", "target", "pred", "prob", "group", "time")
    held = {name: getattr(predictions, name) for name in columns}
    return replace(predictions, **{name: value[order] for name, value in held.items() if value is not None})


def _scores(
    values: Mapping[str, float | None],
    intervals: Mapping[str, Interval],
    *,
    baseline: Mapping[str, float | None],
    n: int,
) -> dict[str, Score]:
    return {
        name: Score(value=None, n=n, baseline=baseline[name])
        if value is None
        else to_score(_around(value, intervals[name]), n=n, baseline=baseline[name])
        for name, value in values.items()
    }


def _around(value: float, interval: Interval) -> Interval:
    """The interval about the metric's value, which single precision may have rounded where the interval's is exact."""
    if abs(value - interval.value) <= 1e-6 * max(1.0, abs(value)):
        value = interval.value
    return Interval(value, min(interval.low, value), max(interval.high, value))


def _above(primary: Score) -> Estimate:
    """The primary metric over the rule's, whose balanced accuracy or prevalence is a known number on these rows."""
    if primary.value is None or primary.baseline is None or primary.low is None or primary.high is None:
        return Estimate(value=None)
    base = primary.baseline
    return Estimate(value=primary.value - base, low=primary.low - base, high=primary.high - base)


def _skill(r2: Score, said: Predictions, rule: Predictions) -> Estimate:
    """R2 over the rule's: the share of the rule's squared error that is saved, in units of the split's variance."""
    if r2.value is None or r2.baseline is None:
        return Estimate(value=None)
    ours, theirs = ((one.pred.double() - one.target.double()) ** 2 for one in (said, rule))
    dependence = Dependence.of(said, theirs - ours)
    saved = bootstrap_gain(ours.numpy(), theirs.numpy(), perfect=0.0, **dependence.options())
    unit = 1 - r2.baseline  # the rule's mean squared error over the variance
    value = r2.value - r2.baseline
    found = to_score(_around(value, Interval(value, saved.low * unit, saved.high * unit)), n=0, baseline=None)
    return Estimate(value=found.value, low=found.low, high=found.high)
