"""Precision against recall."""

import numpy as np
from matplotlib.figure import Figure

from litmus.report import canvas, rates
from litmus.report.phrases import number
from litmus.report.plot import Plot
from litmus.report.scene import Scene
from litmus.task import kind_of


def draw(scene: Scene) -> Figure:
    """Precision against recall, with the threshold in use; the baseline is the positive class's share."""
    host = canvas.figure(5.0, 4.9)
    ax = canvas.axes(host, f"Precision and recall on {rates.split(scene)}", "recall", "precision")
    curves = []
    for i, hit, score in rates.one_against_rest(scene):
        tp, fp = rates.counts(hit, score)
        recall, precision = tp / hit.sum(), tp / (tp + fp)
        area = float(np.sum(np.diff(recall, prepend=0.0) * precision))
        curves.append((area, recall, precision, i))
        if kind_of(scene.evidence.task.kind).has_positive:
            share = hit.mean()
            text = f"baseline: share {share:.3f}"
            ax.axhline(share, color=canvas.FAINT, linestyle="-.", linewidth=1.2, label=text)
    for rank, (area, recall, precision, i) in enumerate(sorted(curves, key=lambda c: c[0])[: rates.MAX_CURVES]):
        text = f"{rates.name(scene, i)}: average {area:.3f}"
        rates.stairs(ax, np.r_[0.0, recall], np.r_[precision[:1], precision], rank, text)
    rates.operating_point(ax, scene, "precision_recall")
    rates.square(ax)
    canvas.legend(host, columns=2)
    return host


def applies(scene: Scene) -> bool:
    """Whether there are probabilities to rank by."""
    return rates.can_rank(scene)


def takeaway(scene: Scene) -> str:
    """The average precision beside the share of the class, for the class where it is lowest."""
    found = []
    for i, hit, score in rates.one_against_rest(scene):
        tp, fp = rates.counts(hit, score)
        found.append((float(np.sum(np.diff(tp / hit.sum(), prepend=0.0) * tp / (tp + fp))), float(hit.mean()), i))
    area, share, i = min(found)
    lowest = "" if len(found) == 1 else ", the lowest of all classes"
    name = rates.plain_name(scene, i)
    return f"Average precision of {name} is {number(area)}{lowest}; its share of the rows is {number(share)}."


PLOT = Plot(
    name="precision_recall", title="Precision and recall", order=80, draw=draw, applies=applies, takeaway=takeaway
)
