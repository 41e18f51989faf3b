"""Which finding explains which, in this run: the catalogue's order, and what trials and scores say against it."""

from collections.abc import Mapping, Sequence

from litmus.verdict import quantities
from litmus.verdict.context import Context
from litmus.verdict.findings import diagnoses, explains, names
from litmus.verdict.findings.bad_threshold import USUAL
from litmus.verdict.tried import attempt_of
from litmus.verdict.verdict import Finding

LEAST_SHARE = 0.5
"""Share of the lead of the best reference that a cure must take away to count as the cause of all the rest."""
BEYOND_SETTINGS = frozenset({"data", "outcome"})
"""What a finding is about that stands where there is no signal, and beside which a lead says nothing of settings."""

Explanations = Mapping[str, tuple[str, ...]]


def explanations(context: Context, findings: Sequence[Finding]) -> Explanations:
    """For each finding what it explains of the others.

    What a trial showed goes before the catalogue's order: where one change takes most of what is missing away, findings
    that no trial supports are its consequences. And a model that orders rows as well as the best reference lacks
    nothing but a better decision, unless it has hardly learned how sure to be, a trial cured a fact, or the first look
    at a setting at fault gained as much.
    """
    alarms = [finding for finding in findings if finding.alarms]
    settings = names(lambda diagnosis: diagnosis.about == "training")
    explained = _squeezed(_scarcity_apart(explains(), alarms), alarms)
    explained = _given_away(_few_copies(context, explained, alarms, settings), alarms)
    explained = _moved_away(explained, alarms, settings) if not context.lags else explained
    explained = _chosen(context, explained)
    decisions = names(lambda diagnosis: diagnosis.about == "decision")
    decision = next((alarm for name in decisions for alarm in alarms if alarm.name == name), None)
    fact = next((alarm for alarm in alarms if is_fact(alarm)), None)
    shown = fact is not None and _cures(context, fact)  # then no decision makes up for what passes no layer
    shown = shown or (decision is not None and _gained_as_much(context, alarms, decision))
    if decision is not None and context.ranks_well and not context.unsure and not shown:
        return _first(
            explained, decision.name, tuple(name for name in settings if not diagnoses()[name].tilts_decisions)
        )
    if fact is not None:
        others = (*settings, *decisions) if shown else settings
        return _first(explained, fact.name, tuple(name for name in others if name != fact.name))
    proven = [alarm for alarm in alarms if alarm.name in settings and _cures(context, alarm)]
    if not proven:
        return explained
    cause = max(proven, key=lambda finding: float((finding.tried or {}).get("difference") or 0.0))
    kept = {finding.name for finding in findings if _supported(finding) or _unrefuted_from_the_start(finding)}
    return _first(explained, cause.name, tuple(name for name in settings if name not in kept))


def _gained_as_much(context: Context, alarms: Sequence[Finding], decision: Finding) -> bool:
    """Whether the first look at a setting at fault gained as much as that at the decision's remedy."""
    other = attempt_of(context.evidence, decision)
    if other is None or other.gain is None:
        return False
    at_fault = [alarm for alarm in alarms if diagnoses()[alarm.name].about == "training"]
    looks = [attempt for alarm in at_fault if (attempt := attempt_of(context.evidence, alarm)) is not None]
    return any((look.gain or 0.0) >= other.gain > 0 for look in looks)


def _scarcity_apart(explained: Explanations, alarms: Sequence[Finding]) -> Explanations:
    """Few rows explain a gap, but not a loss that stopping in time would have spared."""
    if not any(alarm.name == "overfitting" and alarm.severity == "error" for alarm in alarms):
        return explained
    few = tuple(name for name in explained["too_little_data"] if name != "overfitting")
    return {**explained, "too_little_data": few}


def _squeezed(explained: Explanations, alarms: Sequence[Finding]) -> Explanations:
    """A few cells far beyond all others leave next to no room for the others, so that the model falls short."""
    slips = any(alarm.name == "sentinel_values" and "rows" in alarm.evidence for alarm in alarms)
    return {**explained, "sentinel_values": (*explained["sentinel_values"], "underfitting")} if slips else explained


def _few_copies(
    context: Context, explained: Explanations, alarms: Sequence[Finding], settings: Sequence[str]
) -> Explanations:
    """A lead that goes beyond what held-out rows with a copy can give has another cause than the copies.

    Who knows the copies by heart gains on them what is missing there, and nothing on other rows.
    """
    copied = next((alarm.evidence.get("share") for alarm in alarms if alarm.name == "train_test_leakage"), None)
    ours = quantities.primary(context.evidence).value
    if copied is None or ours is None or (context.ahead.low or 0.0) <= float(copied) * max(1.0, 1 - ours):
        return explained
    rest = tuple(name for name in explained["train_test_leakage"] if name not in settings)
    return {**explained, "train_test_leakage": rest}


def _given_away(explained: Explanations, alarms: Sequence[Finding]) -> Explanations:
    """Beside a column that surely gives the answer, a lead or a gap tells how well that column is used."""
    if not any(alarm.name == "target_leakage" and alarm.severity == "error" for alarm in alarms):
        return explained
    facts = {alarm.name for alarm in alarms if is_fact(alarm)}
    symptoms = (name for name in names(lambda diagnosis: diagnosis.symptom) if name not in facts)
    return {**explained, "target_leakage": (*explained["target_leakage"], *symptoms)}


def _moved_away(explained: Explanations, alarms: Sequence[Finding], settings: Sequence[str]) -> Explanations:
    """Where held-out rows moved away and no reference is ahead, a trial gains by chance what it adds beyond train."""
    moved = any(alarm.name == "split_shift" for alarm in alarms)
    return {**explained, "split_shift": (*explained["split_shift"], *settings)} if moved else explained


def _chosen(context: Context, explained: Explanations) -> Explanations:
    """A threshold that somebody chose is no consequence of wrong labels or of rows that moved away."""
    if context.evidence.task.threshold in {None, USUAL}:
        return explained
    data = names(lambda diagnosis: diagnosis.about == "data")
    return {
        name: tuple(other for other in others if other != "bad_threshold") if name in data else others
        for name, others in explained.items()
    }


def _first(explained: Explanations, cause: str, others: Sequence[str]) -> Explanations:
    """The same with `cause` above others, and with none of them above it."""
    below = {name: tuple(our for our in ours if our != cause or name not in others) for name, ours in explained.items()}
    return {**below, cause: tuple(dict.fromkeys((*explained.get(cause, ()), *others)))}


def is_fact(finding: Finding) -> bool:
    """Whether it is sure whatever training gives: class numbers without an order, a layer that nothing passes.

    What a trial gains beside it, it gains at the wrong question or through the same bottleneck.
    """
    return finding.severity == "error" and bool(finding.evidence.get("fact"))


def _unrefuted_from_the_start(finding: Finding) -> bool:
    """Whether it was a fact before the first step, which only a trial of its own acquits, and none was made."""
    return diagnoses()[finding.name].before_training and not finding.tried


def _cures(context: Context, finding: Finding) -> bool:
    """Whether its remedy was shown to take most of what is missing away."""
    gain = (finding.tried or {}).get("difference")
    return _supported(finding) and float(gain or 0.0) >= LEAST_SHARE * (context.ahead.value or 0.0)


def _supported(finding: Finding) -> bool:
    """Whether a trial of its remedy gained a practical margin beyond noise."""
    tried = finding.tried or {}
    gain, low = tried.get("difference"), tried.get("low")
    if tried.get("confirmed") is False or gain is None or low is None:
        return False
    return float(low) > 0 and float(gain) >= quantities.MARGIN
