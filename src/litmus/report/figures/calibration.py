"""Observed shares against predicted probabilities."""

import numpy as np
from matplotlib.figure import Figure

from litmus.report import canvas, rates
from litmus.report.phrases import number
from litmus.report.plot import Plot
from litmus.report.scene import Scene
from litmus.statistics import wilson


def draw(scene: Scene) -> Figure:
    """Observed share against predicted probability; circles grow with the rows in a bin, bars are 95 % intervals."""
    facts = scene.evidence.calibration
    host = canvas.figure(5.0, 4.9)
    ax = canvas.axes(host, f"Calibration on {rates.split(scene)}", "predicted probability", "observed share")
    ax.plot([0, 1], [0, 1], color=canvas.FAINT, linestyle="-.", linewidth=1.2, label="perfectly calibrated")
    bins = [b for b in (facts.bins if facts else ()) if b[2] > 0]
    if bins:
        x, y, n = np.asarray(bins, dtype=np.float64).T
        bounds = [wilson(share * rows, rows) for share, rows in zip(y, n, strict=True)]
        low, high = np.array([(b.low, b.high) for b in bounds]).T
        ax.errorbar(x, y, yerr=(y - low, high - y), fmt="none", ecolor=canvas.COLOURS[0], alpha=0.5, linewidth=1.2)
        ax.scatter(
            x, y, s=15 + 150 * n / n.max(), color=canvas.COLOURS[0], alpha=0.8, linewidth=0, label="bins of rows"
        )
    if facts and facts.ece.value is not None:
        ax.plot([], [], " ", label=f"ECE {facts.ece.value:.3f}")
    rates.square(ax)
    canvas.legend(host)
    return host


def applies(scene: Scene) -> bool:
    """Whether there are bins of probabilities."""
    facts = scene.evidence.calibration
    return facts is not None and bool(facts.bins)


def takeaway(scene: Scene) -> str:
    """In which bin probabilities and shares are farthest apart, of those whose interval excludes the probability."""
    facts = scene.evidence.calibration
    bins = [b for b in (facts.bins if facts else ()) if b[2] > 0]
    off = [(abs(p - share), p, share, n) for p, share, n in bins if not _holds(p, share, n)]
    ece = f" (ECE {number(facts.ece.value)})" if facts and facts.ece.value is not None else ""
    if not off:
        return f"Predicted probabilities agree with observed shares in every bin{ece}."
    _, p, share, n = max(off)
    return f"Farthest off: of {n:,} rows predicted at {100 * p:.0f} % on average, {100 * share:.0f} % were hits{ece}."


def _holds(p: float, share: float, n: int) -> bool:
    bound = wilson(share * n, n)
    return bound.low <= p <= bound.high


PLOT = Plot(name="calibration", title="Calibration", order=100, draw=draw, applies=applies, takeaway=takeaway)
