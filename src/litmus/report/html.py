"""report.html: one self-contained page, with nothing from outside, for screen, phone, dark and paper."""

import base64
import hashlib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, final

from litmus.disk import write_text
from litmus.evidence import Evidence
from litmus.report import phrases, tables
from litmus.report.first_screen import FirstScreen, make_first_screen
from litmus.report.hparams import flatten
from litmus.report.tables import Table
from litmus.verdict import Verdict
from litmus.verdict.answers import WORDS
from litmus.verdict.wording import shown_by

if TYPE_CHECKING:
    import jinja2
    from matplotlib.figure import Figure

    from litmus.report.examples import Example

# The page works without it: a click selects a whole command.
COPY = """
for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const code = button.previousElementSibling;
    try { await navigator.clipboard.writeText(code.textContent); }
    catch { getSelection().selectAllChildren(code); document.execCommand("copy"); }
    button.textContent = "Copied";
    setTimeout(() => button.textContent = "Copy", 1500);
  });
}
"""
DIGEST = base64.b64encode(hashlib.sha256(COPY.encode()).digest()).decode()
MAX_WORST = 10
MOST_ACROSS = 8  # classes that have a column each
_PERCENT = re.compile(r"(?<=\d) %")
WORST_HEADER = {"pred": "predicted", "prob": "probability of the target"}


@final
@dataclass(frozen=True)
class Drawing:
    """A figure of the page.

    Args:
        name: Its anchor.
        title: Its name for people.
        svg: Of `canvas.svg`, which escapes what is data in it.
        wide: Whether it takes the page's whole width.
        parts: Of a wide figure, its panels one by one, as `canvas.parts` gives them.
        takeaway: Its caption.
        findings: Names of findings beside which it stands, where the run has one of them; else among the figures.
    """

    name: str
    title: str
    svg: str
    wide: bool = False
    parts: str = ""
    takeaway: str = ""
    findings: tuple[str, ...] = ()

    @classmethod
    def of(cls, figure: "Figure", name: str, title: str, takeaway: str = "", findings: tuple[str, ...] = ()) -> Self:
        """The drawing of a figure."""
        from litmus.report import canvas

        wide = figure.get_figwidth() > canvas.WIDE
        svg = canvas.svg(figure, name)
        return cls(name, title, svg, wide, canvas.parts(figure, name) if wide else "", takeaway, findings)


def render(
    verdict: Verdict,
    evidence: Evidence,
    *,
    title: str,
    drawings: Iterable[Drawing] = (),
    provenance: Mapping[str, Any] | None = None,
    config: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
    gallery: "Sequence[tuple[str, Sequence[Example]]]" = (),
    doubtful: "tuple[Sequence[Example], str]" = ((), ""),
    words: Sequence[str] | None = None,
    directory: Path | None = None,
) -> str:
    """The page.

    Args:
        verdict: Shown first.
        evidence: What it rests on.
        title: Of the run.
        drawings: In their order.
        provenance: As in provenance.json.
        config: As stored, secrets left as references; None: the evidence's.
        notes: What the data module says of its rows.
        gallery: Kinds of mistakes with rows of each.
        doubtful: Rows whose label looks wrong, and the same as CSV.
        words: What stood behind `litmus train`; None: not known.
        directory: Of the run, as the reader would type it.
    """
    counts, every = evidence.data.class_counts, list(drawings)
    beside = {
        finding.name: [drawing for drawing in every if finding.name in drawing.findings] for finding in verdict.findings
    }
    drawings = [drawing for drawing in every if not beside.keys() & {*drawing.findings}]
    failures = [evidence.per_class.get(verdict.split), evidence.segments, evidence.worst_rows, evidence.importance]
    present = {
        "Criteria": verdict.criteria,
        "Findings": verdict.findings or verdict.unknown,
        "Figures": drawings,
        "Reference models": evidence.references,
        "Where it fails": any(failures) or gallery or doubtful[0],
        "Data": True,
        "Run": True,
    }
    return template("report.html.jinja").render(
        sections=[(name, _anchor(name)) for name, content in present.items() if content],
        **_judged(verdict, evidence, make_first_screen(verdict, evidence, words=words, directory=directory)),
        title=title,
        script=COPY,
        digest=DIGEST,
        per_class=tables.classes(evidence, verdict.split),
        references=tables.references(evidence),
        splits=_splits(evidence, counts),
        columns=_columns(evidence),
        worst=_worst(evidence),
        importance=_importance(evidence),
        gallery=gallery,
        doubtful=doubtful[0],
        labels_file="data:text/csv;base64," + base64.b64encode(doubtful[1].encode()).decode(),
        held=_held(evidence, gallery, doubtful[0]),
        drawings=drawings,
        beside=beside,
        settings=flatten(config if config is not None else evidence.config),
        provenance=flatten(provenance or {}),
        notes=notes,
    )


