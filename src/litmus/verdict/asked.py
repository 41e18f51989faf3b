"""Which criteria apply to a run: by its kind of target, its balance of classes, and the goal that was stated."""

import math
from collections.abc import Iterator
from dataclasses import replace

from litmus.evidence import Estimate, Evidence, Score
from litmus.statistics import worst_class_recall
from litmus.verdict import reading
from litmus.verdict.criteria import CLASSIFICATION, REGRESSION, Criteria, ask
from litmus.verdict.goal import judged_by
from litmus.verdict.verdict import Criterion

GOOD_F1 = 0.85
"""From here F1 earns the label "good"."""


def applied(evidence: Evidence, criteria: Criteria) -> tuple[Criterion, ...]:
    """Every criterion with its status: those that vote first."""
    kind = _regression if reading.is_regression(evidence) else _classes
    found = list(kind(evidence, criteria))
    gain = reading.gain(evidence)
    score = Score(
        value=gain.value, low=gain.low, high=gain.high, n=rows_of(evidence), baseline=reading.primary(evidence).baseline
    )
    found.append(ask("gain", score, 0.0))
    return tuple(sorted(found, key=lambda criterion: not criterion.votes))


def imbalanced(evidence: Evidence) -> bool:
    """Whether one class holds so many rows that accuracy says little."""
    return (evidence.task.majority_share or 0.0) >= reading.IMBALANCED


def rows_of(evidence: Evidence) -> int:
    """Rows of the scored split."""
    return reading.primary(evidence).n or evidence.data.sizes.get(evidence.scored, 0)


def _score(evidence: Evidence, name: str) -> Score:
    return evidence.scores.get(evidence.scored, {}).get(name, Score(value=None))


def _show(evidence: Evidence, names: tuple[str, ...], voting: list[str]) -> Iterator[Criterion]:
    """Metrics beside the criteria, without a threshold or a vote."""
    known = evidence.scores.get(evidence.scored, {})
    for name in dict.fromkeys(names):
        if name in known and name not in voting:
            yield ask(name, known[name], None, votes=False)


def _regression(evidence: Evidence, criteria: Criteria) -> Iterator[Criterion]:
    stated = criteria.stated()
    asked = {name: getattr(criteria, name) for name in REGRESSION if getattr(criteria, name) is not None}
    for name, threshold in asked.items():
        slack = None if name == "r2" and threshold == 0 else criteria.slack
        yield ask(name, _score(evidence, name), threshold, slack=slack)
    own_words = set(REGRESSION) & set(stated)
    if criteria.non_inferiority is not None and (not own_words or "non_inferiority" in stated):
        yield _non_inferiority(evidence, criteria.non_inferiority)
    yield from _show(evidence, ("r2", "rmse", "mae"), list(asked))


def _non_inferiority(evidence: Evidence, margin: float) -> Criterion:
    reference = reading.best(evidence)
    difference = reference.difference.get(evidence.scored) if reference else None
    known = difference or Estimate(value=None)
    score = Score(value=known.value, low=known.low, high=known.high, n=rows_of(evidence), baseline=0.0)
    return ask("non_inferiority", score, -margin)


def _classes(evidence: Evidence, criteria: Criteria) -> Iterator[Criterion]:
    goal, stated = evidence.task.threshold_goal, criteria.stated()
    asked = stated if goal else {name: getattr(criteria, name) for name in (*CLASSIFICATION, "loss")}
    if imbalanced(evidence) and "accuracy" not in stated:
        asked = {name: threshold for name, threshold in asked.items() if name != "accuracy"}
    by_goal = list(judged_by(evidence, goal, criteria)) if goal else []
    yield from by_goal
    taken = [criterion.name for criterion in by_goal]
    for name in (*CLASSIFICATION, "loss"):
        if asked.get(name) is not None and name not in taken:
            taken.append(name)
            yield ask(name, _score(evidence, name), asked[name], slack=criteria.slack)
    if not goal:
        yield from _worst_class(evidence, criteria.worst_class_recall)
        yield from _gap(evidence, criteria.precision_recall_gap)
    yield from _probabilities(evidence, criteria)
    if "f1" not in taken:
        yield ask("f1", _score(evidence, "f1"), GOOD_F1, slack=criteria.slack, votes=False)
    beside = ("accuracy", "average_precision", "mcc") if imbalanced(evidence) else ("accuracy",)
    yield from _show(evidence, (*beside, evidence.task.primary), taken)


def _worst_class(evidence: Evidence, threshold: float | None) -> Iterator[Criterion]:
    """Fails only if a class's upper bound is below, with Holm over the classes; otherwise it passes."""
    matrix = evidence.confusion.get(evidence.scored, ())
    if threshold is None or not any(map(sum, matrix)):
        return
    k, worst = worst_class_recall(matrix)
    label = evidence.task.classes[k] if k < len(evidence.task.classes) else str(k)
    yield Criterion(
        name=f"worst_class_recall[{label}]",
        value=worst.value,
        low=worst.low,
        high=worst.high,
        threshold=threshold,
        n=sum(matrix[k]),
        status="fail" if worst.high < threshold else "pass",
    )


def _gap(evidence: Evidence, threshold: float | None) -> Iterator[Criterion]:
    """Fails only if even the lower bound of |precision - recall| is above; otherwise it passes."""
    gap = evidence.pr_gap
    if threshold is None or gap is None or gap.value is None:
        return
    score = Score(value=gap.value, low=gap.low, high=gap.high, n=rows_of(evidence))
    asked = ask("precision_recall_gap", score, threshold, slack=math.inf)
    yield asked if asked.status == "fail" else replace(asked, status="pass")


def _probabilities(evidence: Evidence, criteria: Criteria) -> Iterator[Criterion]:
    if criteria.brier_skill is not None:
        slack = None if criteria.brier_skill == 0 else criteria.slack
        yield ask("brier_skill", _skill(_score(evidence, "brier")), criteria.brier_skill, slack=slack)
    if criteria.calibration_slope is not None:
        # a slope's interval is wide: it may reach twice as far from 1 as the slope itself
        slack = criteria.calibration_slope
        yield ask("calibration_slope", _slope(evidence), criteria.calibration_slope, slack=slack)


def _skill(brier: Score) -> Score:
    """Share of the base rate's Brier score that the model takes away."""
    if not brier.baseline:
        return Score(value=None, n=brier.n)
    value, low, high = (None if v is None else 1 - v / brier.baseline for v in (brier.value, brier.high, brier.low))
    return Score(value=value, low=low, high=high, n=brier.n, baseline=0.0)


def _slope(evidence: Evidence) -> Score:
    """The distance of the calibration slope from 1."""
    slope = evidence.calibration.slope if evidence.calibration else None
    if slope is None or slope.value is None or slope.low is None or slope.high is None:
        return Score(value=None, n=rows_of(evidence))
    ends = abs(slope.low - 1), abs(slope.high - 1)
    nearest = 0.0 if slope.low <= 1 <= slope.high else min(ends)
    return Score(value=abs(slope.value - 1), low=nearest, high=max(ends), n=rows_of(evidence))
