"""Predicted against true numbers, and the residuals."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from litmus.report import canvas
from litmus.report.plot import Plot
from litmus.report.scene import Scene, thin
from litmus.task import kind_of
from litmus.verdict.wording import figure


def draw(scene: Scene) -> Figure:
    """Predicted against true values, and what is left over against what was predicted."""
    predicted = scene.scored
    if predicted is None:
        msg = "a regression's figure needs predictions"
        raise ValueError(msg)
    keep = thin(len(predicted.target))
    true, pred = (t.double().numpy()[keep] for t in (predicted.target, predicted.pred))
    finite = np.isfinite(pred)
    true, pred = true[finite], pred[finite]
    host = canvas.figure(9.0, 4.2)
    left, right = host.subplots(1, 2, gridspec_kw={"wspace": 0.28})
    target = canvas.label(scene.evidence.task.target, 20)
    part = f", {len(keep):,} of {len(predicted.target):,} rows" if len(keep) < len(predicted.target) else ""
    canvas.dress(left, f"Predicted against true, {predicted.split}{part}", f"true {target}", "predicted")
    canvas.dress(right, "Residuals", "predicted", "true - predicted")
    look: dict[str, Any] = {
        "s": 14,
        "alpha": 0.5,
        "color": canvas.SPLIT_COLOURS[predicted.split],
        "linewidth": 0,
        "rasterized": len(keep) > canvas.HEAVY,
    }
    left.scatter(true, pred, **look)
    right.scatter(pred, true - pred, **look)
    if len(true):
        ends = [min(true.min(), pred.min()), max(true.max(), pred.max())]
        left.plot(ends, ends, color=canvas.FAINT, linestyle="-.", linewidth=1.4, label="perfect")
        left.axhline(float(true.mean()), color=canvas.FAINT, linestyle=":", linewidth=1.4, label="mean")
        left.legend(frameon=False, fontsize=9, labelcolor=canvas.INK)
    right.axhline(0, color=canvas.FAINT, linestyle="-.", linewidth=1.4)
    return host


def applies(scene: Scene) -> bool:
    """Whether a number was predicted."""
    predicted = scene.scored
    return kind_of(scene.evidence.task.kind).numeric and predicted is not None and bool(predicted.pred.isfinite().any())


def takeaway(scene: Scene) -> str:
    """How far off most predictions are, and to which side."""
    predicted = scene.scored
    if predicted is None:
        return ""
    left = (predicted.target.double() - predicted.pred.double()).numpy()
    left = left[np.isfinite(left)]
    half, most = np.quantile(np.abs(left), (0.5, 0.9))
    mean, spread = float(left.mean()), float(left.std()) / max(len(left), 1) ** 0.5
    side = (
        ""
        if abs(mean) <= 2 * spread
        else f"; on average they are {figure(abs(mean))} too {'low' if mean > 0 else 'high'}"
    )
    within = f"within {figure(float(half))} of the truth, nine in ten within {figure(float(most))}"
    return f"Half of the {predicted.split} predictions are {within}{side}."


PLOT = Plot(name="predicted", title="Predicted against true", order=50, draw=draw, applies=applies, takeaway=takeaway)
