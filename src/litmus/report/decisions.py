"""Figures of a classifier's decisions: what it confuses, and what another threshold would do."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from litmus.evidence import Evidence
from litmus.report import canvas
from litmus.report.phrases import number
from litmus.report.scene import Scene
from litmus.statistics import wilson

MAX_CLASSES = 30
MAX_CURVES = 8
Array = NDArray[np.float64]


def confusion(scene: Scene) -> Figure:
    """Counts and shares of each true class; with more than 30 classes those with the most errors."""
    evidence = scene.evidence
    split = evidence.scored if evidence.scored in evidence.confusion else next(iter(evidence.confusion))
    matrix = np.asarray(evidence.confusion[split], dtype=np.float64)
    shown = _most_confused(matrix)
    names = [canvas.label(evidence.task.classes[i], 16) for i in shown]
    totals = matrix.sum(1, keepdims=True)[shown]
    shares = np.divide(matrix[np.ix_(shown, shown)], totals, out=np.zeros((len(shown),) * 2), where=totals > 0)
    limited = f", {len(shown)} of {len(matrix)} classes" if len(shown) < len(matrix) else ""
    host, ax, bar, tilt = _grid(names)
    canvas.dress(ax, f"Confusion on {split}{limited}", "predicted", "true")
    ax.grid(visible=False)
    image = ax.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto", interpolation="none")
    _cells(ax, matrix[np.ix_(shown, shown)], shares)
    host.colorbar(image, cax=bar, label="share of the true class")
    bar.yaxis.label.set_color(canvas.INK)
    bar.tick_params(colors=canvas.INK, labelsize=8)
    bar.set_yticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
    _ticks(ax, names, tilt)
    return host


def roc(scene: Scene) -> Figure:
    """True against false positive rate; for several classes each against the rest, the hardest ones."""
    host = canvas.figure(5.0, 4.9)
    ax = canvas.axes(host, f"ROC on {_split(scene)}", "false positive rate", "true positive rate (recall)")
    ax.plot([0, 1], [0, 1], color=canvas.FAINT, linestyle="-.", linewidth=1.2, label="chance")
    curves = [(*_rates(hit, score), i) for i, hit, score in _one_against_rest(scene)]
    areas = [float(np.trapezoid(tpr, fpr)) for fpr, tpr, _, _ in curves]
    for rank, index in enumerate(np.argsort(areas, kind="stable")[:MAX_CURVES]):
        fpr, tpr, _, i = curves[index]
        text = f"{_name(scene, i)}: area {areas[index]:.3f}"
        _stairs(ax, fpr, tpr, rank, text)
    _operating_point(ax, scene, "roc")
    _square(ax)
    canvas.legend(host, columns=2)
    return host


def precision_recall(scene: Scene) -> Figure:
    """Precision against recall, with the threshold in use; the baseline is the positive class's share."""
    host = canvas.figure(5.0, 4.9)
    ax = canvas.axes(host, f"Precision and recall on {_split(scene)}", "recall", "precision")
    curves = []
    for i, hit, score in _one_against_rest(scene):
        tp, fp = _counts(hit, score)
        recall, precision = tp / hit.sum(), tp / (tp + fp)
        area = float(np.sum(np.diff(recall, prepend=0.0) * precision))
        curves.append((area, recall, precision, i))
        if scene.evidence.task.kind == "binary":
            share = hit.mean()
            text = f"baseline: share {share:.3f}"
            ax.axhline(share, color=canvas.FAINT, linestyle="-.", linewidth=1.2, label=text)
    for rank, (area, recall, precision, i) in enumerate(sorted(curves, key=lambda c: c[0])[:MAX_CURVES]):
        text = f"{_name(scene, i)}: average {area:.3f}"
        _stairs(ax, np.r_[0.0, recall], np.r_[precision[:1], precision], rank, text)
    _operating_point(ax, scene, "precision_recall")
    _square(ax)
    canvas.legend(host, columns=2)
    return host


