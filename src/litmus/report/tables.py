"""Tables as plain text cells, made once for terminal, page and TensorBoard."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from litmus.evidence import Evidence, Reference
from litmus.report.phrases import NOTHING, clean, interval, metric, number
from litmus.verdict import Criterion, Verdict
from litmus.verdict.criteria import lower_is_better

MAX_REFERENCES = 4
MEANINGS = {
    "gain": "{name}: {primary} minus that of the trivial rule, on the same rows.",
    "non_inferiority": "{name}: {primary} minus that of the best reference model, on the same rows.",
    "worst_class_recall": "{name}: fails only where its whole interval is below.",
    "precision_recall_gap": "{name}: fails only where its whole interval is above.",
}
"""What the names of criteria leave open."""


@final
@dataclass(frozen=True)
class Table:
    """Cells as text: `header` (columns,), `rows` of as many cells, and one mark a row, such as "pass"."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    marks: tuple[str, ...] = ()


def criteria(verdict: Verdict, evidence: Evidence) -> Table:
    """Each criterion beside its interval, threshold, the trivial rule and reference models."""
    trivial, others = _references(evidence)
    header = ("metric", "model", "95 % interval", "threshold", trivial, *(_title(r) for r in others))
    rows = tuple(
        (
            clean(metric(criterion.name), 32),
            number(criterion.value),
            interval(criterion.low, criterion.high),
            _threshold(criterion),
            number(criterion.baseline),
            *(_score(reference, verdict.split, criterion.name) for reference in others),
        )
        for criterion in verdict.criteria
    )
    marks = tuple(c.status if c.votes and c.threshold is not None else "shown" for c in verdict.criteria)
    return Table(header, rows, marks)


def meanings(verdict: Verdict, evidence: Evidence) -> list[str]:
    """A sentence for each criterion that its name does not explain, and what open means where one is."""
    primary = metric(evidence.task.primary)
    heads = [criterion.name.partition("[")[0] for criterion in verdict.criteria]
    found = [MEANINGS[head].format(name=metric(head), primary=primary) for head in heads if head in MEANINGS]
    votes = [one for one in verdict.criteria if one.votes and one.threshold is not None]
    settled = all(one.status != "open" for one in votes)
    return found if settled else [*found, f"open: these {verdict.split} rows do not settle it."]


def classes(evidence: Evidence, split: str) -> Table:
    """Precision, recall and F1 of each class with intervals, and its rows."""
    names = sorted({name for scores in evidence.per_class.get(split, {}).values() for name in scores})
    found = evidence.per_class.get(split, {})
    counts = evidence.data.class_counts.get(split) or {
        label: scores["recall"].n for label, scores in found.items() if "recall" in scores
    }
    rows = tuple(
        (
            clean(label, 60),
            f"{counts[label]:,}" if counts.get(label) else NOTHING,
            *(_with_interval(scores, name) for name in names),
        )
        for label, scores in found.items()
    )
    return Table(("class", "rows", *map(metric, names)), rows)


def references(evidence: Evidence) -> Table:
    """The primary metric of each reference model, and by how much the model beats it."""
    primary, split = evidence.task.primary, evidence.scored
    own = evidence.scores.get(split, {}).get(primary)
    rows = [("this model", number(own.value if own else None), NOTHING)]
    for reference in evidence.references:
        gain = reference.difference.get(split)
        difference = f"{number(gain.value)} [{interval(gain.low, gain.high)}]" if gain else NOTHING
        rows.append((_title(reference), _score(reference, split, primary), difference))
    return Table(("model", f"{metric(primary)} on {split}", "this model minus it"), tuple(rows))


def fitting(widths: Sequence[int], width: int) -> int:
    """How many of the columns fit side by side, two spaces apart; the first two always do."""
    count = len(widths)
    while count > 2 and sum(widths[:count]) + 2 * (count - 1) > width:
        count -= 1
    return count


def _references(evidence: Evidence) -> tuple[str, list[Reference]]:
    if not evidence.references:
        return ("mean" if evidence.task.kind == "regression" else "majority"), []
    return _title(evidence.references[0]), list(evidence.references[1 : MAX_REFERENCES + 1])


def _title(reference: Reference) -> str:
    return clean(reference.name.replace("_", " "), 24)


def _score(reference: Reference, split: str, name: str) -> str:
    return number(reference.scores.get(split, {}).get(name))


def _threshold(criterion: Criterion) -> str:
    if criterion.threshold is None:
        return NOTHING
    sign = "≤" if lower_is_better(criterion.name) else "≥"
    short = f"{criterion.threshold:.4g}" if abs(criterion.threshold) < 1000 else number(criterion.threshold)
    asked = f"{sign} {short}"
    return f"{asked} {criterion.status}" if criterion.votes else f"{asked} shown"


def _with_interval(scores: object, name: str) -> str:
    score = scores.get(name) if isinstance(scores, dict) else None
    if score is None or score.value is None:
        return NOTHING
    return f"{number(score.value)} [{interval(score.low, score.high)}]"
