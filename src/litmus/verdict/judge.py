"""Evidence in, verdict out: pure, so that a run can be judged again at any time and by other criteria."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from litmus.evidence import Evidence, Unknown
from litmus.metrics import declare_stored
from litmus.verdict import quantities
from litmus.verdict.answers import Answer
from litmus.verdict.attainable import Standing
from litmus.verdict.by_heart import by_heart
from litmus.verdict.causes import BEYOND_SETTINGS, Explanations, explanations
from litmus.verdict.context import Context
from litmus.verdict.criteria import Criteria
from litmus.verdict.family import control
from litmus.verdict.findings import diagnoses, explains, names
from litmus.verdict.overrides import is_set, lower_lr, settable
from litmus.verdict.settings import Settings
from litmus.verdict.summary import summarise
from litmus.verdict.tried import OF_DECISIONS, attempt_of
from litmus.verdict.unreferenced import unblamed
from litmus.verdict.verdict import Criterion, Finding, Headroom, Verdict


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
    if evidence.memorised is not None:
        return by_heart(evidence.memorised, evidence.scored)
    declare_stored(evidence.task.own_metrics)
    context = Context.of(evidence, criteria)
    judged = [diagnosis.judge(evidence, context) for diagnosis in diagnoses().values()]
    findings = [_with_sound_advice(evidence, judgement) for judgement in judged if isinstance(judgement, Finding)]
    accepted = [entry for entry, answer in evidence.answers.items() if answer == "accepted"]
    agreed = replace(settings, accept=[*settings.accept, *accepted])
    findings = [replace(finding, accepted=agreed.accepts(finding)) for finding in control(findings)]
    findings = _with_suspect(evidence, context, _without_signal(_with_cause(evidence, findings)))
    findings, untold = unblamed(context, findings)
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
        unknown=_unknown(
            evidence, context, [*untold, *(judgement for judgement in judged if isinstance(judgement, Unknown))]
        ),
    )
    return replace(verdict, summary=summarise(verdict, evidence, context))


def _with_sound_advice(evidence: Evidence, finding: Finding) -> Finding:
    """The finding without advice that the run cannot or does already follow, or that a trial speaks against."""
    finding = _within_reach(evidence, finding)
    if finding.severity == "warning" and diagnoses()[finding.name].symptom and _refuted(evidence, finding):
        finding = replace(finding, severity="info")
    followed = bool(finding.overrides) and all(is_set(evidence, override) for override in finding.overrides)
    if not followed and not _contradicted(evidence, finding) and not _useless(evidence, finding):
        return finding
    return replace(finding, overrides=(), tried=None)


def _refuted(evidence: Evidence, finding: Finding) -> bool:
    """Whether every look at what would cure it came to its end and gained nothing worth a change."""
    if diagnoses()[finding.name].about != "training" or quantities.trial(evidence, finding=finding.name) is not None:
        return False
    gains = [attempt for attempt in evidence.attempts if attempt.finding == finding.name and attempt.gain is not None]
    return bool(gains) and all(one.complete and (one.gain or 0.0) <= quantities.MARGIN / 2 for one in gains)


def _useless(evidence: Evidence, finding: Finding) -> bool:
    """Whether a first look at its overrides gained nothing worth a change, or lost clearly where it was cut short."""
    attempt = attempt_of(evidence, finding)
    if attempt is None or finding.name in OF_DECISIONS or diagnoses()[finding.name].about == "data":
        return False
    if finding.tried is not None and finding.tried.get("confirmed"):
        return False
    least = quantities.MARGIN / 2 if attempt.complete else -2 * quantities.MARGIN
    return attempt.gain is not None and attempt.gain <= least


def _within_reach(evidence: Evidence, finding: Finding) -> Finding:
    """The finding without overrides of what a user's own model, data or optimizer does not have."""
    if all(settable(evidence, override) for override in finding.overrides):
        return finding
    return replace(finding, overrides=(), tried=None)


def _contradicted(evidence: Evidence, finding: Finding) -> bool:
    """Whether a trial gained more by setting one of the same keys to something else."""
    asked = dict(override.split("=", 1) for override in finding.overrides)
    gains = [trial for trial in evidence.trials if quantities.moves(trial)]
    ranked = sorted(gains, key=lambda trial: -((trial.difference and trial.difference.value) or 0.0))
    for trial in ranked:
        if trial.overrides == finding.overrides:
            return False
        if any(asked.get(key, value) != value for key, value in (change.split("=", 1) for change in trial.overrides)):
            return True
    return False


def link(findings: Sequence[Finding], explained: Explanations | None = None) -> list[Finding]:
    """Findings with `consequence_of` set where another one that alarms explains them."""
    explained = explains() if explained is None else explained
    alarms = {finding.name for finding in findings if finding.alarms}
    causes = [name for name in names() if name in alarms]

    def cause(of: str, seen: frozenset[str] = frozenset()) -> str | None:
        direct = next((name for name in causes if of in explained.get(name, ()) and name not in seen), None)
        return None if direct is None else cause(direct, seen | {of, direct}) or direct

    return [replace(finding, consequence_of=cause(finding.name)) for finding in findings]


def quieten(findings: Sequence[Finding]) -> list[Finding]:
    """Symptoms that an alarm at least as severe explains become information: their own remedy would cure nothing."""
    grave = {finding.name for finding in findings if finding.alarms and finding.severity == "error"}
    return [
        replace(finding, severity="info")
        if diagnoses()[finding.name].symptom
        and not diagnoses()[finding.name].stays
        and finding.consequence_of is not None
        and (finding.consequence_of in grave or finding.severity != "error")
        else finding
        for finding in findings
    ]


