"""The document itself: what a run showed, from training, data and evaluation."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from typing import Any

from litmus.config import RunConfig
from litmus.evidence.data import DataFacts
from litmus.evidence.training import FitFacts, Layer, Memorised, ModelFacts, TaskFacts
from litmus.evidence.values import Estimate, Score

VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Reference:
    """An established model fitted on the same training rows.

    Args:
        name: majority, mean, linear, knn, forest, boosted_trees, ...
        strong: Whether it is strong for this kind of data (counts for the ceiling).
        scores: Split to metric to value.
        out_of_fold: Primary metric on training rows, out of fold; None if not computed.
        difference: Split to the paired difference model - reference of the primary metric.
        linear: Whether it is a linear model.
        gain: Split, or "out_of_fold", to its own paired gain over the baseline, in the primary metric's units;
            empty if it was not computed. From who fits the references.
    """

    name: str
    strong: bool = False
    scores: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    out_of_fold: float | None = None
    difference: Mapping[str, Estimate] = field(default_factory=dict)
    linear: bool = False
    gain: Mapping[str, Estimate] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ThresholdPoint:
    """Validation scores at one decision threshold."""

    threshold: float
    precision: float | None
    recall: float | None
    f1: float | None
    cost: float | None = None


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How far probabilities can be believed, on the scored split."""

    ece: Estimate
    slope: Estimate | None = None
    bins: tuple[tuple[float, float, int], ...] = ()  # mean probability, observed share, rows


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A group of rows on which the model does clearly worse than on the rest."""

    where: str
    metric: str
    value: float
    rest: float
    n: int


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Small further trainings that tried one change, on paired seeds beside an unchanged control arm; val only.

    Args:
        probe: What it settles: lr_ladder, longer, unregularised, one_batch, suggestion, ...
        overrides: The change, as exact overrides.
        metric: Which metric was compared.
        seeds: Seeds used.
        before: Control arm's value on each seed; where the run is an ensemble, that of the mean of a split's networks.
        after: Changed arm's value on each seed, or of the mean of a split's networks.
        difference: Paired difference after - before, oriented so that positive is better; the mean over splits.
        confirmed: Whether it held on fresh seeds, and on a second split where there can be one; None if not tried.
        finding: Name of the finding whose suggestion it is; None for a probe.
        seconds: What it cost.
        splits: Splits over which the seeds were dealt, the run's own first.
        detail: Further figures of the probe, plain types; `networks`: how many a mean is of.
    """

    probe: str
    overrides: tuple[str, ...] = ()
    metric: str = ""
    seeds: tuple[int, ...] = ()
    before: tuple[float | None, ...] = ()
    after: tuple[float | None, ...] = ()
    difference: Estimate | None = None
    confirmed: bool | None = None
    finding: str | None = None
    seconds: float = 0.0
    splits: int = 1
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One change that was looked at beside the unchanged run, before the best were confirmed on fresh seeds; val only.

    Args:
        overrides: The change, as exact overrides.
        finding: Name of the finding whose cause it would show; None: nobody's.
        gain: Mean gain in the metric by which changes were compared; None where there was no time to try it.
        complete: Whether its trainings came to their own end.
        seeds: Number of seeds on which it was looked at.
    """

    overrides: tuple[str, ...]
    finding: str | None = None
    gain: float | None = None
    complete: bool = False
    seeds: int = 0


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """Something that could not be judged, and why."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that a verdict rests on.

    Args:
        task, model, fit, data: See their classes.
        config: The resolved config as plain types.
        history: `{split}/{metric}` to one value an epoch.
        layers: One record per parameterised layer.
        scored: The split that the verdict is about: test, or val where test was not read.
        scores: Split to metric to score; at the decision threshold in use.
        per_class: Split to label to metric to score.
        confusion: Split to matrix, rows true, columns predicted, in the order of `task.classes`.
        gain: Split to the paired gain of the primary metric over the baseline, in the metric's own units.
        pr_gap: Interval of |precision - recall| on the scored split (positive class, or macro).
        references: Established models on the same rows; the baseline is the first.
        threshold_curve: Validation scores over thresholds, for binary tasks.
        threshold_best: Threshold that is best on val for the goal (F1 without one).
        threshold_gain: Gain of the goal's metric by that threshold over the one in use, cross-fitted on val.
        expected: Metric to what the model should score on rows like all of these, its split apart; empty if unknown.
        calibration: On the scored split.
        segments, worst_rows, importance: Where it fails; information only.
        seeds: Scores of repeated fits: seed to metric to value.
        seeds_alike: Probability of scores so far apart by chance where all seeds are equally good, from the rows on
            which their models differ; None if it was not computed. From who repeats the fit.
        folds: Scores of folds: one mapping a fold.
        splits: Scores of the same recipe on other splits: split seed to metric to value, the run's own first.
        recipe: Metric to its mean over `splits`, with an interval for the recipe and not for this trained model.
        trials: What probes showed.
        attempts: Every change that probes looked at or had no time for, the likeliest first.
        answers: What the user answered about these data, `<finding>:<column>` to `accepted` or `dropped`.
        test_reads: How often this test split has been read, this time included.
        unknown: What could not be computed.
        probed: Whether probes ran.
        probe_seconds: What they cost.
        memorised: Whether a few batches were learnt by heart, which was all that was trained on; None: all rows were.
    """

    task: TaskFacts
    model: ModelFacts
    fit: FitFacts
    data: DataFacts
    config: Mapping[str, Any] = field(default_factory=dict)
    history: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()
    scored: str = "test"
    scores: Mapping[str, Mapping[str, Score]] = field(default_factory=dict)
    per_class: Mapping[str, Mapping[str, Mapping[str, Score]]] = field(default_factory=dict)
    confusion: Mapping[str, tuple[tuple[int, ...], ...]] = field(default_factory=dict)
    gain: Mapping[str, Estimate] = field(default_factory=dict)
    pr_gap: Estimate | None = None
    references: tuple[Reference, ...] = ()
    expected: Mapping[str, Estimate] = field(default_factory=dict)
    threshold_curve: tuple[ThresholdPoint, ...] = ()
    threshold_best: float | None = None
    threshold_gain: Estimate | None = None
    calibration: Calibration | None = None
    segments: tuple[Segment, ...] = ()
    worst_rows: tuple[Mapping[str, Any], ...] = ()
    importance: Mapping[str, Estimate] = field(default_factory=dict)
    seeds: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    seeds_alike: float | None = None
    folds: tuple[Mapping[str, float | None], ...] = ()
    splits: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    recipe: Mapping[str, Estimate] = field(default_factory=dict)
    trials: tuple[Trial, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    test_reads: int = 0
    unknown: tuple[Unknown, ...] = ()
    probed: bool = False
    probe_seconds: float = 0.0
    memorised: Memorised | None = None

    @property
    def settings(self) -> RunConfig:
        """The config in types."""
        return RunConfig(self.config)

    def to_json(self) -> str:
        """JSON with non-finite numbers as null."""
        return json.dumps({"version": VERSION, **plain(self)}, ensure_ascii=False, indent=1, allow_nan=False)

    @staticmethod
    def from_json(text: str) -> "Evidence":
        """The evidence that `to_json` wrote.

        Raises:
            ValueError: The text is no evidence of this version.
        """
        data = json.loads(text)
        if not isinstance(data, dict) or data.pop("version", None) != VERSION:
            msg = f"not evidence of version {VERSION}"
            raise ValueError(msg)
        evidence: Evidence = _adapter().validate_python(data)
        return evidence


def plain(value: Any) -> Any:
    """`value` with dataclasses as mappings, tuples as lists and non-finite floats as None, ready for strict JSON."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if is_dataclass(value):  # `asdict` would copy each number of each curve
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return value


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter  # .1 s that only re-judging needs

    return TypeAdapter(Evidence)
