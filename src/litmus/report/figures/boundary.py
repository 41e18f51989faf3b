"""What the model decides over the plane of its two inputs."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from litmus.evidence import Evidence
from litmus.report import canvas, takeaways
from litmus.report.phrases import clean
from litmus.report.plot import Plot
from litmus.report.scene import Scene, Surface, the_surface, thin

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
MAX_NAMED = 8


def draw(scene: Scene) -> Figure:
    """What the model decides over the plane of its two inputs, with the rows of train and of the held-out split."""
    surface = the_surface(scene)
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


def applies(scene: Scene) -> bool:
    """Whether there are two inputs."""
    return scene.surface is not None and len(scene.surface.names) == 2


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
    keep = thin(len(points.y))
    x, y = points.x[keep], points.y[keep]
    if surface.output.ndim == 2:
        ax.scatter(x[:, 0], x[:, 1], c=y, cmap="cividis", s=16, edgecolor="white", linewidth=0.4)
        return
    for i, name in enumerate(evidence.task.classes):
        at = y == i
        text = canvas.label(name, 18) if i < MAX_NAMED else ""
        look: dict[str, Any] = {"color": canvas.COLOURS[i % len(canvas.COLOURS)], "marker": MARKERS[i % len(MARKERS)]}
        look |= {"rasterized": len(keep) > canvas.HEAVY}
        ax.scatter(x[at, 0], x[at, 1], s=16, edgecolor="white", linewidth=0.4, label=text or "_", **look)


def takeaway(scene: Scene) -> str:
    """How many of the rows shown are decided wrongly."""
    names = the_surface(scene).names
    return f"Over {clean(names[0])} and {clean(names[1])}: {takeaways.share_wrong(scene)}"


PLOT = Plot(name="boundary", title="Decision boundary", order=30, draw=draw, applies=applies, takeaway=takeaway)
