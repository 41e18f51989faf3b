"""leaderboard.html: one self-contained page for a sweep, or for any runs that are compared; nothing from outside."""

import base64
import hashlib
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from litmus.disk import write_text
from litmus.report import phrases
from litmus.report.html import Drawing, template
from litmus.report.phrases import NOTHING, clean, metric, number
from litmus.sweeps.conclusion import Conclusion
from litmus.sweeps.leaderboard import Entry, Leaderboard, alike
from litmus.sweeps.records import Record
from litmus.verdict.answers import WORDS
from litmus.verdict.wording import sentence

WIDTH = 200.0  # of the plot of a row
PAD = 6.0
DATED = re.compile(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_")  # a run that is no job
WIDE = 50.0  # largest over smallest from which the scale is logarithmic

SORT = """
document.querySelectorAll("th button").forEach(button => button.addEventListener("click", () => {
  const head = button.closest("th"), body = head.closest("table").tBodies[0];
  const place = [...head.parentNode.children].indexOf(head), up = head.ariaSort !== "ascending";
  for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const key = row => row.children[place].dataset.value ?? row.children[place].textContent.trim();
  const by = (a, b) => {
    const [x, y] = [key(a), key(b)], [n, m] = [x === "" ? NaN : +x, y === "" ? NaN : +y];
    if (x === "" || y === "") return (x === "") - (y === "");
    return (up ? 1 : -1) * (isNaN(n) || isNaN(m) ? x.localeCompare(y, undefined, {numeric: true}) : n - m);
  };
  body.append(...[...body.rows].sort(by));
}));
"""
DIGEST = base64.b64encode(hashlib.sha256(SORT.encode()).digest()).decode()


@final
@dataclass(frozen=True)
class Section:
    """One leaderboard of the page.

    Args:
        title: Its heading; "" where it is the only one.
        board: Ranked.
        conclusion: Of the sweep that it is of; None where it is of other runs.
    """

    title: str
    board: Leaderboard
    conclusion: Conclusion | None = None


def write_page(path: Path, title: str, sections: Sequence[Section]) -> Path:
    """Writes the page; links to runs are relative to its folder.

    Args:
        path: Of the page.
        title: Of the page.
        sections: In their order.
    """
    write_text(path, render(title, sections, folder=path.parent))
    return path


def render(title: str, sections: Sequence[Section], *, folder: Path) -> str:
    """The page as text; arguments as in `write_page`."""
    return template("leaderboard.html.jinja", beside=Path(__file__)).render(
        title=title,
        verdict=sections[0].conclusion.verdict if len(sections) == 1 and sections[0].conclusion else None,
        sections=[_section(section, folder, place) for place, section in enumerate(sections, start=1)],
        script=SORT,
        digest=DIGEST,
        say=phrases,
    )


def _section(section: Section, folder: Path, place: int) -> dict[str, Any]:
    board, found = section.board, section.conclusion
    split, _, name = board.metric.partition("/")
    scale = _Scale(board.entries)
    prefix = f"s{place}_" if section.title else ""
    return {
        "title": section.title,
        "answer": [] if found is None else found.sentences(),
        "tone": WORDS[found.verdict].tone if found and found.verdict in WORDS else "open",
        "summary": found.winner.summary.splitlines() if found and found.winner else [],
        "difference": sentence(board.difference) if board.difference else "",
        "notes": [sentence(text) for text in (*board.notes, alike(board)) if text],
        "metric": f"{split} {metric(name)}",
        "primary": board.primary and f"val {metric(board.primary)}",
        "keys": board.keys,
        "axis": scale.ends,
        "rows": [_row(rank, entry, board, scale, folder) for rank, entry in enumerate(board.entries, start=1)],
        **_beside(board, prefix),
        "unfinished": [_unfinished(record, board, folder) for record in board.unfinished],
        "drawings": _drawings(board, found, prefix),
    }


def _row(rank: int, entry: Entry, board: Leaderboard, scale: "_Scale", folder: Path) -> dict[str, Any]:
    primary = entry.primary
    verdicts = [record.verdict for record in entry.records if record.verdict]
    return {
        "rank": rank,
        "score": entry.mean,
        "shown": _with_bounds(entry.mean, entry.low, entry.high, digits=4),
        "plot": scale.plot(entry),
        "primary": None if primary is None else primary.value,
        "primary_shown": NOTHING if primary is None else _with_bounds(primary.value, primary.low, primary.high),
        "seeds": len(entry.values),
        "verdict": entry.adequate,
        "tone": WORDS[verdicts[0]].tone if len(set(verdicts)) == 1 and verdicts[0] in WORDS else "open",
        "settings": [clean(entry.settings.get(key, NOTHING), 60) for key in board.keys],
        "runs": [_link(record, folder) for record in entry.records],
    }


def _unfinished(record: Record, board: Leaderboard, folder: Path) -> dict[str, Any]:
    settings = {key: clean(record.settings[key], 40) for key in board.keys if key in record.settings}
    return {
        "link": _link(record, folder, "log.txt"),
        "status": record.status,
        "settings": " ".join(f"{key}={value}" for key, value in settings.items()),
        "reason": clean(record.reason, 300),
    }


def _link(record: Record, folder: Path, file: str = "report.html") -> dict[str, str]:
    """A run's page, as seen from the folder; percent-encoded, for names hold commas, brackets and hashes."""
    from urllib.parse import quote

    target = record.directory.absolute() / file
    href = quote(os.path.relpath(target, folder.absolute())) if target.is_file() else ""
    name = record.directory.name
    first, _, rest = name.partition("_")
    short = clean(rest if DATED.match(name) else name, 40)  # the leaderboard is no place for the date of each
    return {"name": name, "short": first if first.isdecimal() and len(first) < 8 else short, "href": href}


def _with_bounds(value: float, low: float | None, high: float | None, digits: int = 3) -> str:
    known = low is not None and high is not None and math.isfinite(low) and math.isfinite(high)
    return number(value, digits) + (f" [{number(low)}, {number(high)}]" if known else "")


class _Scale:
    """Where scores stand in the plot of a row: one scale for all rows, so that they can be compared."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        means = [entry.mean for entry in entries]
        self._log = bool(means) and min(means) > 0 and max(means) / min(means) > WIDE
        usual = sorted(means)[: max(1, math.ceil(0.9 * len(means)))] if not self._log else means
        ends = [*means, *(bound for entry in entries for bound in (entry.low, entry.high) if entry.mean in usual)]
        known = [value for value in ends if value is not None and math.isfinite(value) and (value > 0 or not self._log)]
        self._low, self._high = (min(known), max(known)) if known else (0.0, 1.0)

    @property
    def ends(self) -> tuple[str, str]:
        return number(self._low), number(self._high)

    def _at(self, value: float) -> float:
        value = min(max(value, self._low), self._high)
        low, high, value = (math.log(v) if self._log else v for v in (self._low, self._high, value))
        return round(PAD + (WIDTH - 2 * PAD) * ((value - low) / (high - low) if high > low else 0.5), 1)

    def plot(self, entry: Entry) -> Mapping[str, float | None]:
        """Positions of the dot and of the interval's ends; those are None where there is none."""
        bounded = all(bound is not None and math.isfinite(bound) for bound in (entry.low, entry.high))
        low, high = (self._at(bound) if bounded and bound is not None else None for bound in (entry.low, entry.high))
        return {"at": self._at(entry.mean), "low": low, "high": high}


def _beside(board: Leaderboard, prefix: str) -> dict[str, Any]:
    """The first runs side by side: a table of them, and what is drawn of them."""
    if len(board.entries) < 2:
        return {"beside": None, "looks": []}
    from litmus.sweeps import beside

    return {"beside": beside.table(board), "looks": beside.drawings(board, prefix)}


def _drawings(board: Leaderboard, found: Conclusion | None, prefix: str) -> list[Drawing]:
    if len(board.entries) < 2:
        return []
    from litmus.sweeps import figures

    drawings = []
    if (figure := figures.heat_map(board)) is not None:
        drawings.append(Drawing.of(figure, f"{prefix}heat", "Heat map", figures.heat_takeaway(board)))
    for i, (key, figure) in enumerate(figures.slices(board)):
        drawings.append(Drawing.of(figure, f"{prefix}slice{i}", f"Scores by {key}", figures.slice_takeaway(board, key)))
    if found is not None and (figure := figures.progress(board, found.more.curve)) is not None:
        drawings.append(
            Drawing.of(figure, f"{prefix}progress", "Best so far", figures.progress_takeaway(board, found.more.curve))
        )
    return drawings
