"""Figures of what the model says over its inputs, of numbers predicted, and of the model beside references."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from litmus.evidence import Estimate, Evidence, Reference
from litmus.report import canvas, phrases
from litmus.report.scene import Scene, Surface

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
MAX_NAMED = 8
HEAVY = 300  # points from which a picture is smaller than their outlines
Array = NDArray[np.float64]


def boundary(scene: Scene) -> Figure:
    """What the model decides over the plane of its two inputs, with the rows of train and of the held-out split."""
    surface = _surface(scene)
    splits = [split for split in ("train", scene.evidence.scored) if split in surface.points] or list(surface.points)
    host = canvas.figure(4.3 * len(splits) + 0.6, 4.7)
    panels = host.subplots(1, len(splits), sharex=True, sharey=True, squeeze=False, gridspec_kw={"wspace": 0.06})[0]
    for ax, split in zip(panels, splits, strict=True):
        canvas.dress(
            ax, split, canvas.label(surface.names[0]), canvas.label(surface.names[1]) if ax is panels[0] else ""
        )
        ax.grid(visible=False)
        _ground(ax, surface)
        _rows(ax, surface, split, scene.evidence)
    canvas.legend(host, columns=4)
    return host


def line(scene: Scene) -> Figure:
    """The fitted line over one input, with the data."""
    surface = _surface(scene)
    host = canvas.figure()
    target = canvas.label(scene.evidence.task.target)
    ax = canvas.axes(host, "Predictions against data", canvas.label(surface.names[0]), target)
    for split, points in surface.points.items():
        keep = canvas.thin(len(points.y))
        marker = {"train": "o", "val": "s", "test": "^"}.get(split, "o")
        colour = canvas.SPLIT_COLOURS.get(split, canvas.COLOURS[7])
        ax.scatter(
            points.x[keep, 0],
            points.y[keep],
            s=14,
            alpha=0.55,
            color=colour,
            marker=marker,
            label=split,
            lw=0,
            rasterized=len(keep) > HEAVY,
        )
    ax.plot(surface.grid[0], surface.output, color=canvas.INK, linewidth=2, label="model", zorder=0)
    canvas.legend(host, columns=4)
    return host


def predicted(scene: Scene) -> Figure:
    """Predicted against true values, and what is left over against what was predicted."""
    said = scene.scored
    if said is None:
        msg = "a regression's figure needs predictions"
        raise ValueError(msg)
    keep = canvas.thin(len(said.target))
    true, pred = (t.double().numpy()[keep] for t in (said.target, said.pred))
    finite = np.isfinite(pred)
    true, pred = true[finite], pred[finite]
    host = canvas.figure(9.0, 4.2)
    left, right = host.subplots(1, 2, gridspec_kw={"wspace": 0.28})
    target = canvas.label(scene.evidence.task.target, 20)
    part = f", {len(keep):,} of {len(said.target):,} rows" if len(keep) < len(said.target) else ""
    canvas.dress(left, f"Predicted against true, {said.split}{part}", f"true {target}", "predicted")
    canvas.dress(right, "Residuals", "predicted", "true - predicted")
    look: dict[str, Any] = {
        "s": 14,
        "alpha": 0.5,
        "color": canvas.SPLIT_COLOURS[said.split],
        "linewidth": 0,
        "rasterized": len(keep) > HEAVY,
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


def references(scene: Scene) -> Figure:
    """The model's primary score with its interval beside references, and the paired difference from each."""
    evidence = scene.evidence
    primary, split = evidence.task.primary, evidence.scored
    shown = [r for r in evidence.references if r.scores.get(split, {}).get(primary) is not None]
    names = ["this model", *(_reference_name(r) for r in shown)]
    host = canvas.figure(8.6, 1.3 + 0.4 * len(names))
    canvas.frame(host, left=max(map(canvas.inches, names)) + 0.3)
    left, right = host.subplots(1, 2, sharey=True, gridspec_kw={"wspace": 0.08})
    canvas.dress(left, f"{canvas.sentence(phrases.metric(primary))} on {split}", phrases.metric(primary))
    canvas.dress(right, "Model minus reference", f"difference of {phrases.metric(primary)}, 95 % interval")
    _model(left, evidence)
    for i, reference in enumerate(shown, start=1):
        left.plot([reference.scores[split][primary]], [i], "s", color=canvas.COLOURS[7], markersize=7)
        _difference(right, reference.difference.get(split), i)
    right.axvline(0, color=canvas.FAINT, linestyle="-.", linewidth=1.4)
    left.set_yticks(range(len(names)), names)
    left.set_ylim(len(names) - 0.4, -0.6)
    right.tick_params(labelleft=False)
    return host


