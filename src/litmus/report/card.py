"""A model card as Markdown (Mitchell et al. 2019): what a run knows of its model, and what its maker has to fill in."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from litmus.evidence import Evidence
from litmus.metrics import lower_is_better
from litmus.report import tables
from litmus.report.first_screen import facts
from litmus.report.phrases import clean, interval, metric, number, paste_all
from litmus.report.tables import Table
from litmus.task import kind_of
from litmus.verdict import Criterion, Verdict
from litmus.verdict.wording import metric as metric_in_words
from litmus.verdict.wording import percent, points

TO_FILL_IN = "*To fill in:*"


def model_card(verdict: Verdict, evidence: Evidence, *, provenance: Mapping[str, Any], directory: Path) -> str:
    """The card.

    Args:
        verdict: Of the run.
        evidence: What it rests on.
        provenance: As in provenance.json; empty where the run has none.
        directory: Of the run, as the reader would type it.
    """
    name = directory.parent.name or directory.name
    first, *others = verdict.summary.splitlines() or [verdict.verdict]
    parts = [
        f"# Model card: {escape(name)}",
        f"**{escape(first)}**",
        *map(escape, others),
        "## Model",
        *map(escape, facts(evidence)),
        _training(evidence),
        "## Intended use",
        f"{TO_FILL_IN} what the model is for, who uses it, and which decisions rest on it.",
        f"{TO_FILL_IN} what it must not be used for.",
        "## Data",
        *_data(evidence, provenance),
        f"{TO_FILL_IN} who collected these data, when and how, and whom they do not represent.",
        f"## Scores on {verdict.split}",
        *_scores(verdict, evidence),
        "## Limits",
        _list(_limits(verdict, evidence)),
        "## Ethical considerations",
        f"{TO_FILL_IN} whom a mistake harms, and what is done about it.",
        "## How to use it",
        _code(_commands(evidence, directory)),
        "## Provenance",
        _list(_origin(provenance, directory)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def escape(text: object) -> str:
    """Text in which nothing is markup, still readable in the file itself."""
    return re.sub(r"([\\`*_\[\]<>|#!~&])", r"\\\1", clean(text))


def _training(evidence: Evidence) -> str:
    fit = evidence.fit
    loss = f"the loss is {escape(evidence.task.loss)}" if evidence.task.loss else "its loss is its own"
    optimizer = evidence.settings.optimizer.class_name
    lr = evidence.settings.optimizer.lr
    by = f", the optimizer {escape(optimizer)}" + (f" with learning rate {number(lr)}" if lr else "")
    ended = ", stopped early" if fit.stopped_early else ""
    cut = evidence.task.threshold
    decides = f" It decides for the positive class from a probability of {number(cut)} on." if cut is not None else ""
    return f"Trained for {fit.epochs} epochs{ended}; {loss}{by if optimizer else ''}.{decides}"


def _data(evidence: Evidence, provenance: Mapping[str, Any]) -> list[str]:
    origin = provenance.get("data", {})
    lines = []
    if origin.get("path"):
        digest = f", SHA-256 `{clean(origin['sha256'])}`" if origin.get("sha256") else ""
        lines.append(f"Source: {escape(origin['path'])}, {origin.get('rows', 0):,} rows{digest}.")
    facts_of = evidence.data
    labels = list(dict.fromkeys(label for counts in facts_of.class_counts.values() for label in counts))
    rows = tuple(
        (split, f"{n:,}", *(f"{facts_of.class_counts.get(split, {}).get(label, 0):,}" for label in labels))
        for split, n in facts_of.sizes.items()
    )
    lines.append(_table(Table(("split", "rows", *labels), rows)))
    gaps = [column for column in facts_of.columns if column.missing > 0]
    if facts_of.columns:
        worst = max(gaps, key=lambda column: column.missing, default=None)
        missing = f"; gaps in {len(gaps)}, most in {escape(worst.name)} ({percent(worst.missing)})" if worst else ""
        lines.append(
            f"{len(facts_of.columns)} input columns{missing}. Rows were split by: {escape(facts_of.split_rule)}."
        )
    return lines


def _scores(verdict: Verdict, evidence: Evidence) -> list[str]:
    scores = evidence.scores.get(verdict.split, {})
    rows = tuple(
        (metric(name), number(score.value), interval(score.low, score.high), number(score.baseline), f"{score.n:,}")
        for name, score in scores.items()
        if score.value is not None
    )
    header = ("metric", "value", "95 % interval", kind_of(evidence.task.kind).baseline, "rows")
    parts = [_table(Table(header, rows))] if rows else ["No score is known."]
    per_class = tables.classes(evidence, verdict.split)
    if per_class.rows:
        parts += ["By class:", _table(per_class)]
    if len(evidence.references) > 1:
        parts += ["Beside reference models, on the same rows:", _table(tables.references(evidence))]
    return parts


def _limits(verdict: Verdict, evidence: Evidence) -> list[str]:
    """What speaks against the model, what is open, and what nobody looked at."""
    missed = [
        criterion
        for criterion in verdict.criteria
        if criterion.votes and criterion.threshold is not None and criterion.status != "pass"
    ]
    lines = [
        f"{metric_in_words(criterion.name)}: {points(criterion.name, criterion.value)}, asked for {_asked(criterion)}: "
        + ("not met" if criterion.status == "fail" else "not settled")
        for criterion in missed
    ]
    for finding in verdict.findings:
        if finding.severity != "info" or finding.accepted:
            accepted = " (accepted by the maker)" if finding.accepted else ""
            lines.append(f"{finding.severity}, {finding.name}{accepted}: {finding.summary}")
    lines += [
        f"where {segment.where}: {metric_in_words(segment.metric)} {points(segment.metric, segment.value)} on "
        f"{segment.n:,} rows, elsewhere {points(segment.metric, segment.rest)}"
        for segment in evidence.segments
    ]
    if evidence.test_reads > 1 and verdict.split == "test":
        lines.append(f"the test split has been read {evidence.test_reads} times; its intervals are optimistic")
    lines += [f"not judged: {unknown.name} ({unknown.reason})" for unknown in verdict.unknown]
    lines.append("the scores hold for rows drawn as these were; another place, time or way of measuring was not tried")
    return [escape(line) for line in lines]


def _asked(criterion: Criterion) -> str:
    most = "at most " if lower_is_better(criterion.name) else ""
    return f"{most}{points(criterion.name, criterion.threshold)}"


def _commands(evidence: Evidence, directory: Path) -> list[str]:
    place = paste_all([f"checkpoint={directory}"])
    path = evidence.settings.data.path
    rows = paste_all([f"input={path}"]) if path else "input=new_rows.csv"
    return [f"litmus predict {place} {rows} output=predictions.csv", f"litmus evaluate {place}"]


def _origin(provenance: Mapping[str, Any], directory: Path) -> Iterable[str]:
    yield f"run: {escape(directory)}"
    if command := provenance.get("command"):
        yield f"command: `{clean(paste_all(map(str, command))).replace('`', ' ')}`"
    if seeds := provenance.get("seeds"):
        yield f"seed{'s' if len(seeds) > 1 else ''}: {', '.join(map(str, seeds))}"
    if packages := provenance.get("packages"):
        yield "packages: " + ", ".join(f"{escape(name)} {escape(version)}" for name, version in packages.items())
    commit = (provenance.get("git") or {}).get("commit")
    if commit:
        yield f"commit: {escape(commit)}"


def _table(table: Table) -> str:
    lines = [table.header, ("---", *["--:"] * (len(table.header) - 1)), *table.rows]
    cells = [line if i == 1 else [escape(cell) for cell in line] for i, line in enumerate(lines)]
    return "\n".join("| " + " | ".join(line) + " |" for line in cells)


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _code(lines: Sequence[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)
