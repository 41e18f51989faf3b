"""How predictions go with a column: what the model would say on average if all rows had this or that value."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from litmus.report import canvas
from litmus.report.plot import Plot
from litmus.report.scene import Array, Dependence, Scene
from litmus.task import kind_of
from litmus.verdict.wording import figure, name_from_data, percent

MOST_CLASSES = 6


def draw(scene: Scene) -> Figure:
    """One panel a column, all of one height: the mean prediction, or the mean probability of each class."""
    shown, task = scene.dependence, scene.evidence.task
    columns = min(2, len(shown))
    lines = -(-len(shown) // columns)
    host = canvas.figure(4.2 * columns + 0.6, 2.9 * lines + 0.3)
    canvas.frame(host, left=0.8)
    host.subplots_adjust(wspace=0.16, hspace=0.55)
    panels = host.subplots(lines, columns, sharey=True, squeeze=False)
    codes = _codes(scene)
    for place, ax in enumerate(panels.flat):
        if place >= len(shown):
            ax.set_visible(False)
            continue
        one = shown[place]
        canvas.dress(ax, "", canvas.label(one.name, 30), _what(scene) if place % columns == 0 else "")
        for rank, code in enumerate(codes):
            name = "" if len(codes) == 1 else canvas.label(task.classes[code], 18)
            _line(ax, one, _output(one, code), rank, name if place == 0 else "")
    if len(codes) > 1:
        canvas.legend(host, columns=4)
    return host


def applies(scene: Scene) -> bool:
    """Whether the model was asked."""
    return bool(scene.dependence)


def takeaway(scene: Scene) -> str:
    """How far the prediction moves over the first column, and between which of its values."""
    one = scene.dependence[0]
    codes = _codes(scene)
    moves = {code: float(np.ptp(_output(one, code))) for code in codes}
    code = max(moves, key=lambda c: moves[c])
    output = _output(one, code)
    low, high = int(output.argmin()), int(output.argmax())
    at = [v if isinstance(v, str) else figure(float(v)) for v in (one.values[low], one.values[high])]
    what, shown = "the mean prediction", [figure(float(output[place])) for place in (low, high)]
    if kind_of(scene.evidence.task.kind).classes != (0, 0):
        what = f"the mean probability of {name_from_data(scene.evidence.task.classes[code])}"
        shown = [percent(float(output[place])) for place in (low, high)]
    ends = f"from {shown[0]} at {at[0]} to {shown[1]} at {at[1]}"
    return f"Over {name_from_data(one.name)}, {what} goes {ends}, all other columns as they are."


def _codes(scene: Scene) -> list[int]:
    kind = kind_of(scene.evidence.task.kind)
    if kind.numeric:
        return [0]
    return [1] if kind.has_positive else list(range(len(scene.evidence.task.classes)))[:MOST_CLASSES]


def _what(scene: Scene) -> str:
    kind = kind_of(scene.evidence.task.kind)
    if kind.numeric:
        return f"mean {canvas.label(scene.evidence.task.target, 20)}"
    return f"mean P({canvas.label(scene.evidence.task.classes[1], 16)})" if kind.has_positive else "mean probability"


def _output(dependence: Dependence, code: int) -> Array:
    return dependence.output if dependence.output.ndim == 1 else dependence.output[:, code]


def _line(ax: Axes, dependence: Dependence, output: Array, rank: int, name: str) -> None:
    colour, label = canvas.COLOURS[rank % len(canvas.COLOURS)], name or "_"
    if isinstance(dependence.values, tuple):
        names = [canvas.label(value, 12) for value in dependence.values]
        ax.plot(range(len(names)), output, "o", color=colour, markersize=7, label=label)
        ax.set_xticks(range(len(names)), names, fontsize=8, rotation=0 if sum(map(len, names)) < 40 else 25)
    else:
        style = ("-", "--", ":", "-.")[rank % 4]
        ax.plot(dependence.values, output, color=colour, linestyle=style, linewidth=1.8, label=label)


PLOT = Plot(name="dependence", title="Partial dependence", order=63, draw=draw, applies=applies, takeaway=takeaway)