def fragment(verdict: Verdict, evidence: Evidence, *, directory: str = "") -> str:
    """What a notebook shows: verdict, criteria, spread and findings, and where the run is."""
    return template("notebook.html.jinja").render(
        **_judged(verdict, evidence, make_first_screen(verdict, evidence)), directory=directory, sections=(), beside={}
    )


def _judged(verdict: Verdict, evidence: Evidence, opening: FirstScreen) -> dict[str, Any]:
    """What `verdict.html.jinja` shows."""
    return {
        "verdict": verdict,
        "tone": WORDS[verdict.verdict].tone,
        "shown_by": shown_by,
        "evidence": evidence,
        "opening": opening,
        "lines": verdict.summary.splitlines(),
        "criteria": tables.criteria(verdict, evidence),
        "meanings": tables.meanings(verdict, evidence),
        "repeats": tables.repeats(evidence),
        "say": phrases,
    }


def _anchor(heading: str) -> str:
    return heading.lower().replace(" ", "-") + "-section"


def write_html(directory: Path, page: str) -> None:
    """report.html."""
    write_text(directory / "report.html", page)


def _held(evidence: Evidence, gallery: "Sequence[tuple[str, Sequence[Example]]]", doubtful: "Sequence[Example]") -> int:
    """How many rows of the data the page holds."""
    rows = {example.choice.row for _, examples in gallery for example in examples} | {
        example.choice.row for example in doubtful
    }
    shown = evidence.worst_rows[:MAX_WORST] if shows_rows(evidence) else ()
    return len(rows | {int(row["row"]) for row in shown if "row" in row})


def shows_rows(evidence: Evidence) -> bool:
    """Whether `report.rows` lets rows of the data stand on the page."""
    return evidence.settings.report.rows


def _splits(evidence: Evidence, counts: Mapping[str, Mapping[str, int]]) -> Table:
    """Rows of each split, and of each class in it; many classes have a row each."""
    labels = list(dict.fromkeys(label for by_label in counts.values() for label in by_label))
    if len(labels) > MOST_ACROSS:
        sizes = evidence.data.sizes
        every = ("all rows", *(f"{n:,}" for n in sizes.values()))
        by_class = [(label, *(f"{counts.get(split, {}).get(label, 0):,}" for split in sizes)) for label in labels]
        return Table(("class", *sizes), (every, *by_class))
    rows = tuple(
        (split, f"{n:,}", *(f"{counts.get(split, {}).get(label, 0):,}" for label in labels))
        for split, n in evidence.data.sizes.items()
    )
    return Table(("split", "rows", *labels), rows)


def _columns(evidence: Evidence) -> Table:
    rows = tuple(
        (
            column.name,
            column.kind,
            f"{100 * column.missing:.1f} %",
            phrases.number(column.distinct),
            phrases.number(column.mean),
            phrases.number(column.sd),
            phrases.interval(column.low, column.high) if column.low is not None else phrases.NOTHING,
        )
        for column in evidence.data.columns
    )
    return Table(("column", "kind", "missing", "distinct", "mean", "SD", "range"), rows)


def _worst(evidence: Evidence) -> Table:
    """The rows that the model gets most wrong; their keys are the columns."""
    worst = evidence.worst_rows[:MAX_WORST] if shows_rows(evidence) else ()
    keys = tuple(dict.fromkeys(key for row in worst for key in row))
    header = tuple(WORST_HEADER.get(key, key) for key in keys)
    return Table(header, tuple(tuple(_short(row.get(key)) for key in keys) for row in worst))


def _short(value: object) -> str:
    """Four digits of whatever size: a column of the target's own unit."""
    return f"{value:.4g}" if isinstance(value, float) and math.isfinite(value) else phrases.number(value)


def _importance(evidence: Evidence) -> Table:
    rows = tuple(
        (name, phrases.number(estimate.value), phrases.interval(estimate.low, estimate.high))
        for name, estimate in sorted(evidence.importance.items(), key=lambda item: -(item[1].value or 0))
    )
    return Table(("column", "loss of score without it", "95 % interval"), rows)


@cache
def template(name: str, *, beside: Path = Path(__file__)) -> "jinja2.Template":
    """A template beside a file, in which all is escaped but our own drawings; it may include those of reports."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([beside.parent, Path(__file__).parent]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["svg"] = _trusted
    environment.filters["prose"] = _prose
    return environment.get_template(name)


def _prose(text: str) -> str:
    """A sentence in which no line breaks between a figure and its percent sign; commands are never taken through it."""
    return _PERCENT.sub("\N{NO-BREAK SPACE}%", text)


def _trusted(svg: str) -> Any:
    from markupsafe import Markup

    return Markup(svg)  # noqa: S704  # matplotlib's own XML, in which it escapes every text
