"""True against false positive rate."""

import numpy as np
from matplotlib.figure import Figure

from litmus.report import canvas, rates
from litmus.report.plot import Plot
from litmus.report.scene import Scene


def draw(scene: Scene) -> Figure:
    """True against false positive rate; for several classes each against the rest, the hardest ones."""
    host = canvas.figure(5.0, 4.9)
    ax = canvas.axes(host, f"ROC on {rates.split(scene)}", "false positive rate", "true positive rate (recall)")
    ax.plot([0, 1], [0, 1], color=canvas.FAINT, linestyle="-.", linewidth=1.2, label="chance")
    curves = [(*rates.rates(hit, score), i) for i, hit, score in rates.one_against_rest(scene)]
    areas = [float(np.trapezoid(tpr, fpr)) for fpr, tpr, _, _ in curves]
    for rank, index in enumerate(np.argsort(areas, kind="stable")[: rates.MAX_CURVES]):
        fpr, tpr, _, i = curves[index]
        text = f"{rates.name(scene, i)}: area {areas[index]:.3f}"
        rates.stairs(ax, fpr, tpr, rank, text)
    rates.operating_point(ax, scene, "roc")
    rates.square(ax)
    canvas.legend(host, columns=2)
    return host


def applies(scene: Scene) -> bool:
    """Whether there are probabilities to rank by."""
    return rates.can_rank(scene)


def takeaway(scene: Scene) -> str:
    """The area of the positive class, or the class that is hardest to tell from the rest."""
    areas = {
        i: float(np.trapezoid(*reversed(rates.rates(hit, score)[:2])))
        for i, hit, score in rates.one_against_rest(scene)
    }
    worst = min(areas, key=lambda i: areas[i])
    name = rates.plain_name(scene, worst)
    if len(areas) == 1:
        share = f"{100 * areas[worst]:.1f} % of the pairs (AUROC {areas[worst]:.3f})"
        return f"A row of {name} is scored above another one in {share}."
    mean = sum(areas.values()) / len(areas)
    return f"The class {name} is hardest to tell from the rest: area {areas[worst]:.3f}, on average {mean:.3f}."


PLOT = Plot(name="roc", title="ROC", order=70, draw=draw, applies=applies, takeaway=takeaway)
