"""What ROC and precision-recall figures share: rates at every threshold, and where the model stands on them."""

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from litmus.report import canvas
from litmus.report.phrases import number
from litmus.report.scene import Scene, thin
from litmus.task import kind_of
from litmus.verdict.wording import name_from_data

MAX_CURVES = 8
Array = NDArray[np.float64]


def can_rank(scene: Scene) -> bool:
    """Whether there are probabilities of more than one class; what is not a number cannot be ranked."""
    predicted = scene.scored
    if predicted is None or predicted.prob is None or not bool(predicted.prob.isfinite().all()):
        return False
    return len(predicted.target.unique()) > 1


def split(scene: Scene) -> str:
    """The split that is shown."""
    return scene.scored.split if scene.scored is not None else scene.evidence.scored


def name(scene: Scene, i: int) -> str:
    """A class's name."""
    return canvas.label(scene.evidence.task.classes[i], 18)


def plain_name(scene: Scene, i: int) -> str:
    """A class's whole name, for a sentence."""
    return name_from_data(scene.evidence.task.classes[i])


def one_against_rest(scene: Scene) -> list[tuple[int, NDArray[np.bool_], Array]]:
    """(class, hit (n,), score (n,)) of each class that occurs and is not everything; binary: of the positive one."""
    predicted = scene.scored
    if predicted is None or predicted.prob is None:
        return []
    target, prob = predicted.target.numpy(), predicted.prob.double().numpy()
    classes = [1] if kind_of(scene.evidence.task.kind).has_positive else range(prob.shape[1])
    every = [(i, target == i, prob[:, i]) for i in classes]
    return [(i, hit, score) for i, hit, score in every if 0 < hit.sum() < len(hit)]


def counts(hit: NDArray[np.bool_], score: Array) -> tuple[Array, Array]:
    """True and false positives at each distinct score, from the highest threshold down."""
    order = np.argsort(-score, kind="stable")
    score, hit = score[order], hit[order]
    last = np.r_[np.nonzero(np.diff(score))[0], len(score) - 1]
    tp = np.cumsum(hit)[last].astype(np.float64)
    return tp, last + 1 - tp


def rates(hit: NDArray[np.bool_], score: Array) -> tuple[Array, Array, None]:
    """False and true positive rates at each distinct score."""
    tp, fp = counts(hit, score)
    return np.r_[0.0, fp / (~hit).sum()], np.r_[0.0, tp / hit.sum()], None


def stairs(ax: Axes, x: Array, y: Array, rank: int, text: str) -> None:
    """A curve of the figure."""
    keep = thin(len(x), 500)
    style = ("-", "--", ":", "-.")[rank // 2 % 4]
    ax.plot(x[keep], y[keep], color=canvas.COLOURS[rank], linestyle=style, linewidth=1.8, label=text)


def operating_point(ax: Axes, scene: Scene, kind: str) -> None:
    """Where the threshold in use puts the model on its curve."""
    predicted, cut = scene.scored, scene.evidence.task.threshold
    if predicted is None or predicted.prob is None or not kind_of(scene.evidence.task.kind).has_positive or cut is None:
        return
    hit, called = predicted.target.numpy() == 1, predicted.pred.numpy() == 1
    if not hit.any() or hit.all() or not called.any():
        return
    recall = (hit & called).sum() / hit.sum()
    x, y = (
        ((called & ~hit).sum() / (~hit).sum(), recall)
        if kind == "roc"
        else (recall, (hit & called).sum() / called.sum())
    )
    ax.scatter([x], [y], s=70, color=canvas.COLOURS[1], zorder=5, label=f"threshold in use: {number(cut)}")


def square(ax: Axes) -> None:
    """Both axes from 0 to 1, of the same length."""
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
