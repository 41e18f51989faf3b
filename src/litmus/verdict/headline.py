"""The first sentence of a summary: the answer, and the figure that decides it beside what is asked of it."""

import math
from collections.abc import Sequence

from litmus.evidence import Estimate, Evidence
from litmus.metrics import lower_is_better
from litmus.verdict import quantities
from litmus.verdict.answers import WORDS
from litmus.verdict.attainable import Standing
from litmus.verdict.context import Context
from litmus.verdict.criteria import is_veto, relative
from litmus.verdict.findings import diagnoses
from litmus.verdict.verdict import Criterion, Verdict
from litmus.verdict.wording import interval, metric, percent, points

UNSCORED = "the model predicts nothing that can be scored"


def headline(verdict: Verdict, evidence: Evidence, context: Context) -> str:
    """One sentence, such as `Limited by the data: recall is 72 % (95 % interval 70 to 74 %) on 900 test rows; ...`.

    Args:
        verdict: With its answer and findings.
        evidence: What it rests on.
        context: Where the run stands.
    """
    rows = f"on {context.rows:,} {evidence.scored} rows"
    speak = {"adequate": _adequate, "limited": _limited, "inadequate": _inadequate, "undetermined": _undetermined}
    label = WORDS[verdict.verdict].label
    good = next(
        (criterion for criterion in context.standing.criteria if criterion.name == "f1" and not criterion.votes), None
    )
    if verdict.verdict == "adequate" and good is not None and good.status == "pass":
        label += " (good)"
    unscored = any(unknown.name == "predictions" for unknown in evidence.unknown)
    predicted = UNSCORED if unscored else speak[verdict.verdict](verdict, evidence, context, rows)
    return f"{label}: {predicted}."


def decisive(criteria: Sequence[Criterion]) -> Criterion:
    """The criterion that is missed by most or met by least; one that compares with the baseline before all others.

    Of two that are missed alike the one that is missed for sure: the precision of what is never predicted is not known.
    """
    return max(
        criteria,
        key=lambda criterion: (
            criterion.name == "gain" and criterion.status != "pass",
            _shortfall(criterion),
            criterion.status == "fail",
        ),
    )


def _shortfall(criterion: Criterion) -> float:
    """How far the value is on the wrong side of its threshold, as a share of it for unbounded errors."""
    if criterion.value is None or criterion.threshold is None:
        return -1.0
    short = criterion.threshold - criterion.value
    if lower_is_better(criterion.name):
        short = -short
    return short / max(abs(criterion.threshold), 1e-12) if relative(criterion.name) else short


def _adequate(_verdict: Verdict, evidence: Evidence, context: Context, rows: str) -> str:
    return _score(evidence, context.standing, rows)


def _limited(_verdict: Verdict, evidence: Evidence, context: Context, rows: str) -> str:
    missed = decisive(context.standing.excused)
    return _beside_target(missed, rows, target="the usual target") + _expectation(evidence, context.standing, missed)


def _expectation(evidence: Evidence, standing: Standing, criterion: Criterion) -> str:
    """What is expected on rows like all of these, where it decides; that it is at the border where it straddles it."""
    name = evidence.task.primary if criterion.name == "gain" else criterion.name
    found, threshold = evidence.expected.get(name), criterion.threshold
    if criterion.name not in standing.expected or found is None or threshold is None:
        return ""
    if _width(found) >= _width(criterion):  # all rows tell no more than the scored ones
        return ""
    straddles = (found.low or 0.0) < threshold <= (found.high or 0.0)
    return f"; {interval(name, found)} is expected on rows like all of these{', at the border' if straddles else ''}"


def _width(bounds: Estimate | Criterion) -> float:
    return math.inf if bounds.low is None or bounds.high is None else bounds.high - bounds.low


def _inadequate(verdict: Verdict, evidence: Evidence, context: Context, rows: str) -> str:
    if evidence.fit.non_finite is not None:
        return f"training broke in epoch {evidence.fit.non_finite.epoch}, where values were not finite any more"
    if any(finding.name == "no_better_than_baseline" and finding.alarms for finding in verdict.findings):
        name = evidence.task.primary
        base = points(name, quantities.chance(evidence))
        score = f"{metric(name)} is {interval(name, quantities.primary(evidence))} {rows}"
        return f"{score}, no better than the baseline ({base})"
    standing = context.standing
    if standing.failed or standing.missed:
        return _beside_target(decisive(standing.failed or standing.missed), rows)
    errors = [finding.name for finding in verdict.findings if finding.alarms and finding.severity == "error"]
    stand = f"the error {errors[0]} stands" if len(errors) == 1 else f"{len(errors)} errors stand"
    return f"{_score(evidence, standing, rows)}, but {stand}"


