"""Loss of train and val by epoch."""

from matplotlib.figure import Figure

from litmus.report import curves
from litmus.report.plot import Plot
from litmus.report.scene import Scene


def draw(scene: Scene) -> Figure:
    """Train against validation loss, with the epoch whose weights are used and where early stopping struck."""
    return curves.by_epoch(scene, "loss")


def applies(scene: Scene) -> bool:
    """Whether there is a finite loss."""
    return curves.has(scene, "loss")


def takeaway(scene: Scene) -> str:
    """Where the loss of val is lowest, and what both are at the end."""
    return curves.story(scene, "loss")


PLOT = Plot(name="loss", title="Loss", order=10, draw=draw, applies=applies, takeaway=takeaway)
