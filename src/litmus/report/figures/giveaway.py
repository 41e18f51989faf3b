"""The columns that nearly give the target, over what they give."""

from typing import Any, cast

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from litmus.data.columns.kinds import count_levels
from litmus.report import canvas
from litmus.report.figures import columns
from litmus.report.plot import Plot
from litmus.report.scene import Scene, thin
from litmus.task import kind_of
from litmus.verdict.wording import metric, name_from_data, points

MOST = 4
MOST_CLASSES = 4


def draw(scene: Scene) -> Figure:
    """One panel a column: its values in the rows of each class, or against the number to predict, in train."""
    names = _names(scene)
    across = 2 if len(names) > 1 else 1
    down = -(-len(names) // across)
    host = canvas.figure(4.2 * across + 0.4, 2.2 * down + 0.5)
    canvas.frame(host, left=0.65)
    host.subplots_adjust(wspace=0.25, hspace=0.75)
    for place, ax in enumerate(host.subplots(down, across, squeeze=False).flat):
        if place >= len(names):
            ax.remove()
            continue
        canvas.dress(ax, canvas.label(names[place], 36))
        _panel(ax, scene, names[place], first=place == 0)
    if not kind_of(scene.evidence.task.kind).numeric:
        canvas.legend(host)
    return host


def applies(scene: Scene) -> bool:
    """Whether the data checks have named a column that gives the target nearly alone, and its rows are at hand."""
    return bool(_names(scene))


def takeaway(scene: Scene) -> str:
    """How far the first of them leads alone."""
    leak = next(leak for leak in scene.evidence.data.leaks if leak.column == _names(scene)[0])
    name = scene.evidence.task.primary
    other = leak.next_column
    beside = "" if other is None else f", {name_from_data(other)} alone {points(name, leak.next_best)}"
    return f"The column {name_from_data(leak.column)} alone gives {metric(name)} {points(name, leak.score)}{beside}."


def _names(scene: Scene) -> list[str]:
    train = scene.rows.get("train")
    if train is None or not isinstance(train.inputs, pl.DataFrame) or train.target is None:
        return []
    frame = train.inputs
    named = [leak.column for leak in scene.evidence.data.leaks if leak.column in frame.columns]
    return [name for name in dict.fromkeys(named) if columns.can_show(frame[name])][:MOST]


def _panel(ax: Axes, scene: Scene, name: str, *, first: bool) -> None:
    train = scene.rows["train"]
    series, target = cast("pl.DataFrame", train.inputs)[name], pl.Series(train.target)
    if kind_of(scene.evidence.task.kind).numeric and series.dtype.is_numeric():
        keep = thin(len(series), 600)
        look: dict[str, Any] = {"s": 8, "alpha": 0.5, "linewidth": 0, "color": canvas.SPLIT_COLOURS["train"]}
        ax.scatter(series.cast(pl.Float64).to_numpy()[keep], target.cast(pl.Float64).to_numpy()[keep], **look)
        ax.set_ylabel(canvas.label(scene.evidence.task.target, 20))
        return
    classes = [*scene.evidence.task.classes[:MOST_CLASSES]]
    groups = {label: series.filter(target.cast(pl.String) == label).drop_nulls() for label in classes}
    if series.dtype.is_numeric():
        numbers = {label: part.cast(pl.Float64).to_numpy() for label, part in groups.items()}
        edges = columns.edges_of(np.concatenate(list(numbers.values())))
        for i, (label, values) in enumerate(numbers.items()):
            share = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0] / max(len(values), 1)
            text = canvas.label(label, 18) if first else "_"
            ax.stairs(share, edges, fill=i == 0, alpha=0.4 if i == 0 else 1, color=canvas.COLOURS[i], label=text)
    else:
        levels = count_levels(series.cast(pl.String).drop_nulls())["level"].to_list()[: columns.LEVELS]
        for i, (label, part) in enumerate(groups.items()):
            share = np.array([(part.cast(pl.String) == level).sum() for level in levels]) / max(len(part), 1)
            at = np.arange(len(levels)) + (i - (len(groups) - 1) / 2) * 0.8 / len(groups)
            bars: dict[str, Any] = {"width": 0.76 / len(groups), "alpha": 0.7, "color": canvas.COLOURS[i]}
            ax.bar(at, share, label=canvas.label(label, 18) if first else "_", **bars)
        ax.set_xticks(range(len(levels)), [canvas.label(level, 12) for level in levels], fontsize=8)
    ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")


PLOT = Plot(
    name="giveaway",
    title="Columns that nearly give the target",
    order=132,
    findings=("target_leakage",),
    draw=draw,
    applies=applies,
    takeaway=takeaway,
)
