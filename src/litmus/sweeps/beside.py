"""The first runs of a leaderboard beside each other: what differs in them, their verdicts and their curves."""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

from matplotlib.figure import Figure

from litmus.errors import LitmusError
from litmus.metrics import lower_is_better
from litmus.report import canvas
from litmus.report.html import Drawing
from litmus.report.phrases import NOTHING, clean, metric, number
from litmus.report.tables import Table
from litmus.sweeps.leaderboard import Leaderboard
from litmus.sweeps.records import Record
from litmus.verdict import Criterion, Verdict

SHOWN = 3  # runs whose verdicts stand beside each other
DRAWN = 6  # runs whose curves lie over each other
STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)))


@final
@dataclass(frozen=True)
class Shown:
    """The best run of an entry, as figures and the table name it.

    Args:
        rank: Of its entry, from 1.
        record: Its directory and what it tells.
    """

    rank: int
    record: Record

    @property
    def name(self) -> str:
        return f"{self.rank}: {self.record.directory.name}"

    @cached_property
    def verdict(self) -> Verdict | None:
        """Its verdict; None where there is none that can be read."""
        try:
            return Verdict.from_json((self.record.directory / "verdict.json").read_text(encoding="utf-8"))
        except (OSError, ValueError, LitmusError):
            return None

    @cached_property
    def history(self) -> Mapping[str, list[float | None]]:
        """Logged name to values by row of history.csv, `epoch` among them; empty where there is no such file."""
        try:
            with (self.record.directory / "history.csv").open(newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
        except (OSError, ValueError):
            return {}
        return {key: [_float(row[key]) for row in rows] for key in (rows[0] if rows else ())}

    @cached_property
    def judged(self) -> dict[str, Criterion]:
        """The criteria that voted, by name; that of the worst class, another in each run, without the class."""
        found = (
            [criterion for criterion in self.verdict.criteria if criterion.votes and criterion.threshold is not None]
            if self.verdict
            else []
        )
        heads = [criterion.name.partition("[")[0] for criterion in found]
        names = [
            head if heads.count(head) == 1 else criterion.name for head, criterion in zip(heads, found, strict=True)
        ]
        return dict(zip(names, found, strict=True))


def first_runs(board: Leaderboard, count: int) -> list[Shown]:
    """The best runs of the first entries."""
    return [Shown(rank, entry.best) for rank, entry in enumerate(board.entries[:count], start=1)]


def table(board: Leaderboard) -> Table | None:
    """The first runs, a column each: verdict and its reason, then every setting in which they differ.

    None where there is one run, or none.
    """
    runs = first_runs(board, SHOWN)
    if len(runs) < 2:
        return None
    entries = board.entries[: len(runs)]
    settings = {key: [clean(entry.settings.get(key, NOTHING), 60) for entry in entries] for key in board.keys}
    lines = [run.verdict.summary.splitlines() if run.verdict else [] for run in runs]
    rows = {
        "verdict": [run.record.verdict or "none" for run in runs],
        "in words": [" ".join(sentences[:2]) or NOTHING for sentences in lines],
        **{key: values for key, values in settings.items() if len(set(values)) > 1},
        "seed": [str(run.record.seed) for run in runs],
        "epochs": [f"{len(run.history.get('epoch', ()))}" for run in runs],
    }
    return Table(("run", *(clean(run.name, 60) for run in runs)), tuple((head, *cells) for head, cells in rows.items()))


def drawings(board: Leaderboard, prefix: str = "") -> list[Drawing]:
    """Verdicts and curves, those of them that there are.

    Args:
        board: Ranked.
        prefix: What keeps anchors of several boards apart.
    """
    found = []
    runs = first_runs(board, SHOWN)
    if (figure := verdicts(runs)) is not None:
        found.append(Drawing.of(figure, f"{prefix}verdicts", "Verdicts", verdicts_takeaway(runs)))
    drawn = first_runs(board, DRAWN)
    if (figure := curves(drawn, board.metric)) is not None:
        found.append(Drawing.of(figure, f"{prefix}curves", "Curves", curves_takeaway(drawn, board.metric)))
    return found


def verdicts(runs: Sequence[Shown]) -> Figure | None:
    """Each criterion that all runs share, with its threshold and every run's value and interval.

    Those that are no proportions, such as errors in a target's unit, have no place on the common axis. None where
    fewer than two runs have a verdict, or nothing is left to draw.
    """
    names = _common(runs)
    if not names:
        return None
    host = canvas.figure(canvas.WIDTH, 1.0 + 0.17 * len(names) * (len(runs) + 1))
    words = [canvas.label(metric(name), 26) for name in names]
    canvas.frame(host, left=max(map(canvas.inches, words)) + 0.3)
    ax = canvas.axes(host, "Criteria", "value, 95 % interval")
    for place, run in enumerate(runs):
        offset = 0.5 * (place / max(len(runs) - 1, 1) - 0.5)
        found = [_bounds(run.judged[name]) for name in names]
        values = [value for value, _, _ in found]
        bars = [[value - low for value, low, _ in found], [high - value for value, _, high in found]]
        split = f", on {run.verdict.split}" if run.verdict else ""
        ax.errorbar(
            values,
            [i + offset for i in range(len(names))],
            xerr=bars,
            fmt="os^"[place % 3],
            color=canvas.COLOURS[place],
            markersize=6,
            capsize=3,
            linewidth=1.4,
            label=canvas.label(f"{run.name}{split}", 44),
        )
    thresholds = [runs[0].judged[name].threshold or 0.0 for name in names]
    every = range(len(names))
    ax.vlines(thresholds, [i - 0.5 for i in every], [i + 0.5 for i in every], color=canvas.INK, label="threshold")
    ax.set_yticks(list(every), words)
    ax.set_ylim(len(names) - 0.4, -0.6)
    canvas.legend(host, columns=1)
    return host


def verdicts_takeaway(runs: Sequence[Shown]) -> str:
    """Each run's verdict, how many criteria it meets, and which it does not meet that another does."""
    met = {name for run in runs for name, criterion in run.judged.items() if criterion.status == "pass"}
    parts = []
    for run in runs:
        missed = [metric(name) for name, criterion in run.judged.items() if criterion.status != "pass" and name in met]
        passed = sum(criterion.status == "pass" for criterion in run.judged.values())
        text = f"{run.rank} is {run.record.verdict} and meets {passed} of {len(run.judged)} criteria"
        parts.append(text + (f", but not {_listed(missed)}" if missed else ""))
    return f"Number {'; '.join(parts)}."


def curves(runs: Sequence[Shown], name: str) -> Figure | None:
    """One logged name of all runs by epoch, over each other; None where fewer than two runs have it."""
    known = [run for run in runs if _points(run, name)]
    if len(known) < 2:
        return None
    split, _, what = name.partition("/")
    host = canvas.figure(canvas.WIDTH, 3.4)
    ax = canvas.axes(host, f"{canvas.sentence(split)} {metric(what)} by epoch", "epoch", f"{split} {metric(what)}")
    for place, run in enumerate(runs):
        if points := _points(run, name):
            epochs, values = zip(*points, strict=True)
            style, marker = STYLES[place % len(STYLES)], "o" if len(points) < 3 else ""
            colour, label = canvas.COLOURS[place % len(canvas.COLOURS)], canvas.label(run.name, 44)
            ax.plot(epochs, values, color=colour, linestyle=style, marker=marker, linewidth=1.8, label=label)
    canvas.log_if_wide(ax, *(canvas.values([value for _, value in _points(run, name)]) for run in known))
    canvas.whole_numbers(ax)
    canvas.legend(host, columns=1)
    return host


def curves_takeaway(runs: Sequence[Shown], name: str) -> str:
    """Where the first two are best, and how long all were trained."""
    best = min if lower_is_better(name) else max
    split, _, what = name.partition("/")
    extreme = "lowest" if lower_is_better(name) else "highest"
    parts = []
    for one in [run for run in runs if _points(run, name)][:2]:
        epoch, value = best(_points(one, name), key=lambda point: point[1])
        parts.append(f"in epoch {epoch:.0f} of number {one.rank} ({number(value, 4)})")
    return f"{canvas.sentence(split)} {metric(what)} is {extreme} {' and '.join(parts)}."


def _common(runs: Sequence[Shown]) -> list[str]:
    """Criteria that all runs were held against by the same threshold, and whose values all lie from -1 to 1."""
    held = [run.judged for run in runs]
    return (
        [
            name
            for name in held[0]
            if all(name in settings for settings in held) and _alike([settings[name] for settings in held])
        ]
        if len(held) > 1
        else []
    )


def _alike(criteria: Sequence[Criterion]) -> bool:
    values = [
        value
        for criterion in criteria
        for value in (criterion.value, criterion.low, criterion.high)
        if value is not None
    ]
    known = all(criterion.value is not None for criterion in criteria)
    return (
        known
        and len({criterion.threshold for criterion in criteria}) == 1
        and all(-1 <= value <= 1 for value in values)
    )


def _listed(names: Sequence[str]) -> str:
    """The first three in words, and how many there are besides."""
    shown = [*names] if len(names) <= 3 else [*names[:3], f"{len(names) - 3} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _bounds(criterion: Criterion) -> tuple[float, float, float]:
    """Value and interval, which is the value where there is none."""
    value = criterion.value or 0.0
    low = value if criterion.low is None else min(criterion.low, value)
    return value, low, value if criterion.high is None else max(criterion.high, value)


def _points(shown: Shown, name: str) -> list[tuple[float, float]]:
    """Epoch and value, where both are known."""
    pairs = zip(shown.history.get("epoch", ()), shown.history.get(name, ()), strict=False)
    return [(epoch, value) for epoch, value in pairs if epoch is not None and value is not None]


def _float(text: str | None) -> float | None:
    try:
        value = float(text or "nan")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
