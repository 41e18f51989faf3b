"""What might help: the findings' own suggestions, other learning rates, and what usually does; singly and together."""

from collections.abc import Iterable, Iterator, Sequence

from litmus.evidence import Evidence
from litmus.verdict import Verdict
from litmus.verdict.candidate import Candidate
from litmus.verdict.findings import diagnoses
from litmus.verdict.findings.too_few_epochs import longer
from litmus.verdict.overrides import assign, settable
from litmus.verdict.rates import usual, usual_factor

LADDER = (0.1, 10.0, 0.01, 100.0, 0.3, 3.0)
"""Multiples of the learning rate that are tried, whatever the findings say."""


def singles(evidence: Evidence, verdict: Verdict) -> list[Candidate]:
    """What is tried first, the most likely first, each change once."""
    every = [*_suggested(evidence, verdict), *_ladder(evidence), *_habits(evidence)]
    return _different(
        candidate for candidate in every if all(settable(evidence, change) for change in candidate.changes)
    )


def _different(candidates: Iterable[Candidate]) -> list[Candidate]:
    found: dict[frozenset[str], Candidate] = {}
    for candidate in candidates:
        if candidate.changes:
            found.setdefault(frozenset(candidate.changes), candidate)
    return list(found.values())


def _suggested(evidence: Evidence, verdict: Verdict) -> Iterator[Candidate]:
    """Suggestions as they stand, and those that change how steps act with the learning rates that they may need."""
    for finding in verdict.findings:
        diagnosis = diagnoses()[finding.name]
        if not diagnosis.tried or diagnosis.about == "data" or not _comparable(finding.overrides):
            continue
        plain = Candidate("suggestion", finding.overrides, finding.name)
        yield plain
        yield from _joined(plain, [_rate(evidence, factor) for factor in diagnosis.rates(evidence)])


def _comparable(changes: Sequence[str]) -> bool:
    """Whether the changed run answers the same question: not another kind of target, nor what val itself decides."""
    return bool(changes) and not any(
        change.startswith(("task=", "task.threshold", "task.calibrate")) for change in changes
    )


ALONE = 0.5
"""Share of the best gain that a cure of the finding that alarms first must bring by itself."""


def _joined(plain: Candidate, others: Iterable[Candidate | None]) -> Iterator[Candidate]:
    for other in others:
        if other is not None and (both := plain.with_(other)) is not None:
            yield both


def _ladder(evidence: Evidence) -> Iterator[Candidate]:
    yield from (rung for factor in LADDER if (rung := _rate(evidence, factor)) is not None)
    yield from _usual(evidence)


def _rate(evidence: Evidence, factor: float) -> Candidate | None:
    present = evidence.settings.optimizer.lr
    if present <= 0:
        return None
    name = "lr_too_high" if factor < 1 else "lr_too_low"
    return Candidate("lr_ladder", (assign("optimizer.lr", present * factor),), name)


def _usual(evidence: Evidence) -> Iterator[Candidate]:
    """The optimizer's usual learning rate, where the present one is far from it."""
    factor = usual_factor(evidence)
    if factor is not None and not usual(evidence) and (rung := _rate(evidence, factor)) is not None:
        yield rung


def _habits(evidence: Evidence) -> Iterator[Candidate]:
    """What usually helps, whatever the findings say: each finding's own candidates, in their turn."""
    every = [candidate for diagnosis in diagnoses().values() for candidate in diagnosis.candidates(evidence)]
    yield from sorted(every, key=lambda candidate: candidate.turn)


def combinations(
    evidence: Evidence, ranked: Sequence[tuple[Candidate, float]], root: str | None, *, least: float
) -> list[Candidate]:
    """Changes that build on those that gained: with one another, with other learning rates, and for longer.

    Args:
        evidence: What the run showed.
        ranked: What was tried with its gain, the best first.
        root: The finding that alarms first; what is shown to be its cure is tried with the rest.
        least: What counts as a gain.
    """
    good = [candidate for candidate, gain in ranked if gain >= least]
    if not good:
        return []
    gains = dict(ranked)
    cures = [candidate for candidate in good if candidate.finding == root][:1]
    # what a cure of the root does together with others is the root's, where it does a good part of it alone
    alone = bool(cures) and gains[cures[0]] >= ALONE * gains[good[0]]
    heads = [*cures, good[0]] if alone else [good[0], *cures]
    others = [
        candidate for candidate in good[:5] if candidate.finding != "lr_too_high" or candidate.probe == "lr_ladder"
    ]
    factors = [rung for factor in (10.0, 0.1, 3.0, 0.3) if (rung := _rate(evidence, factor)) is not None]
    found: list[Candidate] = []
    for head in dict.fromkeys(heads):
        found += _joined(head, [*(other for other in others if other is not head), *_usual(evidence), *factors])
        found += _joined(head, [] if evidence.fit.stopped_early else [longer(evidence)])
        found += _further(evidence, head)
    known = {frozenset(candidate.changes) for candidate, _ in ranked}
    return [candidate for candidate in _different(found) if frozenset(candidate.changes) not in known]


def _further(evidence: Evidence, head: Candidate) -> Iterator[Candidate]:
    """The next rungs beyond and around a learning rate that gained."""
    rate = next(
        (float(change.partition("=")[2]) for change in head.changes if change.startswith("optimizer.lr=")), None
    )
    rest = tuple(change for change in head.changes if not change.startswith("optimizer.lr="))
    present = evidence.settings.optimizer.lr
    if rate is None or present <= 0:
        return
    for factor in (10.0, 3.0, 0.3, 0.1):
        name = head.finding
        if head.probe == "lr_ladder" and (rate > present) != (factor * rate > present):
            continue
        yield Candidate(head.probe, (*rest, assign("optimizer.lr", factor * rate)), name)
