"""The three lines that people read first: the verdict, the cause, and what to do."""

from litmus.evidence import Estimate, Evidence, Reference
from litmus.verdict import reading
from litmus.verdict.criteria import lower_is_better, misses
from litmus.verdict.findings.context import Context
from litmus.verdict.standing import Standing
from litmus.verdict.verdict import Criterion, Finding, Verdict
from litmus.verdict.words import LINE, figure, fit, interval, metric, percent, points, reference

HEADLINES = {
    "non_finite": "values became infinite or undefined while training",
    "train_test_leakage": "rows or groups stand on both sides of the split, so the score flatters",
    "target_leakage": "a column gives the answer away",
    "split_shift": "the held-out rows are of another kind than the training rows",
    "no_better_than_baseline": "the inputs hold no signal that any reference model finds",
    "unnormalised_inputs": "the inputs have very different scales",
    "unnormalised_target": "the target's scale is too large for the loss",
    "bad_init": "the weights start badly",
    "lr_too_high": "the learning rate is too high",
    "lr_too_low": "the learning rate is too low",
    "exploding_gradients": "gradients explode",
    "dead_relu": "most units of a layer are dead",
    "vanishing_gradients": "no gradient reaches the first layers",
    "wrong_loss": "the loss does not fit the output or the target",
    "model_is_linear": "the model is linear, the data are not",
    "over_regularised": "weight decay or dropout hold the model back",
    "not_shuffled": "the training rows are not shuffled",
    "underfitting": "the model is too small for the data",
    "too_few_epochs": "training was too short",
    "label_noise": "many labels look wrong",
    "too_little_data": "there are too few rows to tell",
    "overfitting": "the model has learned its training rows by heart",
    "class_imbalance": "the rare class is hardly found, and accuracy hides it",
    "bad_threshold": "the decision threshold does not serve the goal",
    "train_val_inconsistent": "the validation rows are easier than the training rows",
    "seed_unstable": "the result depends on the seed",
    "miscalibrated": "probabilities are off",
}

REMEDIES = {
    "no_better_than_baseline": "inputs that say more about the target; no setting will",
    "train_test_leakage": "copies made after the split only, or whole groups on one side of it",
    "split_shift": "training rows of the kind that the model will meet",
    "label_noise": "a look at the rows listed, and right labels",
    "too_little_data": "more rows",
    "seed_unstable": "a gentler learning rate, more epochs, and several seeds",
    "train_val_inconsistent": "a look at how the rows were split",
}
"""What to do where no override would do it."""


def summarise(verdict: Verdict, evidence: Evidence, context: Context) -> str:
    """At most three lines of at most 100 characters."""
    lines = [
        _first(verdict, evidence, context),
        _cause(verdict, evidence, context),
        _advice(verdict, evidence, context),
    ]
    return "\n".join(fit(line) for line in lines if line)


def _first(verdict: Verdict, evidence: Evidence, context: Context) -> str:
    rows = f"on {context.rows:,} {evidence.scored} rows"
    answer = {"inadequate": _inadequate, "undetermined": _undetermined}.get(verdict.verdict)
    return _adequate(evidence, context.standing, rows) if answer is None else answer(verdict, evidence, context, rows)


def _inadequate(verdict: Verdict, evidence: Evidence, context: Context, rows: str) -> str:
    if evidence.fit.non_finite is not None:
        return f"Inadequate: training broke in epoch {evidence.fit.non_finite.epoch}: values were not finite."
    if context.standing.failed:
        return f"Inadequate: {_missed(_worst(context.standing.failed))} {rows}."
    if any(one.name == "no_better_than_baseline" and one.alarms for one in verdict.findings):
        rule = "the mean" if reading.is_regression(evidence) else "the trivial rule"
        name = evidence.task.primary
        return f"Inadequate: no better than {rule}: {metric(name)} {interval(name, reading.primary(evidence))} {rows}."
    return f"Inadequate: {_headline_score(evidence, context.standing)} {rows}, but {_vetoes(verdict)}."


def _undetermined(verdict: Verdict, evidence: Evidence, context: Context, rows: str) -> str:
    if not context.standing.unsettled:
        few = any(one.name == "too_little_data" and one.alarms for one in verdict.findings)
        why = "which are too few to tell" if few else "which are easier than the train rows"
        return f"Undetermined: {_headline_score(evidence, context.standing)} {rows}, {why}."
    first = context.standing.unsettled[0]
    if first.value is None:
        return f"Undetermined: {metric(first.name)} has no value {rows}."
    return f"Undetermined: {_between(first)} {rows}."


def _adequate(evidence: Evidence, standing: Standing, rows: str) -> str:
    if standing.at_ceiling:
        missed = next(one for one in standing.criteria if one.name in standing.lifted)
        asked = points(missed.name, missed.threshold)
        return f"Adequate at what these data allow: {interval_of(missed)}, usual is {asked}."
    good = next((one for one in standing.criteria if one.name == "f1" and not one.votes), None)
    label = "Adequate (good)" if good is not None and good.status == "pass" else "Adequate"
    return f"{label}: {_headline_score(evidence, standing)} {rows}."


def _vetoes(verdict: Verdict) -> str:
    errors = [one.name for one in verdict.findings if one.alarms and one.severity == "error"]
    return f"{errors[0]} stands" if len(errors) == 1 else f"{len(errors)} errors stand"


