"""The verdict as Markdown for TensorBoard's Text tab, which would render links and load remote images from data."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from litmus.evidence import Evidence
from litmus.report.phrases import clean, figures, number, offered, paste_all, tried
from litmus.report.phrases import metric as metric_name
from litmus.report.tables import Table, criteria, repeats
from litmus.verdict import Finding, Verdict
from litmus.verdict.wording import shown_by

if TYPE_CHECKING:
    from litmus.report.examples import Example


def escape(text: object) -> str:
    """Text in which nothing is markup: every sign that could be is a character reference."""
    return re.sub(r"[^\w\s]", lambda sign: f"&#{ord(sign[0])};", clean(text), flags=re.ASCII).replace("_", "&#95;")


def table_text(table: Table) -> str:
    """A table in Markdown."""
    lines = [table.header, ["---"] + ["--:"] * (len(table.header) - 1), *table.rows]
    cells = [[cell if i == 1 else escape(cell) for cell in line] for i, line in enumerate(lines)]
    return "\n".join("| " + " | ".join(line) + " |" for line in cells)


def verdict_text(verdict: Verdict, evidence: Evidence) -> str:
    """Summary, criteria, spread over repeated fits, findings with what to try, and what could not be judged."""
    first, *others = [escape(line) for line in verdict.summary.splitlines()] or [verdict.verdict]
    parts = [f"### {first}", *others]
    if verdict.criteria:
        parts += ["", table_text(criteria(verdict, evidence)), ""]
    for heading, spread in repeats(evidence):
        parts += ["", f"{escape(heading)}:", "", table_text(spread), ""]
    if verdict.headroom is not None:
        head = verdict.headroom
        gain = f"{number(head.value)} {metric_name(head.metric)}, by {shown_by(head)}"
        parts.append(f"headroom: {escape(gain)} {escape(paste_all(head.overrides))}")
    parts += [line for finding in verdict.findings for line in _finding(finding)]
    parts += [f"not judged: {escape(item.name)} ({escape(item.reason)})" for item in verdict.unknown]
    return "\n\n".join(part for part in _joined(parts))


def mistakes_text(gallery: "Sequence[tuple[str, Sequence[Example]]]") -> str:
    """The rows of each kind of mistake, with what was predicted and the words or cells that matter."""
    parts = []
    for title, examples in gallery:
        header = ("row", "why", "true", "predicted", "sure", "shows")
        rows = [(str(example.choice.row), *_chosen(example), _shows(example)) for example in examples]
        lines = [header, ["---"] * len(header), *([escape(cell) for cell in row] for row in rows)]
        parts += [f"### {escape(title)}", "\n".join("| " + " | ".join(line) + " |" for line in lines)]
    return "\n\n".join(parts)


def _chosen(example: "Example") -> tuple[str, ...]:
    choice = example.choice
    return choice.why, choice.target, choice.pred, choice.sure


def _shows(example: "Example") -> str:
    """The row's text, or its cells, or its name."""
    if example.text:
        return "".join(part for part, _ in example.text)
    return ", ".join(f"{name} {value}" for name, value, _ in example.cells) or example.name


def _finding(finding: Finding) -> list[str]:
    aside = f" (a consequence of {escape(finding.consequence_of)})" if finding.consequence_of else ""
    aside += " (accepted)" if finding.accepted else ""
    lines = [f"**{finding.severity}: {escape(finding.name)}**{aside}: {escape(finding.summary)}"]
    if finding.evidence:
        lines.append(f"evidence: {escape(figures(finding.evidence))}")
    if finding.tried:
        lines.append(escape(tried(finding)))
    lines += [f"answer: **{escape(paste_all(answer))}**" for answer in finding.choices]
    if offered(finding):
        lines.append(f"try: **{escape(paste_all(finding.overrides))}**")
    return ["  \n".join(lines)]


def _joined(parts: list[str]) -> list[str]:
    return [part for part in parts if part]
