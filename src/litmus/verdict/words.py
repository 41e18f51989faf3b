"""Figures and names as people read them: percent, at most three digits, no abbreviation unexplained."""

import textwrap
from collections.abc import Iterable

from litmus.evidence import Estimate, Score
from litmus.verdict.verdict import Criterion

LINE = 100
SENTENCE = 160

METRICS = {
    "accuracy": "accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1 (mean of precision and recall)",
    "auroc": "area under the ROC curve",
    "average_precision": "average precision",
    "balanced_accuracy": "balanced accuracy",
    "mcc": "Matthews correlation",
    "log_loss": "log loss",
    "brier": "Brier score",
    "ece": "calibration error",
    "worst_class_recall": "the worst class's recall",
    "precision_recall_gap": "the gap of precision and recall",
    "brier_skill": "Brier skill",
    "calibration_slope": "the calibration slope's distance from 1",
    "r2": "explained variation",
    "non_inferiority": "distance to the best reference",
    "gain": "gain over the trivial rule",
    "mse": "mean squared error",
    "rmse": "root mean squared error",
    "mae": "mean absolute error",
    "mae_skill": "the share saved of the mean rule's absolute error",
    "cost": "cost a row",
    "loss": "loss",
}
SHARES = frozenset(METRICS) - {"mcc", "log_loss", "mse", "rmse", "mae", "cost", "loss", "brier", "calibration_slope"}
"""Metrics that read best in percent."""

REFERENCES = {
    "linear": "a linear model",
    "boosted_trees": "boosted trees",
    "knn": "nearest neighbours",
    "majority": "always guessing the largest class",
    "prior": "guessing by class shares",
    "mean": "predicting the mean",
    "tfidf": "word counts with logistic regression",
    "tfidf_linear": "word counts with logistic regression",
    "svm": "a support vector machine",
    "small_cnn": "a small convolutional network",
}


def metric(name: str) -> str:
    """A metric's name in words; `recall[b]` is the recall of "b"."""
    head, bracket, label = name.partition("[")
    return f"{METRICS.get(head, head.replace('_', ' '))}{f' of {label[:-1]}' if bracket else ''}"


def reference(name: str) -> str:
    """A reference model's name in words."""
    return REFERENCES.get(name, name.replace("_", " "))


def figure(value: float | None) -> str:
    """A number with three significant digits."""
    if value is None:
        return "unknown"
    if value and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.2g}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def percent(value: float | None) -> str:
    """A share in percent, with a decimal only near the ends."""
    if value is None:
        return "unknown"
    text = f"{100 * value:.1f}" if 0 < abs(value) < 0.01 or 0.99 < abs(value) < 1 else f"{100 * value:.0f}"
    return f"{text} %"


def points(name: str, value: float | None) -> str:
    """A metric's value as it reads best."""
    if value is not None and abs(value) > 10:
        return figure(value)
    return percent(value) if name.partition("[")[0] in SHARES else figure(value)


def interval(name: str, score: Score | Estimate | Criterion) -> str:
    """A value with its bounds, such as `85 % [77 %, 91 %]`."""
    if score.low is None or score.high is None:
        return points(name, score.value)
    return f"{points(name, score.value)} [{points(name, score.low)}, {points(name, score.high)}]"


def listing(names: Iterable[str], most: int = 3) -> str:
    """Names in a row, cut after a few."""
    shown = list(names)
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + more


def fit(text: str, width: int = LINE) -> str:
    """The text on one line of at most `width` characters, cut between words."""
    line = " ".join(text.split())
    return line if len(line) <= width else textwrap.shorten(line, width, placeholder=" ...")
