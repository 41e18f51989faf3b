"""The gradient of each layer by epoch."""

import numpy as np
from matplotlib.figure import Figure

from litmus.report import canvas
from litmus.report.curves import any_finite
from litmus.report.phrases import number
from litmus.report.plot import Plot
from litmus.report.scene import Scene, thin

MAX_LAYERS = 10


def draw(scene: Scene) -> Figure:
    """RMS gradient of each layer's weight against epochs, from the first layer (dark) to the last (light)."""
    evidence = scene.evidence
    host = canvas.figure()
    ax = canvas.axes(host, "Gradient by layer", "epoch", "RMS gradient")
    layers = [layer for layer in evidence.layers if layer.gradient]
    shown = [layers[i] for i in thin(len(layers), MAX_LAYERS)]
    curves = [canvas.values(layer.gradient) for layer in shown]
    for i, (layer, curve) in enumerate(zip(shown, curves, strict=True)):
        epochs = np.asarray(evidence.fit.recorded or range(len(curve)))[: len(curve)]
        ax.plot(
            epochs,
            np.where(curve > 0, curve, np.nan)[: len(epochs)],
            color=_depth(i, len(shown)),
            marker="o" if np.isfinite(curve).sum() < 8 else "",
            markersize=4,
            linewidth=1.6,
            label=canvas.label(layer.name, 20),
        )
    if any((curve > 0).any() for curve in curves):
        canvas.logarithmic(ax)
    canvas.whole_numbers(ax)
    canvas.legend(host, columns=4)
    return host


def applies(scene: Scene) -> bool:
    """Whether a layer has a finite gradient."""
    return any(any_finite(layer.gradient) for layer in scene.evidence.layers)


def _depth(i: int, n: int) -> tuple[float, float, float, float]:
    """Colours that can be seen on white and on black."""
    from matplotlib import colormaps

    colour: tuple[float, float, float, float] = colormaps["viridis"](0.3 + 0.48 * i / max(n - 1, 1))
    return colour


def takeaway(scene: Scene) -> str:
    """How the first layer's gradient compares with the last one's."""
    ends = [
        (layer.name, known[-1])
        for layer in scene.evidence.layers
        if (known := [g for g in layer.gradient if g is not None and np.isfinite(g) and g > 0])
    ]
    if len(ends) < 2:
        return f"The gradient of {ends[0][0]} is {number(ends[0][1])} at last." if ends else "No gradient is above 0."
    (first, of_first), (last, of_last) = ends[0], ends[-1]
    ratio = of_first / of_last
    how = "about as large as" if 0.5 <= ratio <= 2 else f"{ratio:.2g} times"
    return f"At last the gradient of the first layer, {first}, is {how} that of the last one, {last}."


PLOT = Plot(name="gradients", title="Gradient by layer", order=120, draw=draw, applies=applies, takeaway=takeaway)
