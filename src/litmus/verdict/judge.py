"""Evidence in, verdict out: pure, so that a run can be judged again at any time and by other criteria."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from litmus.evidence import Evidence, Unknown
from litmus.verdict import reading
from litmus.verdict.causes import Explanations, explanations
from litmus.verdict.criteria import Criteria
from litmus.verdict.family import control
from litmus.verdict.findings import DATA, EXPLAINS, FINDINGS
from litmus.verdict.findings.context import Context
from litmus.verdict.overrides import lower_lr
from litmus.verdict.settings import NAMES, Settings
from litmus.verdict.standing import Standing
from litmus.verdict.summary import summarise
from litmus.verdict.verdict import Answer, Criterion, Finding, Headroom, Verdict

CAUSES_OF_NON_FINITE = ("unnormalised_inputs", "unnormalised_target", "bad_init", "lr_too_high", "exploding_gradients")
SUSPECTS = ("too_few_epochs", "underfitting", "overfitting")
SYMPTOMS = {*SUSPECTS, "class_imbalance", "bad_threshold", "train_val_inconsistent", "seed_unstable", "miscalibrated"}
"""What follows from a cause and would be cured with it."""
DOUBTFUL = {"too_little_data", "train_val_inconsistent"}
"""What leaves a score in doubt, so that a model that meets all criteria may or may not be adequate."""
UNTOUCHED = {"non_finite", "no_better_than_baseline", *DATA}
"""What stands even where the data hold no signal to tune for."""


def judge(evidence: Evidence, criteria: Criteria | None = None, settings: Settings | None = None) -> Verdict:
    """Whether the model is adequate, why not, and what to try.

    Args:
        evidence: What the run showed, with or without trials.
        criteria: What is asked; None: the defaults.
        settings: Which findings the user accepts; None: none.

    Raises:
        ConfigError: `settings.accept` names no finding.
    """
    criteria, settings = criteria or Criteria(), settings or Settings()
    settings.check()
    context = Context.of(evidence, criteria)
    judged = [find(evidence, context) for find in FINDINGS]
    findings = [one for one in judged if isinstance(one, Finding)]
    findings = [replace(one, accepted=settings.accepts(one)) for one in control(findings)]
    findings = _with_suspect(context, _without_signal(_with_cause(evidence, findings)))
    findings = rank(settle(quieten(link(findings, explanations(context, findings)))))
    standing = context.standing
    answer = _answer(standing, findings)
    verdict = Verdict(
        verdict=answer,
        summary="",
        split=evidence.scored,
        rows_needed=_rows_needed(evidence, standing, findings) if answer == "undetermined" else None,
        criteria=standing.criteria,
        findings=tuple(findings),
        headroom=_headroom(evidence, context),
        unknown=_unknown(evidence, context, [one for one in judged if isinstance(one, Unknown)]),
    )
    return replace(verdict, summary=summarise(verdict, evidence, context))


def link(findings: Sequence[Finding], explains: Explanations = EXPLAINS) -> list[Finding]:
    """Findings with `consequence_of` set where another one that alarms explains them."""
    alarms = {one.name for one in findings if one.alarms}
    causes = [name for name in NAMES if name in alarms]

    def cause(of: str, seen: frozenset[str] = frozenset()) -> str | None:
        direct = next((name for name in causes if of in explains.get(name, ()) and name not in seen), None)
        return None if direct is None else cause(direct, seen | {of, direct}) or direct

    return [replace(one, consequence_of=cause(one.name)) for one in findings]


def quieten(findings: Sequence[Finding]) -> list[Finding]:
    """Symptoms that an alarm at least as severe explains become information: their own remedy would cure nothing."""
    grave = {one.name for one in findings if one.alarms and one.severity == "error"}
    return [
        replace(one, severity="info")
        if one.name in SYMPTOMS
        and one.consequence_of is not None
        and (one.consequence_of in grave or one.severity != "error")
        else one
        for one in findings
    ]


def settle(findings: Sequence[Finding]) -> list[Finding]:
    """Too few rows are no alarm beside an error that was seen on them, but for one that they explain."""
    scarcity = "too_little_data"
    seen = [one for one in findings if one.alarms and one.severity == "error" and one.consequence_of != scarcity]
    return [replace(one, severity="info") if one.name == scarcity and seen else one for one in findings]


def rank(findings: Iterable[Finding]) -> list[Finding]:
    """Alarms first, root cause first, each followed by its consequences; then what was accepted, then information."""
    place = {name: number for number, name in enumerate(NAMES)}

    def key(one: Finding) -> tuple[int, int, int, int]:
        section = 0 if one.alarms else 1 if one.accepted else 2
        root = place[one.consequence_of or one.name]
        return section, root, int(one.consequence_of is not None), place[one.name]

    return sorted(findings, key=key)


def _with_cause(evidence: Evidence, findings: list[Finding]) -> list[Finding]:
    """A value that was not finite is cured by what cures its cause: scales, start, learning rate or gradients."""
    broken = next((one for one in findings if one.name == "non_finite"), None)
    if broken is None or broken.overrides:
        return findings
    causes = [one for name in CAUSES_OF_NON_FINITE for one in findings if one.name == name and one.overrides]
    cause = causes[0] if causes else None
    mended = replace(
        broken,
        overrides=cause.overrides if cause else lower_lr(evidence),
        evidence={**broken.evidence, "cause": cause.name if cause else None},
    )
    return [mended if one is broken else one for one in findings]


def _without_signal(findings: list[Finding]) -> list[Finding]:
    """Where nothing beats the trivial rule, settings are not to blame, and no change of them is offered."""
    if not any(one.name == "no_better_than_baseline" and one.alarms for one in findings):
        return findings
    return [one if one.name in UNTOUCHED else replace(one, severity="info", overrides=()) for one in findings]


def _with_suspect(context: Context, findings: list[Finding]) -> list[Finding]:
    """Where the model lags well behind a reference and nothing alarms, the first suspect becomes a warning."""
    far = context.could_gain and context.lags and (context.ahead.value or 0.0) >= reading.NON_INFERIOR
    if not far or any(one.alarms for one in findings):
        return findings
    suspects = [one for name in SUSPECTS for one in findings if one.name == name and one.tried is None]
    return [replace(one, severity="warning") if suspects and one is suspects[0] else one for one in findings]


def _answer(standing: Standing, findings: Sequence[Finding]) -> Answer:
    alarms = [one for one in findings if one.alarms]
    if standing.failed or any(one.severity == "error" for one in alarms):
        return "inadequate"
    if standing.unsettled or any(one.name in DOUBTFUL for one in alarms):
        return "undetermined"
    return "adequate"


def _rows_needed(evidence: Evidence, standing: Standing, findings: Sequence[Finding]) -> int | None:
    """Rows for the open criteria, and for ten rows of each class of which nothing is known."""
    scarce = [label for one in findings for label in one.evidence.get("scarce_classes") or []]
    counts = evidence.data.class_counts.get(evidence.scored, {})
    total = sum(counts.values())
    rows = [-(-10 * total // max(counts[label], 1)) for label in scarce if label in counts]
    settled = standing.rows_needed()
    return max([*rows, *([] if settled is None else [settled])], default=None)


def _headroom(evidence: Evidence, context: Context) -> Headroom | None:
    """The largest gain that a trial showed; without one, the best reference's lead; none where there is no signal."""
    name = evidence.task.primary
    if context.hopeless:
        return None
    gains = [one for one in evidence.trials if reading.moves(one) and reading.in_points(one)]
    shown = [(one.difference, one) for one in gains if one.difference is not None and one.difference.value is not None]
    if shown:
        gain, trial = max(shown, key=lambda pair: pair[0].value or 0.0)
        return Headroom(
            metric=trial.metric.rpartition("/")[2] or name,
            value=gain.value or 0.0,
            low=gain.low,
            high=gain.high,
            source=trial.finding or trial.probe,
            overrides=trial.overrides,
        )
    if not context.lags or context.rival is None or context.ahead.value is None:
        return None
    ahead = context.ahead
    return Headroom(metric=name, value=ahead.value or 0.0, low=ahead.low, high=ahead.high, source=context.rival.name)


def _unknown(evidence: Evidence, context: Context, judged: list[Unknown]) -> tuple[Unknown, ...]:
    """What could not be computed or judged, each with its reason, once."""
    missing = [_no_value(one) for one in context.standing.criteria if one.votes and one.value is None]
    misplaced = context.criteria.misplaced(evidence.task.kind)
    untried = []
    if context.wanting and not context.hopeless and not evidence.trials:
        untried = [Unknown(name="headroom", reason=_untried(evidence))]
    together = [*evidence.unknown, *judged, *missing, *misplaced, *untried]
    return tuple({(one.name, one.reason): one for one in together}.values())


def _untried(evidence: Evidence) -> str:
    if not evidence.probed:
        return "no trial was run, so what a change would gain is not known"
    seconds = f"{evidence.probe_seconds or 0.0:.0f} s"
    return f"in {seconds} no trial came to an end that showed a gain; verdict.budget=<seconds> gives them more time"


def _no_value(criterion: Criterion) -> Unknown:
    return Unknown(name=criterion.name, reason="it has no value on the scored split, so this criterion is open")
