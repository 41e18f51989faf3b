"""What was tried of the settings, and what came of it, in words: never more than the trials showed."""

from litmus.evidence import Attempt, Evidence
from litmus.verdict import quantities
from litmus.verdict.context import Context
from litmus.verdict.verdict import Finding
from litmus.verdict.wording import difference, figure, metric, percent, points

MOVED = ("recall", "precision")  # by a threshold
WORTH = 0.01
"""Of the primary metric: the least gain at first look of which more is said, as that which trials confirm."""
OF_DECISIONS = frozenset({"class_imbalance", "bad_threshold"})
"""Findings whose remedy moves decisions, which the metric that trials compare may not show."""


def compared_by(evidence: Evidence) -> str:
    """The metric by which trials compare changes."""
    return "mae_skill" if quantities.scored_by_mae(evidence) else evidence.task.primary


def summary_of_trials(evidence: Evidence) -> str:
    """One clause without a full stop, such as `none of 14 changes that were tried in 5 s gained 1 %`."""
    done = [attempt for attempt in evidence.attempts if attempt.gain is not None]
    missing = len(evidence.attempts) - len(done)
    later = f", and for {missing} more there was no time" if missing else ""
    if not evidence.probed:
        return "no change of the settings was tried"
    if not done:
        return "there was no time to try a change of the settings" if missing else "no change of the settings was tried"
    best = max(done, key=lambda attempt: attempt.gain or 0.0)
    seconds = f"{max(evidence.probe_seconds, 1.0):.0f} s"
    changes = f"{len(done)} change{'' if len(done) == 1 else 's'} of the settings"
    if (best.gain or 0.0) <= 0:
        return f"{changes} tried in {seconds} gained nothing{later}"
    single = " with a single network" if evidence.model.ensemble_size > 1 else ""
    gained = f"{difference(compared_by(evidence), best.gain)} on val{single}"
    cut = "" if best.complete else ", cut short"
    held = "" if (best.gain or 0.0) < WORTH else _on_other_seeds(evidence, best)
    return f"of {changes} tried in {seconds} the best gained {gained} ({' '.join(best.overrides)}{cut}{held}){later}"


def _on_other_seeds(evidence: Evidence, best: Attempt) -> str:
    """What became of a first look on fresh seeds, without which it tells little: the best of many gains by luck."""
    same = (trial for trial in evidence.trials if set(trial.overrides) == set(best.overrides))
    found = next((trial.difference for trial in same if trial.difference is not None), None)
    if found is None or found.value is None:
        return f", a first look on {_seeds(best.seeds)}, not repeated"
    if found.value <= 0:
        return ", and nothing on other seeds"
    return f", and {difference(compared_by(evidence), found.value)} on other seeds"


def result_of(evidence: Evidence, finding: Finding) -> str:
    """What the trial of a finding's own overrides gave, as a clause; empty where none can be made or none ran."""
    tried = finding.tried
    if tried is not None and tried.get("before") is not None and tried.get("after") is not None:
        name = str(tried.get("metric") or evidence.task.primary).rpartition("/")[2]
        before, after = (points(name, tried[key]) for key in ("before", "after"))
        if tried.get("networks"):
            on = " on each of two splits" if tried.get("splits", 1) > 1 else ""
            of = f"in a trial of {tried['networks']} networks with and without it{on}, their mean went from"
            return f"{of} {metric(name)} {before} to {after} on val"
        on = _seeds(tried["seeds"]) + (" and two splits" if tried.get("splits", 1) > 1 else "")
        return f"in a trial on {on} it took {metric(name)} on val from {before} to {after}"
    if finding.name in OF_DECISIONS:
        return _at_the_best_threshold(evidence, finding)
    attempt = attempt_of(evidence, finding)
    if attempt is None:
        return ""
    if attempt.gain is None:
        return "there was no time to try it here"
    kind, name = "first" if attempt.complete else "shortened", compared_by(evidence)
    went = "gained" if attempt.gain > 0 else "lost"
    moved = f"{went} {difference(name, abs(attempt.gain))} on val" if attempt.gain else "gained nothing"
    single = " of single networks" if evidence.model.ensemble_size > 1 else ""
    return f"a {kind} trial{single} on {_seeds(attempt.seeds)} {moved}, and was not repeated on other seeds"


def _at_the_best_threshold(evidence: Evidence, finding: Finding) -> str:
    """What the threshold that is best on val gives there; empty where the finding asks for something else."""
    if not any(key == "task.threshold" for key, _, _ in (change.partition("=") for change in finding.overrides)):
        return ""
    at = {point.threshold: point for point in evidence.threshold_curve}
    best = at.get(evidence.threshold_best) if evidence.threshold_best is not None else None
    used = min(at.values(), key=lambda point: abs(point.threshold - (evidence.task.threshold or 0.5)), default=None)
    if best is None or used is None or best is used:
        return ""
    moved = [f"{name} from {percent(getattr(used, name))} to {percent(getattr(best, name))}" for name in MOVED]
    return f"on val a threshold of {figure(best.threshold)} takes {' and '.join(moved)}"


def _seeds(count: int) -> str:
    return f"{count} seed{'' if count == 1 else 's'}"


def attempt_of(evidence: Evidence, finding: Finding) -> Attempt | None:
    """The first look at a finding's own overrides; None where there was none."""
    same = (attempt for attempt in evidence.attempts if set(attempt.overrides) == set(finding.overrides))
    return next(same, None)


def gap(evidence: Evidence, context: Context) -> tuple[str, str] | None:
    """What the best reference and the model score on the same rows; None where either is unknown."""
    best_reference, name = context.best_reference, evidence.task.primary
    if best_reference is None:
        return None
    theirs = best_reference.scores.get(evidence.scored, {}).get(name)
    ours = quantities.primary(evidence).value
    if theirs is None:
        theirs = quantities.level(evidence, best_reference)
    return None if theirs is None or ours is None else (points(name, theirs), points(name, ours))
