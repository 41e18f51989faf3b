"""Tables as plain text cells, made once for terminal, page and TensorBoard."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import final

from litmus.evidence import Evidence, Reference
from litmus.metrics import lower_is_better
from litmus.report.phrases import NOTHING, clean, interval, metric, number, score, score_interval
from litmus.task import kind_of
from litmus.verdict import Criterion, Verdict
from litmus.verdict.headline import decisive

MAX_REFERENCES = 4
MEANINGS = {
    "gain": "{name}: {primary} minus that of the baseline, on the same rows.",
    "non_inferiority": "{name}: {primary} minus that of the best reference model, on the same rows.",
    "worst_class_recall": "{name}: fails only where its whole interval is below; while open it decides nothing.",
    "precision_recall_gap": "{name}: fails only where its whole interval is above; while open it decides nothing.",
}
"""What the names of criteria leave open."""


@final
@dataclass(frozen=True)
class Table:
    """Cells as text, and one mark a row, such as "pass".

    Args:
        header: (columns,)
        rows: Of as many cells.
        marks: One a row, or none.
        essential: How many of the first columns are shown however narrow the terminal is.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    marks: tuple[str, ...] = ()
    essential: int = 2


def criteria(verdict: Verdict, evidence: Evidence) -> Table:
    """Each criterion beside its interval, threshold, the baseline and reference models; the worst stands first."""
    ordered = _worst_first(verdict.criteria)
    baseline, others = _references(evidence)
    header = ("metric", "model", "95 % interval", "threshold", baseline, *(_title(r) for r in others))
    rows = tuple(
        (
            clean(metric(criterion.name)),
            score(criterion.name, criterion.value),
            score_interval(criterion.name, criterion.low, criterion.high),
            _threshold(criterion),
            score(criterion.name, criterion.baseline),
            *(_score(reference, verdict.split, criterion.name) for reference in others),
        )
        for criterion in ordered
    )
    marks = tuple(map(_mark, ordered))
    return Table(header, rows, marks, essential=4)


def _mark(criterion: Criterion) -> str:
    return criterion.status if criterion.votes and criterion.threshold is not None else "shown"


def _worst_first(criteria: Sequence[Criterion]) -> list[Criterion]:
    """What fails, what is open, what passes and what has no vote; in each, what is missed by most or met by least."""
    ordered: list[Criterion] = []
    for mark in ("fail", "open", "pass"):
        rest = [criterion for criterion in criteria if _mark(criterion) == mark]
        while rest:
            ordered.append(decisive(rest))
            rest.remove(ordered[-1])
    return [*ordered, *(criterion for criterion in criteria if _mark(criterion) == "shown")]


def meanings(verdict: Verdict, evidence: Evidence) -> list[str]:
    """A sentence for each criterion that its name does not explain, and what open means where one is."""
    primary = metric(evidence.task.primary)
    heads = [criterion.name.partition("[")[0] for criterion in verdict.criteria]
    found = [MEANINGS[head].format(name=metric(head), primary=primary) for head in heads if head in MEANINGS]
    votes = [criterion for criterion in verdict.criteria if criterion.votes and criterion.threshold is not None]
    unsettled = [vote for vote in votes if vote.status == "open"]
    if any(criterion.value is not None for criterion in unsettled):
        return [*found, f"open: on these {verdict.split} rows it is neither surely met nor surely missed."]
    return [*found, f"open: there is no value on these {verdict.split} rows."] if unsettled else found


def classes(evidence: Evidence, split: str) -> Table:
    """Precision, recall and F1 of each class with intervals, and its rows."""
    names = sorted({name for scores in evidence.per_class.get(split, {}).values() for name in scores})
    found = evidence.per_class.get(split, {})
    known = {} if evidence.folds and split == "test" else evidence.data.class_counts.get(split, {})  # of one fold
    counts = known or {label: scores["recall"].n for label, scores in found.items() if "recall" in scores}
    rows = tuple(
        (
            clean(label, 60),
            f"{counts[label]:,}" if counts.get(label) else NOTHING,
            *(_with_interval(scores, name) for name in names),
        )
        for label, scores in found.items()
    )
    return Table(("class", "rows", *map(metric, names)), rows)


