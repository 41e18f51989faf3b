"""Scores of one split with their intervals, beside the baseline's on the same rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import final

from torch import Tensor

from litmus.evidence import Estimate, Score
from litmus.metrics import Metric
from litmus.metrics.answers import Predictions
from litmus.metrics.sample import Sample
from litmus.scoring.confusion import class_scores, defined, precision_recall_gap, to_score
from litmus.statistics.intervals import Interval
from litmus.statistics.means import bootstrap_gain
from litmus.task.base import Task

FEW_DRAWS = 1000
"""Posterior draws where one gain is wanted of many."""


@final
@dataclass(frozen=True, kw_only=True)
class SplitScores:
    """What a model scores on one split.

    Args:
        scores: Metric to score; values that are undefined are None.
        per_class: Label to metric (precision, recall, f1) to score; `n` is the label's number of rows.
        confusion: Counts, rows true, columns predicted, in code order; empty in regression.
        gain: Paired gain of the primary metric over the baseline, in the metric's own units.
        pr_gap: |precision - recall|, of the positive class or of the macro averages; None in regression.
    """

    scores: Mapping[str, Score]
    per_class: Mapping[str, Mapping[str, Score]] = field(default_factory=dict)
    confusion: tuple[tuple[int, ...], ...] = ()
    gain: Estimate
    pr_gap: Estimate | None = None


def score(
    task: Task, predictions: Predictions, *, prior: Tensor, threshold: float | None = None, primary: str | None = None
) -> SplitScores:
    """Every metric of the task on one split.

    Without rows, or with a prediction that is not finite, every score is undefined.

    Args:
        task: Kind of target with its metrics.
        predictions: What the model says.
        prior: `task.prior` of the training targets: class shares, or the mean.
        threshold: Decide anew at this threshold on the positive class's probability; None: keep `predictions.pred`.
        primary: Metric of the gain; None: the one that the training shares in `prior` ask for.
    """
    values = point_scores(task, predictions, threshold=threshold)
    if not _usable(predictions):
        return SplitScores(scores={name: Score(value=None) for name in values}, gain=Estimate(value=None))
    sample = Sample.of(_decided(task, predictions, threshold))
    constant = Sample.of(baseline_predictions(task, sample.predictions, prior))
    scores = {metric.name: _score(metric, sample, constant) for metric in task.metrics}
    if sample.predictions.prob is None:
        return SplitScores(scores=scores, gain=_skill(scores["r2"], sample, constant))
    primary = primary or task.primary_of(prior)
    return SplitScores(
        scores=scores,
        per_class=class_scores(sample, constant, task.spec.classes),
        confusion=tuple(tuple(int(count) for count in row) for row in sample.confusion),
        gain=_above(scores[primary]),
        pr_gap=precision_recall_gap(sample.posterior),
    )


def point_scores(task: Task, predictions: Predictions, *, threshold: float | None = None) -> dict[str, float | None]:
    """Every metric of the task without intervals; undefined values are None."""
    if not _usable(predictions):
        return {metric.name: None for metric in task.metrics}
    answers = _decided(task, predictions, threshold).answers()
    return {metric.name: defined(float(metric.compute(answers)[0])) for metric in task.metrics}


def gain_over_baseline(task: Task, predictions: Predictions, *, prior: Tensor, primary: str) -> Estimate:
    """The paired gain of the primary metric alone, which costs a small part of `score`."""
    if not _usable(predictions):
        return Estimate(value=None)
    sample = Sample.of(predictions, draws=FEW_DRAWS)
    constant = Sample.of(baseline_predictions(task, sample.predictions, prior))
    metric = task.metric(primary)
    if sample.predictions.prob is None:
        value, baseline = (_value(metric, side) for side in (sample, constant))
        return _skill(Score(value=value, baseline=baseline), sample, constant)
    return _above(_score(metric, sample, constant))


def baseline_predictions(task: Task, predictions: Predictions, prior: Tensor) -> Predictions:
    """What the baseline says on the same rows: one class with the class shares, or the mean."""
    n = len(predictions.target)
    prob = None if predictions.prob is None else prior.double().expand(n, -1)
    return replace(predictions, pred=task.constant(prior).expand(n), prob=prob)


def _usable(predictions: Predictions) -> bool:
    predicted = predictions.pred if predictions.prob is None else predictions.prob
    return len(predictions.target) > 0 and bool(predicted.isfinite().all())


def _decided(task: Task, predictions: Predictions, threshold: float | None) -> Predictions:
    if threshold is None or predictions.prob is None:
        return predictions
    return replace(predictions, pred=task.decide(predictions.prob, threshold)[0])


def _score(metric: Metric, sample: Sample, constant: Sample) -> Score:
    """The metric with its interval beside the constant baseline's value, on the same rows."""
    n = len(sample.predictions.target)
    value, baseline = (_value(metric, side) for side in (sample, constant))
    if value is None:
        return Score(value=None, n=n, baseline=baseline)
    return to_score(_around(value, metric.interval(sample)), n=n, baseline=baseline)


def _value(metric: Metric, sample: Sample) -> float | None:
    return defined(float(metric.compute(sample.answers)[0]))


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


def _skill(r2: Score, sample: Sample, constant: Sample) -> Estimate:
    """R2 over the mean's: the share of the mean's squared error that is saved, in units of the split's variance."""
    if r2.value is None or r2.baseline is None:
        return Estimate(value=None)
    target = sample.predictions.target.double()
    ours, theirs = ((side.predictions.pred.double() - target) ** 2 for side in (sample, constant))
    saved = bootstrap_gain(ours.numpy(), theirs.numpy(), perfect=0.0, **sample.options(theirs - ours))
    unit = 1 - r2.baseline  # the mean's squared error over the variance
    value = r2.value - r2.baseline
    gain = to_score(_around(value, Interval(value, saved.low * unit, saved.high * unit)), n=0, baseline=None)
    return Estimate(value=gain.value, low=gain.low, high=gain.high)
