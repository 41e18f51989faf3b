"""Training curves: what happened from epoch to epoch."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from litmus.evidence import Evidence
from litmus.metrics import lower_is_better
from litmus.report import canvas, phrases
from litmus.report.scene import Scene
from litmus.verdict.wording import metric as metric_in_words
from litmus.verdict.wording import points

SPLITS = ("train", "val")


def has(scene: Scene, name: str) -> bool:
    """Whether a metric has a finite value in some epoch."""
    return any(any_finite(scene.evidence.history.get(f"{split}/{name}", ())) for split in SPLITS)


def any_finite(values: Iterable[float | None]) -> bool:
    """Whether one of the values is a number."""
    return any(value is not None and math.isfinite(value) for value in values)


def by_epoch(scene: Scene, name: str) -> Figure:
    """One metric of train and val against epochs."""
    evidence = scene.evidence
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


def story(scene: Scene, name: str) -> str:
    """Where val is best, and what it and train are at the end, in a sentence."""
    evidence = scene.evidence
    train, val = (canvas.values(evidence.history.get(f"{split}/{name}", ())) for split in SPLITS)
    what = metric_in_words(name)
    if not np.isfinite(val).any():
        known = np.flatnonzero(np.isfinite(train))
        return f"On train, {what} is {points(name, float(train[known[-1]]))} in epoch {known[-1]}."
    best = int(np.nanargmin(val) if lower_is_better(name) else np.nanargmax(val))
    extreme = "lowest" if lower_is_better(name) else "highest"
    text = f"On val, {what} is {extreme} in epoch {best}: {points(name, float(val[best]))}"
    last = min(len(train), len(val)) - 1
    if last <= best or not (np.isfinite(train[last]) and np.isfinite(val[last])):
        there = (
            f", where train has {points(name, float(train[best]))}"
            if best < len(train) and np.isfinite(train[best])
            else ""
        )
        return f"{text}{there}."
    least, *ends = _apart(name, [float(val[best]), float(val[last]), float(train[last])])
    text = f"On val, {what} is {extreme} in epoch {best}: {least}"
    return f"{text}; in epoch {last}, the last, it is {' and on train '.join(ends)}."


def _apart(name: str, values: Sequence[float]) -> list[str]:
    """Values in words; where different ones would read alike, in as many digits as tell them apart, five at most."""
    texts = [points(name, value) for value in values]
    if len(set(texts)) == len(set(values)) or texts[0].endswith("%"):
        return texts
    for digits in (4, 5):
        texts = [f"{value:.{digits}g}" for value in values]
        if len(set(texts)) == len(set(values)):
            break
    return texts


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
