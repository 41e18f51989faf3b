"""Rows on which the model does clearly worse than on all others."""

from typing import Any

from matplotlib.figure import Figure

from litmus.evidence import Segment
from litmus.report import canvas, phrases
from litmus.report.plot import Plot
from litmus.report.scene import Scene
from litmus.statistics import wilson
from litmus.verdict.wording import metric, name_from_data, points

MOST = 10


def draw(scene: Scene) -> Figure:
    """The score inside each segment, with the interval of a share, and outside it."""
    segments = scene.evidence.segments[:MOST]
    lines = [
        (canvas.label(segment.where, 30), f"{phrases.metric(segment.metric)}, {segment.n:,} rows")
        for segment in segments
    ]
    names = ["\n".join(pair) for pair in lines]
    left = max(canvas.inches(text) for pair in lines for text in pair) + 0.3
    host = canvas.figure(max(canvas.WIDTH, left + 3.0), 1.1 + 0.42 * len(names))
    canvas.frame(host, left=left)
    ax = canvas.axes(host, f"Weak segments, {scene.evidence.scored}", "score")
    for i, segment in enumerate(segments):
        bounds = _bounds(segment)
        bars = None if bounds is None else [[segment.value - bounds[0]], [bounds[1] - segment.value]]
        first = i == 0
        look: dict[str, Any] = {"color": canvas.COLOURS[1], "markersize": 7, "capsize": 3, "lw": 1.6}
        ax.errorbar(
            [segment.value], [i], xerr=bars, fmt="o", label="these rows, 95 % interval" if first else "_", **look
        )
        ax.plot([segment.rest], [i], "s", color=canvas.COLOURS[0], markersize=6, label="all others" if first else "_")
    if all(segment.metric != "mae" for segment in segments):
        ax.set_xlim(-0.02, 1.02)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    canvas.legend(host)
    return host


def applies(scene: Scene) -> bool:
    """Whether there is a weak segment."""
    return bool(scene.evidence.segments)


def takeaway(scene: Scene) -> str:
    """The weakest segment."""
    one = scene.evidence.segments[0]
    value, rest = points(one.metric, one.value), points(one.metric, one.rest)
    return f"Where {name_from_data(one.where)}, {metric(one.metric)} is {value} on {one.n:,} rows; elsewhere {rest}."


def _bounds(segment: Segment) -> tuple[float, float] | None:
    """Of a share; the rows of a recall are those of the positive class. None for errors."""
    if segment.metric == "mae":
        return None
    bound = wilson(segment.value * segment.n, segment.n)
    return min(bound.low, segment.value), max(bound.high, segment.value)


PLOT = Plot(name="segments", title="Weak segments", order=64, draw=draw, applies=applies, takeaway=takeaway)
