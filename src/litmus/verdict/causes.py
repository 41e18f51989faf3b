"""Which finding explains which, in this run: the catalogue's order, and what trials and scores say against it."""

from collections.abc import Mapping, Sequence

from litmus.verdict import reading
from litmus.verdict.findings import DATA, EXPLAINS
from litmus.verdict.findings.context import Context
from litmus.verdict.settings import NAMES
from litmus.verdict.verdict import Finding

DECISIONS = ("class_imbalance", "bad_threshold")
LEAST_SHARE = 0.5
"""Share of the lead of the best reference that a cure must take away to count as the cause of all the rest."""
SEEN_BEFORE_TRAINING = frozenset({"unnormalised_inputs", "unnormalised_target", "bad_init", "not_shuffled"})
"""Facts of rows and start: their consequence can be cured elsewhere, but only a trial of their own acquits them."""
TILTING = "wrong_loss"
"""A loss that does not fit tilts the decisions themselves."""
OF_SETTINGS = tuple(name for name in NAMES if name not in {"non_finite", "no_better_than_baseline", *DATA, *DECISIONS})

Explanations = Mapping[str, tuple[str, ...]]


def explanations(context: Context, findings: Sequence[Finding]) -> Explanations:
    """For each finding what it explains of the others.

    What a trial showed goes before the catalogue's order: where one change takes most of what is missing away, findings
    that no trial supports are its consequences. And a model that orders rows as well as the best reference lacks
    nothing but a better decision.
    """
    alarms = [one for one in findings if one.alarms]
    explains = _scarcity_apart(EXPLAINS, alarms)
    decision = next((name for name in DECISIONS for one in alarms if one.name == name), None)
    if decision is not None and context.ranks_well:
        return _first(explains, decision, tuple(name for name in OF_SETTINGS if name != TILTING))
    proven = [one for one in alarms if one.name in OF_SETTINGS and _cures(context, one)]
    if not proven:
        return explains
    cause = max(proven, key=lambda one: float((one.tried or {}).get("difference") or 0.0))
    kept = {one.name for one in findings if _supported(one) or (one.name in SEEN_BEFORE_TRAINING and not one.tried)}
    return _first(explains, cause.name, tuple(name for name in OF_SETTINGS if name not in kept))


def _scarcity_apart(explains: Explanations, alarms: Sequence[Finding]) -> Explanations:
    """Few rows explain a gap, but not a loss that stopping in time would have spared."""
    if not any(one.name == "overfitting" and one.severity == "error" for one in alarms):
        return explains
    few = tuple(name for name in explains["too_little_data"] if name != "overfitting")
    return {**explains, "too_little_data": few}


def _first(explains: Explanations, cause: str, others: Sequence[str]) -> Explanations:
    """The same with `cause` above others, and with none of them above it."""
    below = {name: tuple(one for one in ours if one != cause or name not in others) for name, ours in explains.items()}
    return {**below, cause: tuple(dict.fromkeys((*explains.get(cause, ()), *others)))}


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
    return float(low) > 0 and float(gain) >= reading.MARGIN