def _surface(scene: Scene) -> Surface:
    if scene.surface is None:
        msg = "this figure needs the model's surface"
        raise ValueError(msg)
    return scene.surface


def _extent(surface: Surface) -> tuple[float, float, float, float]:
    x, y = surface.grid
    return float(x[0]), float(x[-1]), float(y[0]), float(y[-1])


def _ground(ax: Axes, surface: Surface) -> None:
    """Probability of class 1 in shades, or the winner's colour; for a regression the value."""
    how: dict[str, Any] = {"extent": _extent(surface), "origin": "lower", "aspect": "auto", "zorder": 0}
    how["interpolation"] = "none"  # the page keeps the grid's points, a quarter of the pixels that they cover
    output = surface.output
    if output.ndim == 2:
        ax.imshow(output, cmap="cividis", **how)
    elif output.shape[2] == 2:
        ax.imshow(output[..., 1], cmap=_two_colours(), vmin=0, vmax=1, alpha=0.55, **how)
        if (output[..., 1] > 0.5).any() and (output[..., 1] < 0.5).any():
            ax.contour(*surface.grid, output[..., 1], levels=[0.5], colors=[canvas.INK], linewidths=1.4)
    else:
        colours = ListedColormap([canvas.COLOURS[i % len(canvas.COLOURS)] for i in range(output.shape[2])])
        ax.imshow(output.argmax(2), cmap=colours, vmin=-0.5, vmax=output.shape[2] - 0.5, alpha=0.3, **how)


def _two_colours() -> ListedColormap:
    from matplotlib.colors import LinearSegmentedColormap

    map_ = LinearSegmentedColormap.from_list("classes", [canvas.COLOURS[0], "#ffffff", canvas.COLOURS[1]])
    return ListedColormap(map_(np.linspace(0, 1, 64)))


def _rows(ax: Axes, surface: Surface, split: str, evidence: Evidence) -> None:
    points = surface.points[split]
    keep = canvas.thin(len(points.y))
    x, y = points.x[keep], points.y[keep]
    if surface.output.ndim == 2:
        ax.scatter(x[:, 0], x[:, 1], c=y, cmap="cividis", s=16, edgecolor="white", linewidth=0.4)
        return
    for i, name in enumerate(evidence.task.classes):
        at = y == i
        text = canvas.label(name, 18) if i < MAX_NAMED else ""
        look: dict[str, Any] = {"color": canvas.COLOURS[i % len(canvas.COLOURS)], "marker": MARKERS[i % len(MARKERS)]}
        look |= {"rasterized": len(keep) > HEAVY}
        ax.scatter(x[at, 0], x[at, 1], s=16, edgecolor="white", linewidth=0.4, label=text or "_", **look)


def _model(ax: Axes, evidence: Evidence) -> None:
    score = evidence.scores.get(evidence.scored, {}).get(evidence.task.primary)
    if score is None or score.value is None:
        return
    low = score.value if score.low is None else score.low
    high = score.value if score.high is None else score.high
    bars = [[max(score.value - low, 0)], [max(high - score.value, 0)]]
    ax.errorbar([score.value], [0], xerr=bars, fmt="o", color=canvas.COLOURS[0], markersize=8, capsize=4, linewidth=1.8)


def _difference(ax: Axes, estimate: Estimate | None, i: int) -> None:
    if estimate is None or estimate.value is None:
        return
    low = estimate.value if estimate.low is None else estimate.low
    high = estimate.value if estimate.high is None else estimate.high
    colour = canvas.COLOURS[2] if low > 0 else (canvas.COLOURS[1] if high < 0 else canvas.COLOURS[7])
    bars = [[max(estimate.value - low, 0)], [max(high - estimate.value, 0)]]
    ax.errorbar([estimate.value], [i], xerr=bars, fmt="o", color=colour, markersize=6, capsize=4, linewidth=1.6)


def _reference_name(reference: Reference) -> str:
    return canvas.label(reference.name.replace("_", " "), 24)
