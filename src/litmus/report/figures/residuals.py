"""Residuals over the columns on which the score rests most."""

from typing import Any, cast

import numpy as np
import polars as pl
from matplotlib.figure import Figure
from numpy.typing import NDArray

from litmus.report import canvas
from litmus.report.plot import Plot
from litmus.report.scene import Scene, thin
from litmus.task import kind_of
from litmus.verdict.wording import figure, name_from_data

MOST = 4
PARTS = 8  # of a column's range, with as many rows each
FEWEST = 20  # rows
LEVEL = 0.05  # of the test that a mean residual is none, divided by the number of parts (Bonferroni)


def draw(scene: Scene) -> Figure:
    """One panel a column: the residual of each scored row, and their mean over parts of the column's range."""
    names = _names(scene)
    across = 2 if len(names) > 1 else 1
    down = -(-len(names) // across)
    host = canvas.figure(4.2 * across + 0.4, 2.3 * down + 0.4)
    canvas.frame(host)
    host.subplots_adjust(wspace=0.32, hspace=0.75)
    left = _residuals(scene)
    look: dict[str, Any] = {"s": 10, "alpha": 0.4, "linewidth": 0, "color": canvas.SPLIT_COLOURS[scene.evidence.scored]}
    for place, ax in enumerate(host.subplots(down, across, squeeze=False).flat):
        if place >= len(names):
            ax.remove()
            continue
        canvas.dress(ax, canvas.label(names[place], 36), "", "true - predicted" if place % across == 0 else "")
        x = _values(scene, names[place])
        keep = thin(len(x))
        ax.scatter(x[keep], left[keep], rasterized=len(keep) > canvas.HEAVY, **look)
        at, mean, _ = _means(x, left)
        ax.plot(at, mean, "o-", color=canvas.COLOURS[1], markersize=4, label="mean of an eighth" if not place else "_")
        ax.axhline(0, color=canvas.FAINT, linestyle="-.", linewidth=1.4)
    canvas.legend(host)
    return host


def applies(scene: Scene) -> bool:
    """Whether numbers were predicted for rows of a table that are all at hand."""
    return bool(_names(scene))


def takeaway(scene: Scene) -> str:
    """Where predictions are most surely off on average, if they are anywhere (Student's t test of each part)."""
    left, found = _residuals(scene), []
    for name in _names(scene):
        for at, mean, chance in zip(*_means(_values(scene, name), left), strict=True):
            found.append((chance, name, at, mean))
    chance, name, at, mean = min(found, default=(1.0, "", 0.0, 0.0))
    if not found or chance * len(found) > LEVEL:
        return "Over no column shown are the predictions surely off in one direction."
    side = "low" if mean > 0 else "high"
    off = f"predictions are {figure(abs(mean))} too {side} on average"
    return f"Where {name_from_data(name)} is about {figure(float(at))}, {off}."


def _names(scene: Scene) -> list[str]:
    predicted, rows = scene.scored, scene.rows.get(scene.evidence.scored)
    if predicted is None or rows is None or not kind_of(scene.evidence.task.kind).numeric:
        return []
    if not isinstance(rows.inputs, pl.DataFrame) or len(_places(scene)) < FEWEST:
        return []
    if not np.isfinite(_residuals(scene)).all():  # of a training that broke
        return []
    frame, importance = rows.inputs, scene.evidence.importance
    ranked = sorted(frame.columns, key=lambda name: -((importance[name].value or 0.0) if name in importance else -1.0))
    return [name for name in ranked if frame[name].dtype.is_numeric() and frame[name].n_unique() >= PARTS][:MOST]


def _places(scene: Scene) -> NDArray[np.int64]:
    """Where each scored prediction's row stands among the rows at hand; those that are not at hand are left out."""
    predicted, rows = scene.scored, scene.rows[scene.evidence.scored]
    known = {int(number): place for place, number in enumerate(rows.numbers)}
    numbers = [] if predicted is None else predicted.rows.tolist()
    return np.array([known[number] for number in numbers if number in known], dtype=np.int64)


def _residuals(scene: Scene) -> NDArray[np.float64]:
    predicted, rows = scene.scored, scene.rows[scene.evidence.scored]
    if predicted is None:
        return np.array([])
    known = {int(number) for number in rows.numbers}
    keep = np.array([number in known for number in predicted.rows.tolist()])
    left: NDArray[np.float64] = (predicted.target.double() - predicted.pred.double()).numpy()[keep]
    return left


def _values(scene: Scene, name: str) -> NDArray[np.float64]:
    frame = cast("pl.DataFrame", scene.rows[scene.evidence.scored].inputs)
    values: NDArray[np.float64] = frame[name].cast(pl.Float64).to_numpy()[_places(scene)]
    return values


def _means(x: NDArray[np.float64], left: NDArray[np.float64]) -> tuple[list[float], list[float], list[float]]:
    """Of each part of the column's range with three rows or more: its middle, mean residual, and p-value of no mean."""
    from scipy import stats

    known = np.isfinite(x) & np.isfinite(left)
    order = np.argsort(x[known], kind="stable")
    parts = [part for part in np.array_split(order, PARTS) if len(part) > 2]
    x, left = x[known], left[known]
    middles = [float(np.median(x[part])) for part in parts]
    means = [float(left[part].mean()) for part in parts]
    chance = [float(stats.ttest_1samp(left[part], 0.0).pvalue) if left[part].std() > 0 else 1.0 for part in parts]
    return middles, means, chance


PLOT = Plot(name="residuals", title="Residuals by column", order=55, draw=draw, applies=applies, takeaway=takeaway)
