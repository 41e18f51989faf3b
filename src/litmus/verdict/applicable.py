"""Which criteria apply to a run: by its kind of target, its balance of classes, and the goal that was stated."""

from collections.abc import Iterator
from dataclasses import replace

from litmus.evidence import Estimate, Evidence, Score
from litmus.statistics import worst_class_recall
from litmus.task import kind_of
from litmus.task.base import IMBALANCED
from litmus.verdict import quantities
from litmus.verdict.criteria import ASKABLE, Criteria, ask, veto
from litmus.verdict.goal import judged_by
from litmus.verdict.verdict import Criterion

GOOD_F1 = 0.85
"""From here F1 earns the label "good"."""


def applied(evidence: Evidence, criteria: Criteria) -> tuple[Criterion, ...]:
    """Every criterion with its status: those that vote first."""
    kind = _regression if quantities.is_regression(evidence) else _classes
    found = list(kind(evidence, criteria))
    found += _own(evidence, criteria)
    gain = quantities.gain(evidence)
    found.append(ask("gain", Score(value=gain.value, low=gain.low, high=gain.high, n=rows_of(evidence)), 0.0))
    marked = [replace(finding, stated=_is_stated(finding, evidence, criteria)) for finding in found]
    return tuple(sorted(marked, key=lambda criterion: not criterion.votes))


def _own(evidence: Evidence, criteria: Criteria) -> Iterator[Criterion]:
    """The user's own metrics: they vote where a threshold is stated."""
    asked = criteria.of_others()
    for name in evidence.task.own_metrics:
        yield ask(name, _score(evidence, name), asked.get(name), slack=criteria.slack, votes=name in asked)


def _is_stated(criterion: Criterion, evidence: Evidence, criteria: Criteria) -> bool:
    """Whether the user asked for it: by a threshold that differs from the default one, or by a threshold goal."""
    if not criterion.votes or criterion.name == "gain":
        return False
    return evidence.task.threshold_goal is not None or criterion.name.partition("[")[0] in criteria.stated()


def imbalanced(evidence: Evidence) -> bool:
    """Whether one class holds so many rows that accuracy says little."""
    return (evidence.task.majority_share or 0.0) >= IMBALANCED


def rows_of(evidence: Evidence) -> int:
    """Rows of the scored split."""
    return quantities.primary(evidence).n or evidence.data.sizes.get(evidence.scored, 0)


def _score(evidence: Evidence, name: str) -> Score:
    return evidence.scores.get(evidence.scored, {}).get(name, Score(value=None))


def _metrics(evidence: Evidence) -> tuple[str, ...]:
    """The metrics of this kind of target that can be asked for."""
    return tuple(metric.name for metric in kind_of(evidence.task.kind).all_metrics() if metric.askable)


def _threshold(evidence: Evidence, criteria: Criteria, name: str) -> float | None:
    """What is asked of a measure: what the user states, or the default of a kind of target that has it."""
    known, kind = ASKABLE[name], kind_of(evidence.task.kind)
    if not kind.has(known):
        return None
    return criteria.threshold(name) if kind.kind in known.tasks else criteria.stated().get(name)


def _show(evidence: Evidence, names: tuple[str, ...], voting: list[str]) -> Iterator[Criterion]:
    """Metrics beside the criteria, without a threshold or a vote."""
    known = evidence.scores.get(evidence.scored, {})
    for name in dict.fromkeys(names):
        if name in known and name not in voting:
            yield ask(name, known[name], None, votes=False)


def _regression(evidence: Evidence, criteria: Criteria) -> Iterator[Criterion]:
    stated, names = criteria.stated(), _metrics(evidence)
    asked = {name: threshold for name in names if (threshold := _threshold(evidence, criteria, name)) is not None}
    for name, threshold in asked.items():
        above_mean = name == "r2" and threshold == 0
        criterion = ask(name, _score(evidence, name), threshold, slack=None if above_mean else criteria.slack)
        # an R2 above 0 is a gain over the mean, which the same rows tell more exactly in pairs
        yield replace(criterion, status="pass") if above_mean and _gains(evidence) else criterion
    margin = _threshold(evidence, criteria, "non_inferiority")
    if margin is not None and (not set(names) & set(stated) or "non_inferiority" in stated):
        yield _non_inferiority(evidence, margin)
    yield from _show(evidence, ("r2", "rmse", "mae"), list(asked))