def threshold(scene: Scene) -> Figure:
    """Validation precision, recall and F1 (and cost) by decision threshold, with the one in use and the best one."""
    evidence = scene.evidence
    host = canvas.figure()
    ax = canvas.axes(host, "Decision threshold, on val", "threshold", "score")
    points = evidence.threshold_curve
    x = canvas.values([point.threshold for point in points])
    for i, name in enumerate(("precision", "recall", "f1")):
        y = canvas.values([getattr(point, name) for point in points])
        text = name if name != "f1" else "F1"
        ax.plot(x, y, color=canvas.COLOURS[i], linestyle=("-", "--", ":")[i], linewidth=1.8, label=text)
    _cost(ax, x, canvas.values([point.cost for point in points]))
    prevalence = _prevalence(evidence)
    if prevalence is not None:
        text = f"share of positives: {prevalence:.2f}"
        ax.axhline(prevalence, color=canvas.FAINT, linestyle="-.", linewidth=1.2, label=text)
    _vertical(ax, evidence.task.threshold, "in use", "-")
    if evidence.threshold_best is not None and evidence.threshold_best != evidence.task.threshold:
        _vertical(ax, evidence.threshold_best, "best on val", (0, (1, 2)))
    ax.set(xlim=(0, 1), ylim=(-0.02, 1.02))
    canvas.legend(host)
    return host


def calibration(scene: Scene) -> Figure:
    """Observed share against predicted probability; circles grow with the rows in a bin, bars are 95 % intervals."""
    facts = scene.evidence.calibration
    host = canvas.figure(5.0, 4.9)
    ax = canvas.axes(host, f"Calibration on {_split(scene)}", "predicted probability", "observed share")
    ax.plot([0, 1], [0, 1], color=canvas.FAINT, linestyle="-.", linewidth=1.2, label="perfectly calibrated")
    bins = [b for b in (facts.bins if facts else ()) if b[2] > 0]
    if bins:
        x, y, n = np.asarray(bins, dtype=np.float64).T
        bounds = [wilson(share * rows, rows) for share, rows in zip(y, n, strict=True)]
        low, high = np.array([(b.low, b.high) for b in bounds]).T
        ax.errorbar(x, y, yerr=(y - low, high - y), fmt="none", ecolor=canvas.COLOURS[0], alpha=0.5, linewidth=1.2)
        ax.scatter(
            x, y, s=15 + 150 * n / n.max(), color=canvas.COLOURS[0], alpha=0.8, linewidth=0, label="bins of rows"
        )
    if facts and facts.ece.value is not None:
        ax.plot([], [], " ", label=f"ECE {facts.ece.value:.3f}")
    _square(ax)
    canvas.legend(host)
    return host


def _most_confused(matrix: Array) -> NDArray[np.int64]:
    n = len(matrix)
    if n <= MAX_CLASSES:
        return np.arange(n)
    off = matrix - np.diag(np.diag(matrix))
    worst = np.argsort(-(off.sum(0) + off.sum(1)), kind="stable")[:MAX_CLASSES]
    return np.sort(worst)


def _grid(names: list[str]) -> tuple[Figure, Axes, Axes, int]:
    """A figure, its square axes, those of its colour bar, and the angle at which the names fit below."""
    n, longest = len(names), max(map(canvas.inches, names))
    side = max(3.4 + 0.2 * max(n - 2, 0), 0.36 * n) if n < 12 else max(5.2, 0.36 * n)
    tilt = 0 if longest < 0.9 * side / n else 90
    left, below = longest + 0.6, 0.65 if tilt == 0 else longest + 0.6
    width, height = left + side + 1.05, below + side + 0.4
    host = canvas.figure(width, height)
    ax = host.add_axes((left / width, below / height, side / width, side / height))
    bar = host.add_axes(((left + side + 0.15) / width, below / height, 0.15 / width, side / height))
    return host, ax, bar, tilt


def _ticks(ax: Axes, names: list[str], tilt: int) -> None:
    size = 9 if len(names) <= 12 else 7.5
    ax.set_xticks(range(len(names)), names, rotation=tilt, fontsize=size)
    ax.set_yticks(range(len(names)), names, fontsize=size)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def _cells(ax: Axes, counts: Array, shares: Array) -> None:
    """Counts, with shares below where there is room; beyond four classes a cell without rows stays empty."""
    n = len(counts)
    size = 11 if n <= 4 else (8 if n <= 12 else 6.5)
    for (i, j), count in np.ndenumerate(counts):
        if n > 4 and count == 0:
            continue
        text = _short(count)
        if n <= 12 and counts[i].sum() > 0:
            text += f"\n{100 * shares[i, j]:.0f} %"
        colour = "white" if shares[i, j] > 0.55 else "#0b1f33"
        ax.text(j, i, text, ha="center", va="center", fontsize=size, color=colour)


