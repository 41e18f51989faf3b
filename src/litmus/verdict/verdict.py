"""The answer itself: what verdict.json holds, as frozen values with an exact JSON round trip."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any, Literal, final, get_args

from litmus.evidence import Unknown, plain
from litmus.verdict.answers import Answer

Status = Literal["pass", "fail", "open"]
Severity = Literal["error", "warning", "question", "info"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""The gravest first."""


@final
@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One metric beside what is asked of it, on the scored split.

    Args:
        name: The metric, or what is asked of it, such as `accuracy`, `recall[b]` or `gain`.
        value: The model's value; None where it is undefined.
        low: Lower 95 % bound for this trained model; `high` is the upper one.
        threshold: What is asked for; None where the metric is shown only.
        baseline: The baseline's value of the same metric on the same rows; None where there is no such value.
        n: Rows that the value rests on.
        status: pass, fail, or open where it is neither surely met nor surely missed.
        votes: Whether it decides; what is shown without a vote never fails.
        stated: Whether the user asked for it; False for a default.
        higher_is_better: Whether more of the metric is better.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    threshold: float | None = None
    baseline: float | None = None
    n: int = 0
    status: Status = "open"
    votes: bool = True
    stated: bool = False
    higher_is_better: bool = True


@final
@dataclass(frozen=True, kw_only=True)
class Finding:
    """One judgement, with the figures it rests on and what to try.

    Args:
        name: Its name in the catalogue.
        severity: error takes part in the verdict; a question leaves it open until it is answered; warning and info do
            not.
        summary: One plain sentence with figures.
        evidence: The figures, plain types.
        overrides: One change, as exact overrides to apply together; empty where no change of a setting is suggested.
        choices: The answers to a question, overrides each; empty for what is no question.
        tried: What a trial of these overrides gave: metric, before, after, difference, low, high, seeds, splits,
            confirmed.
        consequence_of: The earlier finding that explains this one.
        accepted: Whether the user accepted it: it stays visible and has no vote.
    """

    name: str
    severity: Severity
    summary: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    overrides: tuple[str, ...] = ()
    choices: tuple[tuple[str, ...], ...] = ()
    tried: Mapping[str, Any] | None = None
    consequence_of: str | None = None
    accepted: bool = False

    @property
    def alarms(self) -> bool:
        """Whether it is a warning, an error or a question that the user has not accepted."""
        return self.severity != "info" and not self.accepted


@final
@dataclass(frozen=True, kw_only=True)
class Headroom:
    """What could still be gained.

    Args:
        metric: The primary metric, in whose points the gain is.
        value: The gain; `low` and `high` are its 95 % bounds.
        source: The trial or the reference model that showed it.
        overrides: The trial's change; empty for a reference model.
    """

    metric: str
    value: float
    low: float | None = None
    high: float | None = None
    source: str = ""
    overrides: tuple[str, ...] = ()


@final
@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether the model is adequate, why not, and what to try.

    Args:
        verdict: The answer.
        summary: At most three whole sentences, a line each: the verdict, the cause, and what to do or what was tried.
        split: The split that it is about: test, or val where test was not read.
        rows_needed: Rows of that split that would settle an open verdict; None where rows are not what is missing.
        criteria: In the order in which they are shown.
        findings: In rank order, root cause first.
        headroom: What could still be gained, None where nothing is known to be.
        unknown: What could not be judged, and why: never passed.
        memorises: Whether a few batches were learnt by heart, where that was asked; None elsewhere.
    """

    verdict: Answer
    summary: str
    split: str = "test"
    rows_needed: int | None = None
    criteria: tuple[Criterion, ...] = ()
    findings: tuple[Finding, ...] = ()
    headroom: Headroom | None = None
    unknown: tuple[Unknown, ...] = ()
    memorises: bool | None = None

    @property
    def try_first(self) -> Finding | None:
        """The one finding whose overrides to try first: the earliest alarm, itself no consequence, that has any."""
        causes = (finding for finding in self.findings if finding.alarms and finding.consequence_of is None)
        return next((finding for finding in causes if finding.overrides), None)

    @property
    def questions(self) -> tuple[str, ...]:
        """What is asked and not answered, as `<finding>:<column>`."""
        return tuple(
            f"{finding.name}:{column}"
            for finding in self.findings
            if finding.severity == "question" and finding.alarms
            for column in finding.evidence.get("columns") or ()
        )

    def to_json(self) -> str:
        """The text of verdict.json, with non-finite numbers as null; `memorises` only where that was asked."""
        content = asdict(self)
        if self.memorises is None:
            del content["memorises"]
        return json.dumps(plain(content), ensure_ascii=False, indent=1, allow_nan=False)

    @staticmethod
    def from_json(text: str) -> "Verdict":
        """The verdict that `to_json` wrote.

        Raises:
            ValueError: The text is no verdict.
        """
        verdict: Verdict = _adapter().validate_json(text)
        return verdict


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter  # .1 s that only re-reading needs

    return TypeAdapter(Verdict)
