"""report.html: one self-contained page, without script or anything from outside, for screen, phone, dark and paper."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from litmus.evidence import Evidence
from litmus.report import phrases, tables
from litmus.report.files import write_text
from litmus.report.hparams import flatten
from litmus.report.tables import Table
from litmus.verdict import Verdict

if TYPE_CHECKING:
    import jinja2

MAX_WORST = 10
WORST_HEADER = {"pred": "predicted", "prob": "probability of the target"}


@final
@dataclass(frozen=True)
class Drawing:
    """A figure on the page: `svg` comes from `canvas.svg`, which escapes what is data in it."""

    name: str
    title: str
    svg: str
    wide: bool = False


def render(
    verdict: Verdict,
    evidence: Evidence,
    *,
    title: str,
    drawings: Iterable[Drawing] = (),
    provenance: Mapping[str, Any] | None = None,
    config: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
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
    """
    counts = evidence.data.class_counts
    return _template().render(
        title=title,
        verdict=verdict,
        evidence=evidence,
        lines=verdict.summary.splitlines(),
        criteria=tables.criteria(verdict, evidence),
        meanings=tables.meanings(verdict, evidence),
        per_class=tables.classes(evidence, verdict.split),
        references=tables.references(evidence),
        splits=_splits(evidence, counts),
        columns=_columns(evidence),
        worst=_worst(evidence),
        importance=_importance(evidence),
        drawings=list(drawings),
        settings=flatten(config if config is not None else evidence.config),
        provenance=flatten(provenance or {}),
        notes=notes,
        say=phrases,
    )


def write_html(directory: Path, page: str) -> None:
    """report.html."""
    write_text(directory / "report.html", page)


def _splits(evidence: Evidence, counts: Mapping[str, Mapping[str, int]]) -> Table:
    """Rows of each split, and of each class in it."""
    labels = list(dict.fromkeys(label for by_label in counts.values() for label in by_label))
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
    worst = evidence.worst_rows[:MAX_WORST]
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
def _template() -> "jinja2.Template":
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["svg"] = _trusted
    return environment.get_template("report.html.jinja")


def _trusted(svg: str) -> Any:
    from markupsafe import Markup

    return Markup(svg)  # noqa: S704  # matplotlib's own XML, in which it escapes every text