def repeats(evidence: Evidence, names: Collection[str] | None = None) -> list[tuple[str, Table]]:
    """How far scores spread over the seeds, splits and folds of a run that was fitted several times.

    Args:
        evidence: Of the run.
        names: Metrics to show; None: all.

    Returns:
        A heading and a table for each of them that was asked for; empty where the run was fitted once.
    """
    found = []
    if len(evidence.seeds) > 1:
        listed = f"seeds {', '.join(evidence.seeds)}"
        found.append((f"{len(evidence.seeds)} fits on the same split ({listed}), scored on {evidence.scored}", "seeds"))
    if len(evidence.folds) > 1:
        found.append((f"{len(evidence.folds)} fits, each scored on the fold that it had not seen", "folds"))
    fits = {"seeds": list(evidence.seeds.values()), "folds": list(evidence.folds)}
    spreads = [(heading, _spread(fits[kind], kind, names)) for heading, kind in found]
    if evidence.recipe:
        heading = f"the recipe on {len(evidence.splits)} random splits, each scored on its own {evidence.scored} rows"
        spreads.append((heading, _recipe(evidence, names)))
    return spreads


def _recipe(evidence: Evidence, names: Collection[str] | None) -> Table:
    """What the recipe scores on rows and splits like these, which is less sure than what this trained model does."""
    shown = {name: mean for name, mean in evidence.recipe.items() if names is None or name in names}
    rows = tuple((metric(name), number(mean.value), interval(mean.low, mean.high)) for name, mean in shown.items())
    return Table(("metric", "mean", "95 % interval of the recipe"), rows)


def _spread(fits: Sequence[Mapping[str, float | None]], kind: str, names: Collection[str] | None) -> Table:
    rows = []
    for name in dict.fromkeys(name for fit in fits for name in fit if names is None or name in names):
        known = [value for fit in fits if (value := fit.get(name)) is not None]
        sd = stdev(known) if len(known) > 1 else None
        low, high = (min(known), max(known)) if known else (None, None)
        mean = fmean(known) if known else None
        rows.append((metric(name), *map(number, (mean, sd, low, high)), str(len(known))))
    return Table(("metric", "mean", "SD", "lowest", "highest", kind), tuple(rows), essential=6)


def references(evidence: Evidence) -> Table:
    """The primary metric of each reference model, and by how much the model beats it."""
    primary, split = evidence.task.primary, evidence.scored
    own = evidence.scores.get(split, {}).get(primary)
    rows = [("this model", score(primary, own.value if own else None), NOTHING)]
    for reference in evidence.references:
        gain = reference.difference.get(split)
        difference = (
            f"{score(primary, gain.value)} [{score_interval(primary, gain.low, gain.high)}]" if gain else NOTHING
        )
        rows.append((_title(reference), _score(reference, split, primary), difference))
    header = ("model", f"{metric(primary)} on {split}", "this model minus it")
    compared = 3 if any(row[2] != NOTHING for row in rows) else 2  # scores of pooled folds are not paired with any
    return Table(header[:compared], tuple(row[:compared] for row in rows))


def fitting(widths: Sequence[int], width: int, essential: int = 2) -> list[int]:
    """Which of the columns stand side by side, two spaces apart: the essential ones, and each other that has room."""
    kept: list[int] = []
    used = -2
    for i, cells in enumerate(widths):
        if i < essential or used + 2 + cells <= width:
            kept.append(i)
            used += 2 + cells
    return kept


def _references(evidence: Evidence) -> tuple[str, list[Reference]]:
    if not evidence.references:
        return kind_of(evidence.task.kind).baseline, []
    return _title(evidence.references[0]), list(evidence.references[1 : MAX_REFERENCES + 1])


def _title(reference: Reference) -> str:
    return clean(reference.name.replace("_", " "), 24)


def _score(reference: Reference, split: str, name: str) -> str:
    return score(name, reference.scores.get(split, {}).get(name))


def _threshold(criterion: Criterion) -> str:
    if criterion.threshold is None:
        return NOTHING
    sign = "≤" if lower_is_better(criterion.name) else "≥"
    short = f"{criterion.threshold:.4g}" if abs(criterion.threshold) < 1000 else number(criterion.threshold)
    asked = f"{sign} {short}"
    return f"{asked} {criterion.status}" if criterion.votes else f"{asked} shown"


def _with_interval(scores: object, name: str) -> str:
    found = scores.get(name) if isinstance(scores, dict) else None
    if found is None or found.value is None:
        return NOTHING
    return f"{score(name, found.value)} [{score_interval(name, found.low, found.high)}]"
