"""The three sentences that people read first: the verdict, the cause, and what to do or what was tried."""

import shlex

from litmus.evidence import Evidence
from litmus.verdict import quantities
from litmus.verdict.causes import BEYOND_SETTINGS, LEAST_SHARE
from litmus.verdict.context import Context
from litmus.verdict.findings import diagnoses
from litmus.verdict.headline import headline
from litmus.verdict.tried import attempt_of, gap, result_of, summary_of_trials
from litmus.verdict.verdict import Finding, Verdict
from litmus.verdict.wording import a_or_b, difference, metric, points, reference, sentence, shown_by

MOST_SHOWN = 100
"""Characters of an override beyond which the summary points to the finding that holds it."""


def summarise(verdict: Verdict, evidence: Evidence, context: Context) -> str:
    """At most three whole sentences, a line each."""
    lines = [
        headline(verdict, evidence, context),
        _cause(verdict, evidence, context),
        _advice(verdict, evidence, context),
    ]
    return "\n".join(sentence(line) for line in lines if line)


def _root(verdict: Verdict) -> Finding | None:
    return next((finding for finding in verdict.findings if finding.alarms), None)


def _cause(verdict: Verdict, evidence: Evidence, context: Context) -> str:
    if (unscored := next((unknown for unknown in evidence.unknown if unknown.name == "predictions"), None)) is not None:
        return f"Why: {unscored.reason}."
    root = _root(verdict)
    if root is not None:
        return _of_root(root, verdict, evidence, context)
    scores, name = gap(evidence, context), metric(evidence.task.primary)
    base = points(evidence.task.primary, quantities.chance(evidence))
    if scores is None or context.best_reference is None:
        return f"No reference model was fitted to compare with; the baseline has {name} {base}."
    best, (theirs, ours) = reference(context.best_reference.name), scores
    if context.lags and verdict.verdict != "adequate":
        compared = f"{best} {name} is {theirs} on the same rows, with this model {ours}"
        limited = verdict.verdict == "limited"
        return (
            f"With {compared}: neither is near the target." if limited else f"No cause was found, but with {compared}."
        )
    if verdict.verdict in {"limited", "inadequate"} and context.standing.ceiling.status == "pass":
        chosen = "" if context.best_reference.out_of_fold is None else " by cross-validation"
        compared = f"{name} is {theirs} with {best}, the best reference{chosen}, and {ours} with this model"
        return f"{compared}: as far as was tried, the data are the limit."
    return f"For comparison, {name} is {theirs} with {best}, {base} with the baseline and {ours} with this model."


def _of_root(root: Finding, verdict: Verdict, evidence: Evidence, context: Context) -> str:
    """The first cause, and beside it how far a reference is ahead that nothing tried has reached."""
    if root.severity == "question":
        return root.summary
    broke = root.evidence.get("cause") if root.name == "non_finite" else None
    cause = _clause(root, broke)
    scores = gap(evidence, context)
    far = context.lags and (context.ahead.value or 0.0) >= quantities.NON_INFERIOR
    if scores is None or context.best_reference is None or not far or diagnoses()[root.name].about in BEYOND_SETTINGS:
        return f"Cause: {cause}."
    theirs, ours = scores
    beside, name = reference(context.best_reference.name), metric(evidence.task.primary)
    compared = f"with {beside} {name} is {theirs}, with this model {ours}"
    if root.tried is not None or not _is_suspect(root) or _looks_right(root, evidence, context):
        return f"Cause: {cause}; {compared}."
    suspects = [
        finding
        for finding in verdict.findings
        if _is_suspect(finding) and finding is not root and not _refuted(finding)
    ]
    names = [cause, *[_clause(suspect) for suspect in suspects[:2]]]
    other = [] if suspects else ["this model suits the data less well"]
    return f"{compared[0].upper()}{compared[1:]}: likely causes are that {a_or_b([*names, *other])}."


def _is_suspect(finding: Finding) -> bool:
    """Whether a reference's lead alone suggests it: until a trial shows one of these, all that may be so are named."""
    return diagnoses()[finding.name].suspect is not None


