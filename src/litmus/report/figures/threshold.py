"""What another decision threshold would do."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from litmus.evidence import Evidence
from litmus.report import canvas
from litmus.report.phrases import number
from litmus.report.plot import Plot
from litmus.report.scene import Scene

Array = NDArray[np.float64]


def draw(scene: Scene) -> Figure:
    """Validation precision, recall and F1 (and cost) by decision threshold, with the one in use and the best one."""
    evidence = scene.evidence
    host = canvas.figure()
    ax = canvas.axes(host, "Decision threshold, on val", "threshold", "score")
    points = evidence.threshold_curve
    x = canvas.values([point.threshold for point in points])
    for i, name in enumerate(("precision", "recall", "f1")):
        y = canvas.values([getattr(point, name) for point in points])
        text = name if name != "f1" else "F1"
        ax.plot(x, y, color=canvas.COLOURS[i], linestyle=("-", "--", ":")[i], linewidth=1.8, label=text)
        here = x == (math.nan if evidence.task.threshold is None else evidence.task.threshold)
        ax.scatter(x[here], y[here], s=36, color=canvas.COLOURS[i], zorder=5)  # what the threshold in use comes to
    _cost(ax, x, canvas.values([point.cost for point in points]))
    prevalence = _prevalence(evidence)
    if prevalence is not None:
        text = f"share of positives: {prevalence:.2f}"
        ax.axhline(prevalence, color=canvas.FAINT, linestyle="-.", linewidth=1.2, label=text)
    _vertical(ax, evidence.task.threshold, "in use", "-")
    if evidence.threshold_best is not None and evidence.threshold_best != evidence.task.threshold:
        _vertical(ax, evidence.threshold_best, "best on val", (0, (1, 2)))
    ax.set(xlim=(0, 1), ylim=(-0.02, 1.02))
    canvas.legend(host)
    return host


def applies(scene: Scene) -> bool:
    """Whether thresholds were looked at."""
    return len(scene.evidence.threshold_curve) > 1


def _vertical(ax: Axes, x: float | None, text: str, style: str | tuple[int, tuple[int, int]]) -> None:
    if x is not None and math.isfinite(x):
        ax.axvline(x, color=canvas.INK, linestyle=style, linewidth=1.2, label=f"{text}: {number(x)}")


def _cost(ax: Axes, x: Array, cost: Array) -> None:
    if np.isfinite(cost).any():
        most = np.nanmax(cost) or 1.0
        text = f"cost / {number(float(most))}"
        ax.plot(x, cost / most, color=canvas.COLOURS[3], linestyle="-.", linewidth=1.8, label=text)


def _prevalence(evidence: Evidence) -> float | None:
    counts = evidence.data.class_counts.get("val", {})
    total = sum(counts.values())
    return counts.get(evidence.task.classes[1], 0) / total if total and len(evidence.task.classes) == 2 else None


def takeaway(scene: Scene) -> str:
    """What the threshold in use gives, and what the best one would."""
    evidence = scene.evidence
    cut, best = evidence.task.threshold, evidence.threshold_best
    points = [point for point in evidence.threshold_curve if point.f1 is not None]
    if cut is None or not points:
        return "F1 is undefined at every threshold."
    here = min(points, key=lambda point: abs(point.threshold - cut))
    gives = f"precision {number(here.precision)}, recall {number(here.recall)} and F1 {number(here.f1)}"
    text = f"On val, the threshold in use, {number(cut)}, gives {gives}"
    if best is None or best == cut:
        return f"{text}."
    there = min(points, key=lambda point: abs(point.threshold - best))
    return f"{text}; the best one, {number(best)}, gives F1 {number(there.f1)}."


PLOT = Plot(name="threshold", title="Decision threshold", order=90, draw=draw, applies=applies, takeaway=takeaway)
