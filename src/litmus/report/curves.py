"""Figures of training: what happened from epoch to epoch."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from litmus.evidence import Evidence
from litmus.report import canvas, phrases
from litmus.report.scene import Scene

SPLITS = ("train", "val")
MAX_LAYERS = 10


def loss(scene: Scene) -> Figure:
    """Train against validation loss, with the epoch whose weights are used and where early stopping struck."""
    return metric(scene, "loss")


def metric(scene: Scene, name: str | None = None) -> Figure:
    """One metric of train and val against epochs; by default the primary one."""
    evidence = scene.evidence
    name = name or evidence.task.primary
    host = canvas.figure()
    ax = canvas.axes(host, f"{canvas.sentence(phrases.metric(name))} by epoch", "epoch", phrases.metric(name))
    curves = {split: canvas.values(evidence.history.get(f"{split}/{name}", ())) for split in SPLITS}
    for split, curve in curves.items():
        if len(curve):
            _line(ax, np.arange(len(curve)), curve, split)
    if name == "loss":
        canvas.log_if_wide(ax, *curves.values())
        _chance(ax, evidence)
    if name == "r2":
        _cut_below(ax, -1.0)
    _marks(ax, evidence)
    canvas.whole_numbers(ax)
    canvas.legend(host, columns=4)
    return host


def gradients(scene: Scene) -> Figure:
    """RMS gradient of each layer's weight against epochs, from the first layer (dark) to the last (light)."""
    evidence = scene.evidence
    host = canvas.figure()
    ax = canvas.axes(host, "Gradient by layer", "epoch", "RMS gradient")
    layers = [layer for layer in evidence.layers if layer.gradient]
    shown = [layers[i] for i in canvas.thin(len(layers), MAX_LAYERS)]
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


def _line(ax: Axes, x: np.ndarray, y: np.ndarray, split: str) -> None:
    marker = "o" if np.isfinite(y).sum() < 3 else ""
    colour, style = canvas.SPLIT_COLOURS[split], canvas.SPLIT_STYLES[split]
    ax.plot(x, y, label=split, color=colour, linestyle=style, linewidth=1.8, marker=marker, markersize=5)


def _chance(ax: Axes, evidence: Evidence) -> None:
    """The loss of the best constant output, where it lies on the chart or close to it."""
    chance = evidence.fit.chance_loss
    low, high = ax.get_ylim()
    if chance is not None and low - (high - low) <= chance <= high + (high - low):
        ax.axhline(chance, color=canvas.FAINT, linestyle="-.", linewidth=1.2, label="best constant output")


def _cut_below(ax: Axes, floor: float) -> None:
    """Leaves out what lies far below, and what R² cannot reach: the first epochs' may be any negative number."""
    low, high = ax.get_ylim()
    if low < floor < high:
        ax.set_ylim(floor, min(max(high, 0.0), 1.05))
        ax.set_ylabel(f"{ax.get_ylabel()}, from {floor:g} up")


def _marks(ax: Axes, evidence: Evidence) -> None:
    fit = evidence.fit
    if fit.best_epoch is not None:
        text = f"weights in use: epoch {fit.best_epoch}"
        ax.axvline(fit.best_epoch, color=canvas.COLOURS[2], linestyle=(0, (4, 2)), linewidth=1.2, label=text)
    if fit.stopped_early:
        last = max(fit.epochs - 1, 0)
        text = f"stopped early: epoch {last}"
        ax.axvline(last, color=canvas.COLOURS[3], linestyle=(0, (1, 1)), linewidth=1.6, label=text)
    if fit.non_finite is not None:
        text = f"not finite: epoch {fit.non_finite.epoch}"
        ax.axvline(fit.non_finite.epoch, color=canvas.INK, linestyle=(0, (1, 2)), linewidth=1.6, label=text)


def _depth(i: int, n: int) -> tuple[float, float, float, float]:
    from matplotlib import colormaps

    colour: tuple[float, float, float, float] = colormaps["viridis"](0.85 * i / max(n - 1, 1))
    return colour