def _doubt(verdict: Verdict) -> str:
    """Why a score that meets its targets leaves the answer open, as a clause."""
    doubtful = [
        finding.name for finding in verdict.findings if finding.alarms and diagnoses()[finding.name].leaves_doubt
    ]
    of_rows = [words for name in doubtful if (words := diagnoses()[name].of_rows)]
    named = f"in doubt as long as the warning {doubtful[0]} stands" if doubtful else "which leave it open"
    return of_rows[0] if of_rows else named


def _undetermined(verdict: Verdict, evidence: Evidence, context: Context, rows: str) -> str:
    standing = context.standing
    if not standing.unsettled:
        if any(finding.severity == "question" and finding.alarms for finding in verdict.findings):
            return f"{_score(evidence, standing, rows)}, and a question is open that decides what it is worth"
        return f"{_score(evidence, standing, rows)}, {_doubt(verdict)}"
    criterion = decisive([*standing.unsettled, *standing.excused])
    if criterion.value is None:
        return f"{metric(criterion.name)} has no value {rows}"
    if criterion.status == "fail":
        return f"{_beside_target(criterion, rows)}, and it is open whether these data allow more"
    if criterion.name in {"gain", "non_inferiority"} or criterion.low is None:
        return _beside_target(criterion, rows)
    value = f"{metric(criterion.name)} is {interval(criterion.name, criterion)} {rows}"
    return f"{value}; the target of {points(criterion.name, criterion.threshold)} lies within this interval"


def _beside_target(criterion: Criterion, rows: str, *, target: str = "the target") -> str:
    """A criterion with its interval, and what is asked of it."""
    name, head = criterion.name, criterion.name.partition("[")[0]
    asked = points(name, criterion.threshold)
    if head == "non_inferiority":
        if (criterion.value or 0.0) > 0:
            value, low, high = (
                points(name, abs(bound or 0.0)) for bound in (criterion.value, criterion.low, criterion.high)
            )
            return (
                f"explained variation is {value} above the best reference's {rows}, but anything from {low} below to"
                f" {high} above fits"
            )
        flipped = quantities.flip(Estimate(value=criterion.value, low=criterion.low, high=criterion.high))
        allowed = percent(-(criterion.threshold or 0.0))
        return (
            f"explained variation is {interval(name, flipped)} below the best reference's {rows}; {allowed} is allowed"
        )
    if head == "gain":
        return f"the gain over the baseline is {interval(name, criterion)} {rows}, not surely above 0"
    if head == "worst_class_recall":
        return f"{metric(name)} is only {interval(name, criterion)} {rows}; the least for every class is {asked}"
    if head == "precision_recall_gap":
        return f"precision and recall are {interval(name, criterion)} apart {rows}; at most {asked} is allowed"
    most = "at most " if lower_is_better(name) else ""
    return f"{metric(name)} is {interval(name, criterion)} {rows}; {target} is {most}{asked}"


def _score(evidence: Evidence, standing: Standing, rows: str) -> str:
    """The figure that says most: what was asked for, the weakest of the criteria, or the primary metric."""
    voting = [
        criterion
        for criterion in standing.criteria
        if criterion.votes and criterion.value is not None and criterion.threshold is not None
    ]
    if quantities.is_regression(evidence):
        asked = [criterion for criterion in voting if criterion.name in {"rmse", "mae", "mse"}]
        if asked:
            return _beside_target(decisive(asked), rows)
        explained = next((criterion for criterion in voting if criterion.name == "r2"), None)
        beyond = "" if explained is None else _expectation(evidence, standing, explained)
        value = interval("r2", quantities.primary(evidence))
        return f"the model explains {value} of the target's variation {rows}{beyond}"
    among = [criterion for criterion in voting if criterion.name != "gain" and not is_veto(criterion)]
    if not among:
        return (
            f"{metric(evidence.task.primary)} is {interval(evidence.task.primary, quantities.primary(evidence))} {rows}"
        )
    if evidence.task.threshold_goal:
        return f"{metric(among[0].name)} is {interval(among[0].name, among[0])}{_price(evidence, among[0].name)} {rows}"
    weakest = decisive(among)
    beyond = _expectation(evidence, standing, weakest)
    return f"{metric(weakest.name)} is {interval(weakest.name, weakest)} {rows}{beyond}"


def _price(evidence: Evidence, name: str) -> str:
    """What a stated recall is bought with in precision, and the other way round."""
    price = {"recall": "precision", "precision": "recall"}.get((evidence.task.threshold_goal or "").partition("@")[0])
    score = evidence.scores.get(evidence.scored, {}).get(price or "")
    if price in {None, name} or score is None or score.value is None:
        return ""
    return f" at a {metric(price or '')} of {points(price or '', score.value)}"
