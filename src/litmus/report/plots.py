"""The list of figures: to add one, write a function from `Scene` to `Figure` and name it here."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import final

from matplotlib.figure import Figure

from litmus.report import canvas, curves, decisions, fits
from litmus.report.scene import Scene


@final
@dataclass(frozen=True)
class Plot:
    """One kind of figure.

    Args:
        name: As in TensorBoard's tag and the page's anchor.
        title: The page's heading.
        draw: From a scene that it applies to.
        applies: Whether the scene holds what it draws.
    """

    name: str
    title: str
    draw: Callable[[Scene], Figure]
    applies: Callable[[Scene], bool]


def _curve(name: str) -> Callable[[Scene], bool]:
    return lambda scene: any(_any_finite(scene.evidence.history.get(f"{split}/{name}", ())) for split in curves.SPLITS)


def _any_finite(values: Iterable[float | None]) -> bool:
    return any(value is not None and math.isfinite(value) for value in values)


def _primary_curve(scene: Scene) -> bool:
    return _curve(scene.evidence.task.primary)(scene)


def _confusion(scene: Scene) -> bool:
    return any(map(len, scene.evidence.confusion.values())) and len(scene.evidence.task.classes) > 1


def _probabilities(scene: Scene) -> bool:
    said = scene.scored
    return said is not None and said.prob is not None and len(said.target.unique()) > 1


def _regression(scene: Scene) -> bool:
    said = scene.scored
    return scene.evidence.task.kind == "regression" and said is not None and bool(said.pred.isfinite().any())


def _inputs(count: int) -> Callable[[Scene], bool]:
    return lambda scene: scene.surface is not None and len(scene.surface.names) == count


def _line(scene: Scene) -> bool:
    return _inputs(1)(scene) and scene.evidence.task.kind == "regression"


def _references(scene: Scene) -> bool:
    evidence = scene.evidence
    return any(r.scores.get(evidence.scored, {}).get(evidence.task.primary) is not None for r in evidence.references)


def _gradients(scene: Scene) -> bool:
    return any(_any_finite(layer.gradient) for layer in scene.evidence.layers)


FIGURES = (
    Plot("loss", "Loss", curves.loss, _curve("loss")),
    Plot("metric", "Primary metric", curves.metric, _primary_curve),
    Plot("boundary", "Decision boundary", fits.boundary, _inputs(2)),
    Plot("line", "Predictions against data", fits.line, _line),
    Plot("predicted", "Predicted against true", fits.predicted, _regression),
    Plot("confusion", "Confusion matrix", decisions.confusion, _confusion),
    Plot("roc", "ROC", decisions.roc, _probabilities),
    Plot("precision_recall", "Precision and recall", decisions.precision_recall, _probabilities),
    Plot("threshold", "Decision threshold", decisions.threshold, lambda s: len(s.evidence.threshold_curve) > 1),
    Plot(
        "calibration",
        "Calibration",
        decisions.calibration,
        lambda s: bool(s.evidence.calibration and s.evidence.calibration.bins),
    ),
    Plot("references", "Beside reference models", fits.references, _references),
    Plot("gradients", "Gradient by layer", curves.gradients, _gradients),
)


def draw(scene: Scene) -> Iterator[tuple[Plot, Figure]]:
    """Each figure that applies, drawn when it is asked for."""
    for plot in FIGURES:
        if plot.applies(scene):
            yield plot, plot.draw(scene)


__all__ = ["FIGURES", "Plot", "Scene", "canvas", "draw"]