def _gains(evidence: Evidence) -> bool:
    """Whether the model surely beats the baseline on the scored split."""
    return (quantities.gain(evidence).low or 0.0) > 0 and (quantities.primary(evidence).value or 0.0) > 0


def _non_inferiority(evidence: Evidence, margin: float) -> Criterion:
    """The difference to the best reference on the scored split; what these rows leave open, those of val may settle."""
    reference = quantities.best(evidence)
    difference = reference.difference.get(evidence.scored) if reference else None
    known = difference or Estimate(value=None)
    score = Score(value=known.value, low=known.low, high=known.high, n=rows_of(evidence), baseline=0.0)
    criterion = ask("non_inferiority", score, -margin)
    if criterion.status != "open" or known.value is None or known.value < -margin:
        return criterion
    pooled = quantities.flip(quantities.advantage(evidence, reference))
    good = any(quantities.is_as_good(estimate, margin) for estimate in (known, pooled))
    return replace(criterion, status="pass") if good else criterion


def _classes(evidence: Evidence, criteria: Criteria) -> Iterator[Criterion]:
    goal, stated = evidence.task.threshold_goal, criteria.stated()
    names = (*_metrics(evidence), "loss")
    asked = stated if goal else {name: _threshold(evidence, criteria, name) for name in names}
    if imbalanced(evidence) and "accuracy" not in stated:
        asked = {name: threshold for name, threshold in asked.items() if name != "accuracy"}
    by_goal = list(judged_by(evidence, goal, criteria)) if goal else []
    yield from by_goal
    taken = [criterion.name for criterion in by_goal]
    for name in names:
        if asked.get(name) is not None and name not in taken:
            taken.append(name)
            yield ask(name, _score(evidence, name), asked[name], slack=criteria.slack)
    if not goal:
        yield from _worst_class(evidence, _threshold(evidence, criteria, "worst_class_recall"))
        yield from _gap(evidence, _threshold(evidence, criteria, "precision_recall_gap"))
    yield from _probabilities(evidence, criteria)
    if "f1" not in taken and "f1" in names:
        yield ask("f1", _score(evidence, "f1"), GOOD_F1, slack=criteria.slack, votes=False)
    beside = ("accuracy", "average_precision", "mcc") if imbalanced(evidence) else ("accuracy",)
    yield from _show(evidence, (*beside, evidence.task.primary, "mae"), taken)


def _worst_class(evidence: Evidence, threshold: float | None) -> Iterator[Criterion]:
    """The recall of the class that does worst, with Holm over the classes."""
    matrix = evidence.confusion.get(evidence.scored, ())
    if threshold is None or not any(map(sum, matrix)):
        return
    k, worst = worst_class_recall(matrix)
    label = evidence.task.classes[k] if k < len(evidence.task.classes) else str(k)
    score = Score(value=worst.value, low=worst.low, high=worst.high, n=sum(matrix[k]))
    yield veto(ask(f"worst_class_recall[{label}]", score, threshold), missed_for_sure=worst.high < threshold)


def _gap(evidence: Evidence, threshold: float | None) -> Iterator[Criterion]:
    """How far precision and recall lie apart."""
    gap = evidence.pr_gap
    if threshold is None or gap is None or gap.value is None:
        return
    score = Score(value=gap.value, low=gap.low, high=gap.high, n=rows_of(evidence))
    yield veto(
        ask("precision_recall_gap", score, threshold), missed_for_sure=gap.low is not None and gap.low > threshold
    )


def _probabilities(evidence: Evidence, criteria: Criteria) -> Iterator[Criterion]:
    skill, distance = (_threshold(evidence, criteria, name) for name in ("brier_skill", "calibration_slope"))
    if skill is not None:
        slack = None if skill == 0 else criteria.slack
        yield ask("brier_skill", _skill(_score(evidence, "brier")), skill, slack=slack)
    if distance is not None:
        # a slope's interval is wide: it may reach twice as far from 1 as the slope itself
        yield ask("calibration_slope", _slope(evidence), distance, slack=distance)


def _skill(brier: Score) -> Score:
    """Share of the baseline's Brier score by which the model's is lower."""
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