def _looks_right(finding: Finding, evidence: Evidence, context: Context) -> bool:
    """Whether a first look at its remedy took most of the reference's lead away."""
    attempt = attempt_of(evidence, finding)
    return attempt is not None and (attempt.gain or 0.0) >= LEAST_SHARE * (context.ahead.value or 0.0)


def _refuted(finding: Finding) -> bool:
    """Whether a trial of its remedy ran, and the finding is information all the same."""
    return finding.tried is not None and finding.severity == "info"


def _clause(finding: Finding, cause: str | None = None) -> str:
    name = cause or finding.name
    hidden = ", which accuracy hides" if name == "class_imbalance" and finding.evidence.get("paradox") else ""
    return f"{diagnoses()[name].headline}{hidden} ({name})"


def _advice(verdict: Verdict, evidence: Evidence, context: Context) -> str:
    root, first = _root(verdict), verdict.try_first or (None if _root(verdict) else _shown_to_help(verdict))
    if first is not None:
        return _suggestion(first, evidence)
    if root is not None and root.choices:
        return _choices(root)
    if root is not None and (remedy := diagnoses()[root.name].remedy):
        return f"What may help: {remedy}."
    if verdict.verdict == "undetermined":
        return _settling(verdict, evidence)
    if verdict.verdict == "adequate":
        return _still_to_gain(verdict)
    beside = (
        "" if context.lags or context.best_reference is None else "; other inputs, more rows or cleaner labels may help"
    )
    return f"{summary_of_trials(evidence)}{beside}."


def _shown_to_help(verdict: Verdict) -> Finding | None:
    """Information whose change a trial has confirmed, where more is wanted: training on beyond our own default."""
    room = verdict.headroom
    if room is None or not room.overrides or verdict.verdict == "adequate":
        return None
    return next((finding for finding in verdict.findings if finding.overrides == room.overrides), None)


def _still_to_gain(verdict: Verdict) -> str:
    room = verdict.headroom
    if room is None:
        return ""
    return f"Still to gain: {difference(room.metric, room.value)}, by {shown_by(room)}."


def _suggestion(finding: Finding, evidence: Evidence) -> str:
    words = " ".join(map(shlex.quote, finding.overrides))
    if len(words) > MOST_SHOWN:
        many = len(finding.overrides)
        words = f"the {f'{many} overrides' if many > 1 else 'override'} of {finding.name} below"
    result = result_of(evidence, finding)
    return f"Try {words} next{f': {result}' if result else ''}."


def _choices(question: Finding) -> str:
    """How a question is answered: the first answer is no, the last one yes."""
    no, yes = (" ".join(map(shlex.quote, question.choices[place])) for place in (0, -1))
    if len(no) + len(yes) > MOST_SHOWN:
        return f"Answer by one of the overrides of {question.name} below"
    return f"If not, run again with {no}; if so, with {yes}"


def _settling(verdict: Verdict, evidence: Evidence) -> str:
    """How many rows would settle an open verdict; that the value is at its border where that would be too many."""
    rows = verdict.rows_needed
    foldable = evidence.settings.data.folds is None and evidence.data.split_rule not in {"time", "column"}
    folds = "; data.folds=5 scores every row once" if foldable else ""
    if rows is not None:
        return f"About {rows:,} {evidence.scored} rows would settle it{folds}."
    if any(
        criterion.votes and criterion.value is None and criterion.threshold is not None
        for criterion in verdict.criteria
    ):
        return ""
    still = [
        criterion.name
        for criterion in verdict.criteria
        if criterion.votes and criterion.status == "open" and criterion.low is not None
    ]
    if "gain" in still and quantities.signal(evidence):
        return f"References show that the inputs tell some of the target; how much the model does is open{folds}."
    if "gain" in still:
        return f"Whether the inputs tell anything of the target is open; other inputs may help more than rows{folds}."
    if still:
        return f"The value is at the border of its target, where more rows alone would hardly settle it{folds}."
    return ""