def settle(findings: Sequence[Finding]) -> list[Finding]:
    """Too few rows are no alarm beside an error that was seen on them, but for one that they explain."""
    scarcity = "too_little_data"
    seen = [
        finding
        for finding in findings
        if finding.alarms and finding.severity == "error" and finding.consequence_of != scarcity
    ]
    return [replace(finding, severity="info") if finding.name == scarcity and seen else finding for finding in findings]


def rank(findings: Iterable[Finding]) -> list[Finding]:
    """Alarms first, root cause first, each followed by its consequences; then what was accepted, then information."""
    place = {name: number for number, name in enumerate(names())}

    def key(finding: Finding) -> tuple[int, int, int, int]:
        section = 0 if finding.alarms else 1 if finding.accepted else 2
        root = place[finding.consequence_of or finding.name]
        return section, root, int(finding.consequence_of is not None), place[finding.name]

    return sorted(findings, key=key)


def _with_cause(evidence: Evidence, findings: list[Finding]) -> list[Finding]:
    """A value that was not finite is cured by what cures its cause: scales, start, learning rate or gradients."""
    broken = next((finding for finding in findings if finding.name == "non_finite"), None)
    if broken is None or broken.overrides:
        return findings
    breaking = names(lambda diagnosis: diagnosis.breaks_training)
    causes = (finding for name in breaking for finding in findings if finding.name == name and finding.overrides)
    cause = next(causes, None)
    mended = replace(
        broken,
        overrides=cause.overrides if cause else lower_lr(evidence),
        evidence={**broken.evidence, "cause": cause.name if cause else None},
    )
    return [mended if finding is broken else finding for finding in findings]


def _without_signal(findings: list[Finding]) -> list[Finding]:
    """Where nothing beats the baseline, settings are not to blame, and no change of them is offered."""
    if not any(finding.name == "no_better_than_baseline" and finding.alarms for finding in findings):
        return findings
    return [
        finding
        if diagnoses()[finding.name].about in BEYOND_SETTINGS
        else replace(finding, severity="info", overrides=())
        for finding in findings
    ]


def _with_suspect(evidence: Evidence, context: Context, findings: list[Finding]) -> list[Finding]:
    """Where the model lags well behind a reference and nothing alarms, the first suspect becomes a warning."""
    far = context.could_gain and context.lags and (context.ahead.value or 0.0) >= quantities.NON_INFERIOR
    if not far or any(finding.alarms for finding in findings):
        return findings
    open_ = [
        finding
        for finding in findings
        if finding.tried is None
        and diagnoses()[finding.name].symptom
        and not finding.evidence.get("by_default")
        and not _refuted(evidence, finding)
    ]
    suspects = [finding for finding in open_ if diagnoses()[finding.name].suspect is not None]
    first = min(suspects, key=lambda finding: diagnoses()[finding.name].suspect or 0, default=None)
    return [replace(finding, severity="warning") if finding is first else finding for finding in findings]


def _answer(standing: Standing, findings: Sequence[Finding]) -> Answer:
    alarms = [finding for finding in findings if finding.alarms]
    if standing.failed or any(alarm.severity == "error" for alarm in alarms):
        return "inadequate"
    if any(diagnoses()[alarm.name].leaves_doubt for alarm in alarms):
        return "undetermined"
    if standing.limited:
        return "limited"
    return "undetermined" if standing.unsettled else "adequate"


def _rows_needed(evidence: Evidence, standing: Standing, findings: Sequence[Finding]) -> int | None:
    """Rows for the open criteria, and for ten rows of each class of which nothing is known."""
    scarce = [label for finding in findings for label in finding.evidence.get("scarce_classes") or []]
    counts = quantities.class_rows(evidence, evidence.scored)
    total = sum(counts.values())
    rows = [-(-10 * total // max(counts[label], 1)) for label in scarce if label in counts]
    settled = standing.rows_needed()
    return max([*rows, *([] if settled is None else [settled])], default=None)


def _headroom(evidence: Evidence, context: Context) -> Headroom | None:
    """The largest gain that a trial showed; without one, the best reference's lead; none where there is no signal."""
    name = evidence.task.primary
    if context.hopeless:
        return None
    gains = [trial for trial in evidence.trials if quantities.moves(trial) and quantities.in_points(trial)]
    shown = [
        (trial.difference, trial)
        for trial in gains
        if trial.difference is not None and trial.difference.value is not None
    ]
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
    if not context.lags or context.best_reference is None or context.ahead.value is None:
        return None
    ahead = context.ahead
    return Headroom(
        metric=name, value=ahead.value or 0.0, low=ahead.low, high=ahead.high, source=context.best_reference.name
    )


def _unknown(evidence: Evidence, context: Context, judged: list[Unknown]) -> tuple[Unknown, ...]:
    """What could not be computed or judged, each with its reason, once."""
    missing = [
        _no_value(criterion) for criterion in context.standing.criteria if criterion.votes and criterion.value is None
    ]
    misplaced = context.criteria.misplaced(evidence.task.kind)
    untried = []
    if (context.wanting or context.standing.limited) and not context.hopeless and not evidence.trials:
        untried = [Unknown(name="headroom", reason=_untried(evidence))]
    together = [*evidence.unknown, *judged, *missing, *misplaced, *untried]
    return tuple({(unknown.name, unknown.reason): unknown for unknown in together}.values())


def _untried(evidence: Evidence) -> str:
    if not evidence.probed:
        return "no trial was run, so what a change would gain is not known"
    seconds = f"{evidence.probe_seconds or 0.0:.0f} s"
    return f"in {seconds} no trial came to an end that showed a gain; verdict.budget=<seconds> gives them more time"


def _no_value(criterion: Criterion) -> Unknown:
    return Unknown(name=criterion.name, reason="it has no value on the scored split, so this criterion is open")
