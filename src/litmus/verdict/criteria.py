"""What is asked of a model: the thresholds of `criteria`, and how a score with its interval meets one."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, final

from annotated_types import Ge

from litmus.evidence import Score, Unknown
from litmus.metrics import lower_is_better, measure, measures
from litmus.task import kind_of
from litmus.verdict.verdict import Criterion, Status

ASKABLE = {name: known for name, known in measures().items() if known.askable}
"""The measures that have a key `criteria.<name>`."""
Slack = Annotated[float, Ge(0)]
SLACK = 0.05


@final
@dataclass(frozen=True, init=False)
class Criteria:
    """What a model must reach; null asks nothing. What does not apply to the kind of target is left aside.

    Args:
        slack: How far below its threshold the lower bound of a score may lie (a share of it for unbounded errors).
        thresholds: By measure, each as its declaration names it; what is not given is as the declaration has it. A name
            that is none of ours is that of a metric of the user's own.

    Attributes:
        given: The measures whose threshold somebody has written, the default one included.
    """

    slack: float
    thresholds: Mapping[str, float | None]
    given: frozenset[str]

    def __init__(self, *, slack: Slack = SLACK, **thresholds: float | None) -> None:
        defaults = {name: known.default for name, known in ASKABLE.items()}
        object.__setattr__(self, "slack", slack)
        object.__setattr__(self, "thresholds", {**defaults, **thresholds})
        object.__setattr__(self, "given", frozenset(thresholds))

    def threshold(self, name: str) -> float | None:
        """What is asked of a measure; None: nothing."""
        return self.thresholds.get(name)

    def without(self, name: str) -> "Criteria":
        """The same, but nothing is asked of that measure."""
        return Criteria(slack=self.slack, **{key: self.thresholds[key] for key in self.given} | {name: None})

    def stated(self) -> dict[str, float]:
        """The thresholds that somebody has written, a default one written again included."""
        return {name: value for name, value in self.thresholds.items() if value is not None and name in self.given}

    def of_others(self) -> dict[str, float]:
        """The thresholds of metrics of the user's own."""
        return {name: value for name, value in self.stated().items() if name not in ASKABLE}

    def misplaced(self, kind: str) -> list[Unknown]:
        """Thresholds that somebody asked for and that this kind of target has no measure for."""
        reason = f"{kind} has no such metric, so criteria.{{}} was left aside"
        others = [name for name in self.stated() if name in ASKABLE and not kind_of(kind).has(ASKABLE[name])]
        return [Unknown(name=name, reason=reason.format(name)) for name in others]


def _signature() -> inspect.Signature:
    """A keyword for every measure that can be asked for: the schema of the config node."""
    keys: dict[str, tuple[Any, float | None]] = {
        name: (known.threshold_type, known.default) for name, known in ASKABLE.items()
    }
    keys["slack"] = (Slack, SLACK)
    return inspect.Signature(
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hint)
            for name, (hint, default) in keys.items()
        ]
    )


Criteria.__signature__ = _signature()  # type: ignore[attr-defined]


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
        higher_is_better=not lower_is_better(name),
    )


def veto(criterion: Criterion, *, missed_for_sure: bool) -> Criterion:
    """A criterion that only vetoes: it fails where it is surely missed, and passes where the value itself is met."""
    known = criterion.value is not None and criterion.threshold is not None
    unmet = misses(criterion) or not known
    return replace(criterion, status="fail" if missed_for_sure else "open" if unmet else "pass")


def is_veto(criterion: Criterion) -> bool:
    """Whether a criterion can only fail a run: while it is open it leaves the verdict to the others."""
    known = measure(criterion.name)
    return known is not None and known.vetoes


def relative(name: str) -> bool:
    """Whether a distance from the measure's threshold is told as a share of the threshold: errors without a bound."""
    known = measure(name)
    return known is not None and known.relative_slack


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
    room = slack * abs(threshold) if relative(name) else slack
    return "pass" if value >= threshold and worse >= threshold - room - 1e-9 else "open"