def _short(count: float) -> str:
    if count < 10_000:
        return f"{count:.0f}"
    return f"{count / 1000:.0f}k" if count < 1e6 else f"{count / 1e6:.1f}M"


def _split(scene: Scene) -> str:
    return scene.scored.split if scene.scored is not None else scene.evidence.scored


def _name(scene: Scene, i: int) -> str:
    return canvas.label(scene.evidence.task.classes[i], 18)


def _one_against_rest(scene: Scene) -> list[tuple[int, NDArray[np.bool_], Array]]:
    """(class, hit (n,), score (n,)) of each class that occurs and is not everything; binary: of the positive one."""
    said = scene.scored
    if said is None or said.prob is None:
        return []
    target, prob = said.target.numpy(), said.prob.double().numpy()
    classes = [1] if scene.evidence.task.kind == "binary" else range(prob.shape[1])
    every = [(i, target == i, prob[:, i]) for i in classes]
    return [(i, hit, score) for i, hit, score in every if 0 < hit.sum() < len(hit)]


def _counts(hit: NDArray[np.bool_], score: Array) -> tuple[Array, Array]:
    """True and false positives at each distinct score, from the highest threshold down."""
    order = np.argsort(-score, kind="stable")
    score, hit = score[order], hit[order]
    last = np.r_[np.nonzero(np.diff(score))[0], len(score) - 1]
    tp = np.cumsum(hit)[last].astype(np.float64)
    return tp, last + 1 - tp


def _rates(hit: NDArray[np.bool_], score: Array) -> tuple[Array, Array, None]:
    tp, fp = _counts(hit, score)
    return np.r_[0.0, fp / (~hit).sum()], np.r_[0.0, tp / hit.sum()], None


def _stairs(ax: Axes, x: Array, y: Array, rank: int, text: str) -> None:
    keep = canvas.thin(len(x), 500)
    style = ("-", "--", ":", "-.")[rank // 2 % 4]
    ax.plot(x[keep], y[keep], color=canvas.COLOURS[rank], linestyle=style, linewidth=1.8, label=text)


def _operating_point(ax: Axes, scene: Scene, kind: str) -> None:
    """Where the threshold in use puts the model on its curve."""
    said, cut = scene.scored, scene.evidence.task.threshold
    if said is None or said.prob is None or scene.evidence.task.kind != "binary" or cut is None:
        return
    hit, called = said.target.numpy() == 1, said.pred.numpy() == 1
    if not hit.any() or hit.all() or not called.any():
        return
    recall = (hit & called).sum() / hit.sum()
    x, y = (
        ((called & ~hit).sum() / (~hit).sum(), recall)
        if kind == "roc"
        else (recall, (hit & called).sum() / called.sum())
    )
    ax.scatter([x], [y], s=70, color=canvas.COLOURS[1], zorder=5, label=f"threshold in use: {number(cut)}")


def _square(ax: Axes) -> None:
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")


def _vertical(ax: Axes, x: float | None, text: str, style: str | tuple[int, tuple[int, int]]) -> None:
    if x is not None and math.isfinite(x):
        ax.axvline(x, color=canvas.INK, linestyle=style, linewidth=1.2, label=f"{text}: {number(x)}")


def _cost(ax: Axes, x: Array, cost: Array) -> None:
    if np.isfinite(cost).any():
        most = np.nanmax(cost) or 1.0
        text = f"cost / {number(float(most))}"
        ax.plot(x, cost / most, color=canvas.COLOURS[3], linestyle="-.", linewidth=1.8, label=text)


def _prevalence(evidence: Evidence) -> float | None:
    counts = evidence.data.class_counts.get("val", {})
    total = sum(counts.values())
    return counts.get(evidence.task.classes[1], 0) / total if total and len(evidence.task.classes) == 2 else None
