"""What is taken for what."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from litmus.report import canvas, takeaways
from litmus.report.plot import Plot
from litmus.report.scene import Scene

MAX_CLASSES = 20  # beyond, cells are too small to read; the pairs of `pairs` say what is confused
Array = NDArray[np.float64]


def draw(scene: Scene) -> Figure:
    """Counts and shares of each true class."""
    evidence = scene.evidence
    split, counts = takeaways.matrix_of(evidence)
    matrix = counts.astype(np.float64)
    names = [canvas.label(label, 16) for label in evidence.task.classes]
    totals = matrix.sum(1, keepdims=True)
    shares = np.divide(matrix, totals, out=np.zeros_like(matrix), where=totals > 0)
    host, ax, bar, tilt = _grid(names)
    canvas.dress(ax, f"Confusion on {split}", "predicted", "true")
    ax.grid(visible=False)
    image = ax.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto", interpolation="none")
    _cells(ax, matrix, shares)
    host.colorbar(image, cax=bar, label="share of the true class")
    bar.yaxis.label.set_color(canvas.INK)
    bar.tick_params(colors=canvas.INK, labelsize=8)
    bar.set_yticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
    _ticks(ax, names, tilt)
    return host


def applies(scene: Scene) -> bool:
    """Whether there is a matrix of classes, and it can be read."""
    return any(map(len, scene.evidence.confusion.values())) and 1 < len(scene.evidence.task.classes) <= MAX_CLASSES


def _grid(names: list[str]) -> tuple[Figure, Axes, Axes, int]:
    """A figure, its square axes, those of its colour bar, and the angle at which the names fit below."""
    n, longest = len(names), max(map(canvas.inches, names))
    side = max(3.4 + 0.2 * max(n - 2, 0), 0.36 * n) if n < 12 else max(5.2, 0.36 * n)
    tilt = 0 if longest < 0.9 * side / n else 90
    left, below = longest + 0.6, 0.65 if tilt == 0 else longest + 0.6
    width, height = left + side + 1.05, below + side + 0.4
    host = canvas.figure(width, height)
    ax = host.add_axes((left / width, below / height, side / width, side / height))
    bar = host.add_axes(((left + side + 0.15) / width, below / height, 0.15 / width, side / height))
    return host, ax, bar, tilt


def _ticks(ax: Axes, names: list[str], tilt: int) -> None:
    size = 9 if len(names) <= 12 else 7.5
    ax.set_xticks(range(len(names)), names, rotation=tilt, fontsize=size)
    ax.set_yticks(range(len(names)), names, fontsize=size)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def _cells(ax: Axes, counts: Array, shares: Array) -> None:
    """Counts, with shares below where there is room; beyond four classes a cell without rows stays empty."""
    n = len(counts)
    size = 11 if n <= 4 else (8 if n <= 12 else 6.5)
    for (i, j), count in np.ndenumerate(counts):
        if n > 4 and count == 0:
            continue
        text = _short(count)
        if n <= 12 and counts[i].sum() > 0:
            text += f"\n{100 * shares[i, j]:.0f} %"
        colour = "white" if shares[i, j] > 0.55 else "#0b1f33"
        ax.text(j, i, text, ha="center", va="center", fontsize=size, color=colour)


def _short(count: float) -> str:
    if count < 10_000:
        return f"{count:.0f}"
    return f"{count / 1000:.0f}k" if count < 1e6 else f"{count / 1e6:.1f}M"


def takeaway(scene: Scene) -> str:
    """What is most often taken for what."""
    found = takeaways.confused_pairs(scene.evidence)
    if not found:
        return "No row is taken for another class."
    return f"Most often {found[0].text}{takeaways.next_pair(found)}."


PLOT = Plot(name="confusion", title="Confusion matrix", order=60, draw=draw, applies=applies, takeaway=takeaway)
