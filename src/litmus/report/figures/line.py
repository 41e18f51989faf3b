"""The fitted line over one input."""

from matplotlib.figure import Figure

from litmus.report import canvas
from litmus.report.phrases import clean
from litmus.report.plot import Plot
from litmus.report.scene import Scene, the_surface, thin
from litmus.task import kind_of
from litmus.verdict.wording import figure


def draw(scene: Scene) -> Figure:
    """The fitted line over one input, with the data."""
    surface = the_surface(scene)
    host = canvas.figure()
    target = canvas.label(scene.evidence.task.target)
    ax = canvas.axes(host, "Predictions against data", canvas.label(surface.names[0]), target)
    for split, points in surface.points.items():
        keep = thin(len(points.y))
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
            rasterized=len(keep) > canvas.HEAVY,
        )
    ax.plot(surface.grid[0], surface.output, color=canvas.INK, linewidth=2, label="model", zorder=0)
    canvas.legend(host, columns=4)
    return host


def applies(scene: Scene) -> bool:
    """Whether there is one input, and the target is a number."""
    one = scene.surface is not None and len(scene.surface.names) == 1
    return one and kind_of(scene.evidence.task.kind).numeric


def takeaway(scene: Scene) -> str:
    """From where to where the line goes."""
    surface = the_surface(scene)
    x, y = surface.grid[0], surface.output
    goes = "rises" if y[-1] > y[0] else "falls" if y[-1] < y[0] else "stays"
    ends = f"from {figure(float(y[0]))} to {figure(float(y[-1]))}"
    over = f"{clean(surface.names[0])} goes from {figure(float(x[0]))} to {figure(float(x[-1]))}"
    return f"The prediction {goes} {ends} while {over}."


PLOT = Plot(name="line", title="Predictions against data", order=40, draw=draw, applies=applies, takeaway=takeaway)
