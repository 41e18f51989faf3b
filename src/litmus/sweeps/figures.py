"""Figures of a sweep: its grid as a heat map, each setting by itself, and the best value found so far."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from litmus.metrics import lower_is_better
from litmus.report import canvas
from litmus.report.phrases import clean, metric, number
from litmus.sweeps.importance import is_grid, number_of, separate_keys
from litmus.sweeps.leaderboard import Entry, Leaderboard

MAX_SLICES = 6
MAX_TICKS = 12  # values of a setting that are named on an axis
MAX_NAMED = 5  # values of a setting that a caption names
MAX_SIDE = 20  # rows and columns of a heat map
WIDE = 50.0  # largest over smallest from which an axis is logarithmic


def heat_map(board: Leaderboard) -> Figure | None:
    """The score over two settings, where they are all that varied and form a grid."""
    keys = separate_keys(board)
    if len(keys) != 2 or not is_grid(board):
        return None
    down, across = keys
    rows, columns = (_ordered({entry.settings.get(key, "") for entry in board.entries}) for key in keys)
    if min(len(rows), len(columns)) < 2 or max(len(rows), len(columns)) > MAX_SIDE:
        return None
    values = np.full((len(rows), len(columns)), math.nan)
    for entry in board.entries:
        values[rows.index(entry.settings.get(down, "")), columns.index(entry.settings.get(across, ""))] = entry.mean
    width = min(11.0, max(4.6, 1.6 + 0.85 * len(columns)))
    host = canvas.figure(width, 1.3 + 0.42 * len(rows))
    canvas.frame(host, left=0.4 + max(canvas.inches(canvas.label(row, 16)) for row in rows))
    ax = canvas.axes(host, f"{_title(board)} by two settings", across, down)
    ax.grid(visible=False)
    order = np.argsort(np.argsort(values, axis=None), axis=None).reshape(
        values.shape
    )  # ranks: one that diverged hides no other
    shade = order if not lower_is_better(board.metric.partition("/")[2]) else order.max() - order
    ax.imshow(shade, cmap="Blues", vmin=-0.3 * shade.size, vmax=1.3 * shade.size, aspect="auto", interpolation="none")
    for (i, j), value in np.ndenumerate(values):
        ink = "white" if shade[i, j] > 0.55 * shade.size else "#1b1f24"
        ax.text(j, i, number(value, 4), ha="center", va="center", fontsize=9, color=ink)
    ax.set_xticks(range(len(columns)), [canvas.label(text, 14) for text in columns])
    ax.set_yticks(range(len(rows)), [canvas.label(text, 16) for text in rows])
    return host


def slices(board: Leaderboard) -> list[tuple[str, Figure]]:
    """For each setting, the score of every entry at its value."""
    found = []
    for key in separate_keys(board)[:MAX_SLICES]:
        host = canvas.figure(5.0, 3.4)
        ax = canvas.axes(host, f"{_title(board)} by {canvas.label(key, 40)}", "", _title(board))
        _places(ax, key, board.entries)
        canvas.log_if_wide(ax, np.array([entry.mean for entry in board.entries]))
        found.append((key, host))
    return found


def progress(board: Leaderboard, curve: Sequence[float]) -> Figure | None:
    """The best score so far over the settings, in the order in which they were begun."""
    if len(curve) < 5:
        return None
    host = canvas.figure(5.0, 3.4)
    ax = canvas.axes(host, "Best so far", "settings tried", _title(board))
    ax.step(range(1, len(curve) + 1), curve, where="post", color=canvas.COLOURS[0])
    canvas.log_if_wide(ax, np.asarray(curve, np.float64))
    return host


def heat_takeaway(board: Leaderboard) -> str:
    """Where the grid is best, and where worst."""
    best, worst = board.entries[0], board.entries[-1]
    return (
        f"{canvas.sentence(_title(board))} is best with {_settings(board, best)}: {number(best.mean, 4)};"
        f" it is {number(worst.mean, 4)} with {_settings(board, worst)}, the last of {len(board.entries)}."
    )


def slice_takeaway(board: Leaderboard, key: str) -> str:
    """What the best entry of each value reached."""
    best: dict[str, float] = {}
    for entry in board.entries:  # the best first
        best.setdefault(entry.settings.get(key, ""), entry.mean)
    predicted = ", ".join(
        f"{number(value, 4)} with {clean(text, 24)}" for text, value in list(best.items())[:MAX_NAMED]
    )
    more = f" and {len(best) - MAX_NAMED} more" if len(best) > MAX_NAMED else ""
    return f"The best {_title(board)} by {clean(key, 40)}: {predicted}{more}."


def progress_takeaway(board: Leaderboard, curve: Sequence[float]) -> str:
    """When the best was found."""
    place = next(i for i, value in enumerate(curve, start=1) if value == curve[-1])
    return f"The best {_title(board)} of {len(curve)} settings, {number(curve[-1], 4)}, was number {place}."


def _settings(board: Leaderboard, entry: Entry) -> str:
    return ", ".join(f"{key} {clean(entry.settings.get(key, ''), 24)}" for key in separate_keys(board))


def _places(ax: Axes, key: str, entries: Sequence[Entry]) -> None:
    """Entries over a setting's values: on a scale where they are many numbers, else side by side."""
    texts = [entry.settings.get(key, "") for entry in entries]
    names = _ordered(set(texts))
    numbers = [number_of(text) for text in names]
    values = [value for value in numbers if value is not None and math.isfinite(value)]
    x: list[float]
    if len(values) == len(names) > 4:
        scale = dict(zip(names, values, strict=True))
        x = [scale[text] for text in texts]
        if min(values) > 0 and max(values) / min(values) > WIDE:
            ax.set_xscale("log")
    else:
        x = [float(names.index(text)) for text in texts]
        step = max(1, len(names) // MAX_TICKS)
        ax.set_xticks(range(0, len(names), step), [canvas.label(name, 14) for name in names[::step]])
        ax.set_xlim(-0.5, len(names) - 0.5)
    means = [entry.mean for entry in entries]
    ax.plot(x, means, "o", color=canvas.COLOURS[0], alpha=0.75, markersize=5, markeredgewidth=0)
    ax.plot(x[:1], means[:1], "o", color=canvas.COLOURS[1], markersize=8, markeredgewidth=0)


def _title(board: Leaderboard) -> str:
    split, _, name = board.metric.partition("/")
    return f"{split} {metric(name)}"


def _ordered(texts: set[str]) -> list[str]:
    """Numbers by size, else as text."""

    def place(text: str) -> tuple[bool, float, str]:
        value = number_of(text)
        return value is None, value or 0.0, text

    return sorted(texts, key=place)
