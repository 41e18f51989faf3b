"""With many classes: which are taken for which, and which of them fail most."""

import numpy as np
from matplotlib.figure import Figure

from litmus.report import canvas, takeaways
from litmus.report.plot import Plot
from litmus.report.scene import Scene
from litmus.statistics import wilson
from litmus.verdict.wording import name_from_data, percent

FEWEST_CLASSES = 10
MOST = 12


def draw(scene: Scene) -> Figure:
    """The pairs confused most often, and the classes of which most rows are lost, with their recall."""
    evidence = scene.evidence
    split, matrix = takeaways.matrix_of(evidence)
    pairs = takeaways.confused_pairs(evidence)[:MOST]
    classes = evidence.task.classes
    left_names = [f"{canvas.label(classes[p.true], 16)} → {canvas.label(classes[p.predicted], 16)}" for p in pairs]
    worst = _by_harm(matrix)[:MOST]
    right_names = [canvas.label(classes[i], 18) for i in worst]
    wide = [max(map(canvas.inches, names)) + 0.25 for names in (left_names, right_names)]
    width, height = 7.0 + sum(wide), 1.1 + 0.3 * max(len(pairs), len(worst))
    host = canvas.figure(width, height)
    room = (width - sum(wide) - 0.5) / 2
    low, tall = 0.54 / height, 1 - (0.54 + 0.38) / height
    left = host.add_axes((wide[0] / width, low, room / width, tall))
    right = host.add_axes(((wide[0] + room + 0.3 + wide[1]) / width, low, room / width, tall))
    canvas.dress(left, f"Taken for another, {split}", "rows: true → predicted")
    left.barh(range(len(pairs)), [p.count for p in pairs], color=canvas.COLOURS[1], alpha=0.6, height=0.6)
    for i, p in enumerate(pairs):
        left.annotate(
            percent(p.share),
            (p.count, i),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=canvas.INK,
        )
    left.set_xlim(0, 1.18 * max((p.count for p in pairs), default=1))
    canvas.whole_numbers(left)
    canvas.dress(right, "Classes that lose most rows", "recall, 95 % interval")
    for i, code in enumerate(worst):
        n, hit = int(matrix[code].sum()), int(matrix[code, code])
        bound = wilson(hit, n)
        value = hit / n
        bars = [[max(value - bound.low, 0)], [max(bound.high - value, 0)]]
        right.errorbar([value], [i], xerr=bars, fmt="o", color=canvas.COLOURS[0], markersize=6, capsize=3, lw=1.6)
    right.set_xlim(-0.02, 1.02)
    for ax, names in ((left, left_names), (right, right_names)):
        ax.set_yticks(range(len(names)), names, fontsize=9)
        ax.set_ylim(max(len(names), 1) - 0.4, -0.6)
    return host


def applies(scene: Scene) -> bool:
    """Whether there are many classes, and some row is taken for another."""
    evidence = scene.evidence
    many = len(evidence.task.classes) >= FEWEST_CLASSES and any(map(len, evidence.confusion.values()))
    return many and bool(takeaways.confused_pairs(evidence))


def takeaway(scene: Scene) -> str:
    """How much of all errors the first pairs make up, and the class that loses most."""
    evidence = scene.evidence
    _, matrix = takeaways.matrix_of(evidence)
    pairs = takeaways.confused_pairs(evidence)
    wrong = sum(pair.count for pair in pairs)
    few = min(3, len(pairs))
    share = percent(sum(pair.count for pair in pairs[:few]) / wrong)
    worst = _by_harm(matrix)[0]
    lost, n = int(matrix[worst].sum() - matrix[worst, worst]), int(matrix[worst].sum())
    first = f"{few} of {len(pairs)} pairs make up {share} of {wrong:,} errors"
    return f"{first}; most rows are lost of {name_from_data(evidence.task.classes[worst])}, {lost:,} of {n:,}."


def _by_harm(matrix: np.ndarray) -> list[int]:
    """Classes by the rows that they lose, the most first; those without rows are left out."""
    totals = matrix.sum(1)
    lost = totals - np.diag(matrix)
    return [int(i) for i in np.argsort(-lost, kind="stable") if totals[i] and lost[i]]


PLOT = Plot(name="pairs", title="Confused pairs", order=65, draw=draw, applies=applies, takeaway=takeaway)
