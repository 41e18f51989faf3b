"""Whether probabilities can be believed, and the one number that mends them."""

import math
from typing import cast

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from litmus.evidence import Calibration, Estimate
from litmus.metrics.answers import Predictions
from litmus.metrics.calibration import ECE_BINS, calibration_error_interval
from litmus.metrics.sample import Sample
from litmus.scoring.confusion import to_score
from litmus.statistics.intervals import normal_quantile

Array = NDArray[np.float64]

COLDEST, HOTTEST = 0.05, 20.0
SMALLEST = 1e-12
"""Probability below which logarithms are cut off."""
STEEPEST = 50.0
"""Calibration slope above which the rows are as good as separated and the slope has no interval."""


def fit_temperature(logits: Tensor, target: Tensor) -> float:
    """The temperature T at which softmax(logits / T) has the least log loss; 1 with fewer than ten rows.

    Args:
        logits: `(n, classes)` logits, or log-probabilities, which give the same; validation rows only.
        target: `(n,)` class codes.

    Returns:
        T in [.05, 20]; above 1 for an overconfident model.

    Source: Guo et al. 2017, section 4.2.
    """
    if len(target) < 10:
        return 1.0
    sharpness, _ = _sharpness(_log(logits), target.numpy())
    return float(min(HOTTEST, max(COLDEST, 1 / max(sharpness, 1 / HOTTEST))))


def calibration(predictions: Predictions) -> Calibration | None:
    """Calibration error, slope and bins of what a classifier says; None in regression and without rows.

    The error's interval is turned round its value, which takes off what noise adds (`calibration_error_interval`).
    The slope is 1 for honest probabilities and below 1 for overconfident ones. For two classes it is that of a logistic
    regression of the outcome on the logit, with an intercept; for more it is the factor on the log-probabilities that
    fits best. It is None where the rows are (as good as) separated or too few.

    Source: Cox 1958, "Two further applications of a model for binary regression".
    """
    if predictions.prob is None or len(predictions.target) == 0 or not predictions.prob.isfinite().all():
        return None
    sample = Sample.of(predictions)
    error = to_score(calibration_error_interval(sample), n=0, baseline=None)
    return Calibration(
        ece=Estimate(value=error.value, low=error.low, high=error.high),
        slope=_slope(predictions.prob.double(), predictions.target, share=sample.share),
        bins=_bins(predictions.prob.double(), predictions.target),
    )


def _slope(prob: Tensor, target: Tensor, *, share: float) -> Estimate | None:
    log_NK, codes = _log(prob.clamp(min=SMALLEST).log()), target.numpy()
    if len(np.unique(codes)) < 2:
        return None
    if log_NK.shape[1] == 2:
        value, error = _logistic(log_NK[:, 1] - log_NK[:, 0], codes)
    else:
        value, error = _sharpness(log_NK, codes)
    if not math.isfinite(error) or abs(value) > STEEPEST:
        return None
    reach = normal_quantile(0.95) * error / math.sqrt(share)
    return Estimate(value=value, low=value - reach, high=value + reach)


def _logistic(logit_N: Array, target: NDArray[np.int64]) -> tuple[float, float]:
    """Slope and its standard error of target on logit, by Newton's method; an infinite error where it diverges."""
    design = np.column_stack([np.ones_like(logit_N), logit_N])
    weights = np.array([0.0, 1.0])
    for _ in range(50):
        prob = 1 / (1 + np.exp(-np.clip(design @ weights, -500, 500)))
        information = (design * (prob * (1 - prob))[:, None]).T @ design
        if np.linalg.cond(information) > 1e12:
            return float(weights[1]), math.inf
        step = np.linalg.solve(information, design.T @ (target - prob))
        weights = weights + np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-9:
            return float(weights[1]), float(math.sqrt(np.linalg.inv(information)[1, 1]))
    return float(weights[1]), math.inf


def _sharpness(log_NK: Array, target: NDArray[np.int64]) -> tuple[float, float]:
    """The factor b on log-probabilities with the least log loss in [1/20, 20], and its standard error.

    The loss is convex in b, so that halving on its slope finds it.
    """
    rows = np.arange(len(target))
    low, high = 1 / HOTTEST, 1 / COLDEST
    spread = 0.0
    for _ in range(60):
        middle = (low + high) / 2
        prob = np.exp(middle * log_NK - (middle * log_NK).max(1, keepdims=True))
        prob /= prob.sum(1, keepdims=True)
        expected = (prob * log_NK).sum(1)
        spread = float((prob * (log_NK - expected[:, None]) ** 2).sum())
        low, high = (middle, high) if (log_NK[rows, target] - expected).sum() > 0 else (low, middle)
        if high - low < 1e-7:
            break
    at_end = min(middle - 1 / HOTTEST, 1 / COLDEST - middle) < 1e-5
    return middle, math.inf if at_end or spread <= 0 else 1 / math.sqrt(spread)


def _bins(prob: Tensor, target: Tensor) -> tuple[tuple[float, float, int], ...]:
    """Mean probability, observed share and rows of each bin that holds any, as `calibration_error` bins them."""
    if prob.shape[1] == 2:
        confidence, hit = prob[:, 1], target == 1
    else:
        confidence, top = prob.max(1)
        hit = top == target
    bins = (confidence * ECE_BINS).ceil().long().sub(1).clamp(0, ECE_BINS - 1)
    held = [bins == b for b in range(ECE_BINS)]
    return tuple(
        (float(confidence[rows].mean()), float(hit[rows].double().mean()), int(rows.sum()))
        for rows in held
        if rows.any()
    )


def _log(logits: Tensor) -> Array:
    """Log-probabilities, centred by the softmax's own normaliser."""
    return cast("Array", logits.detach().cpu().double().log_softmax(1).clamp(min=-200).numpy())