def _worst(criteria: list[Criterion]) -> Criterion:
    """The criterion that is missed by most; the trivial rule's first."""

    def distance(one: Criterion) -> float:
        return abs((one.value or 0.0) - (one.threshold or 0.0)) + (1.0 if one.name == "gain" else 0.0)

    return max(criteria, key=distance)


def interval_of(criterion: Criterion) -> str:
    """A criterion's name and value with its interval."""
    return f"{metric(criterion.name)} {interval(criterion.name, criterion)}"


def _missed(criterion: Criterion) -> str:
    asked = points(criterion.name, criterion.threshold)
    if criterion.name == "non_inferiority":
        return _behind(criterion)
    if criterion.name == "gain":
        return f"{interval_of(criterion)} is not above 0"
    return f"{interval_of(criterion)} is {'above' if lower_is_better(criterion.name) else 'below'} {asked}"


def _behind(criterion: Criterion) -> str:
    flipped = reading.flip(Estimate(value=criterion.value, low=criterion.low, high=criterion.high))
    allowed = percent(-(criterion.threshold or 0.0))
    return f"{interval(criterion.name, flipped)} behind the best reference, {allowed} allowed"


def _between(criterion: Criterion) -> str:
    if criterion.name == "non_inferiority":
        return f"{_behind(criterion)}, not surely,"
    side = "misses" if misses(criterion) else "meets"
    return f"{interval_of(criterion)} {side} {points(criterion.name, criterion.threshold)}, but not surely,"


def _headline_score(evidence: Evidence, standing: Standing) -> str:
    """The score that says most in one figure: what was asked for, else accuracy, else the primary metric."""
    if reading.is_regression(evidence):
        asked = next((one for one in standing.criteria if one.votes and one.name in {"rmse", "mae", "mse"}), None)
        if asked is not None:
            return interval_of(asked)
        return f"the model explains {interval('r2', reading.primary(evidence))} of the variation"
    voting = [one for one in standing.criteria if one.votes and one.value is not None]
    first = next((one for one in voting if one.name not in {"gain", "precision_recall_gap"}), None)
    if first is not None:
        return interval_of(first) + _at_what(evidence, first.name)
    return f"{metric(evidence.task.primary)} {interval(evidence.task.primary, reading.primary(evidence))}"


def _at_what(evidence: Evidence, name: str) -> str:
    """What a stated recall is bought with in precision, and the other way round."""
    price = {"recall": "precision", "precision": "recall"}.get((evidence.task.threshold_goal or "").partition("@")[0])
    score = evidence.scores.get(evidence.scored, {}).get(price or "")
    if price in {None, name} or score is None or score.value is None:
        return ""
    return f" at {metric(price or '')} {points(price or '', score.value)}"


def _cause(verdict: Verdict, evidence: Evidence, context: Context) -> str:
    root = next((one for one in verdict.findings if one.alarms), None)
    if root is not None:
        broke = root.evidence.get("cause") if root.name == "non_finite" else None
        cause = HEADLINES.get(broke or root.name, root.name)
        return f"Cause: {cause} ({broke or root.name})."
    name, rival = metric(evidence.task.primary), context.rival
    base = points(evidence.task.primary, reading.chance(evidence))
    if rival is None:
        return f"Yardstick: the trivial rule has {name} {base}."
    theirs = f"{points(evidence.task.primary, _beside(evidence, rival))} with {reference(rival.name)}"
    if context.lags and verdict.verdict != "adequate":
        return f"No cause was found, but the data hold more: {name} {theirs}."
    if verdict.verdict != "inadequate":
        return f"Yardsticks: {name} {theirs}, {base} for the trivial rule."
    return f"The data are the limit, not the settings: {name} {theirs}."


def _beside(evidence: Evidence, rival: Reference) -> float | None:
    """A reference's score on the rows that the verdict is about."""
    value = rival.scores.get(evidence.scored, {}).get(evidence.task.primary)
    return reading.level(evidence, rival) if value is None else value


def _advice(verdict: Verdict, evidence: Evidence, context: Context) -> str:
    first = verdict.try_first
    if first is not None:
        tried = _tried(evidence, first)
        line = f"Try: {' '.join(first.overrides)}{tried}"
        return line if len(line) <= LINE else fit(f"Try the {len(first.overrides)} overrides of {first.name}{tried}")
    root = next((one for one in verdict.findings if one.alarms), None)
    if root is not None and root.name in REMEDIES:
        return f"What would help: {REMEDIES[root.name]}."
    if verdict.verdict == "undetermined":
        needed = verdict.rows_needed
        folds = ", or data.folds=5" if reading.setting(evidence, "data.folds") is None else ""
        return f"What would settle it: about {needed:,} {evidence.scored} rows{folds}." if needed else ""
    if verdict.verdict == "adequate":
        room = verdict.headroom
        return "" if room is None else f"Still to gain: {percent(room.value)} of {metric(room.metric)} ({room.source})."
    return (
        ""
        if context.lags or root is not None
        else "What would help: inputs that say more, or cleaner labels; no setting will."
    )


def _tried(evidence: Evidence, finding: Finding) -> str:
    tried = finding.tried
    if tried is None or tried.get("before") is None or tried.get("after") is None:
        return ""
    name = str(tried.get("metric") or evidence.task.primary).rpartition("/")[2]
    before, after = (points(name, tried[key]) for key in ("before", "after"))
    return f" (tried, {tried['seeds']} seeds: {before} -> {after})" if before != figure(None) else ""
