"""The primary metric of train and val by epoch."""

from matplotlib.figure import Figure

from litmus.report import curves
from litmus.report.plot import Plot
from litmus.report.scene import Scene


def draw(scene: Scene) -> Figure:
    """The primary metric of train and val against epochs."""
    return curves.by_epoch(scene, scene.evidence.task.primary)


def applies(scene: Scene) -> bool:
    """Whether it has a finite value."""
    return curves.has(scene, scene.evidence.task.primary)


def takeaway(scene: Scene) -> str:
    """Where the metric of val is best, and what both are at the end."""
    return curves.story(scene, scene.evidence.task.primary)


PLOT = Plot(name="metric", title="Primary metric", order=20, draw=draw, applies=applies, takeaway=takeaway)
