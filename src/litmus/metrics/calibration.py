"""The expected calibration error, with its interval."""

import numpy as np
import torch
from torch import Tensor

from litmus.metrics.answers import Answers
from litmus.metrics.ranking import ranking, sort
from litmus.metrics.sample import Array, Sample
from litmus.statistics.intervals import Interval

ECE_BINS = 15
UNITS, DRAWS = 500, 500


def calibration_error(answers: Answers) -> Tensor:
    """Over 15 equal bins, `(E,)`: of the positive class's probability, or of the top class's."""
    prob = answers.probabilities
    if prob.shape[-1] == 2:
        score, hit = (part[:, 0] for part in answers.once(ranking)[:2])
    else:
        confidence, top = prob.max(-1)
        score, hit = sort(confidence, top == answers.target)
    edges = torch.arange(1, ECE_BINS + 1, dtype=torch.float64) / ECE_BINS
    edges[-1] = torch.inf
    ends: Tensor = torch.searchsorted(score, edges.repeat(len(score), 1), right=True)
    upto: Tensor = (score - hit).cumsum(-1).gather(-1, (ends - 1).clamp(min=0)) * (ends > 0)
    error: Tensor = upto.diff(prepend=torch.zeros_like(upto[:, :1])).abs().sum(-1) / score.shape[-1]
    return error


def calibration_error_interval(sample: Sample) -> Interval:
    """Its interval.

    Noise alone makes the error larger than 0, in the data and once more in each draw. What it may have added (the
    draws' distance from what was observed) is taken off below, so that a calibrated model's lower bound is about 0;
    the upper bound is turned round the value, which takes off the draws' own bias.

    Source: basic bootstrap, Davison and Hinkley 1997, equation 5.6; below, the triangle inequality over bins.
    """
    value = float(calibration_error(sample.answers)[0])
    gaps_BU = _gaps(sample)
    n, rng, units = len(sample.predictions.target), np.random.default_rng(0), gaps_BU.shape[1]
    cells = rng.integers(units, size=(DRAWS, units)) + np.arange(DRAWS)[:, None] * units
    counts_DU = np.bincount(cells.ravel(), minlength=DRAWS * units).reshape(DRAWS, units)
    drawn_DB = counts_DU @ gaps_BU.T / n
    added = np.quantile(np.abs(drawn_DB - gaps_BU.sum(1) / n).sum(1), 0.975)
    high = 2 * value - np.quantile(np.abs(drawn_DB).sum(1), 0.025)
    return Interval(value, max(0.0, float(value - added)), max(value, min(1.0, float(high))))


def _gaps(sample: Sample) -> Array:
    """Sums of probability minus outcome `(bins, units)`, over rows, groups or blocks, at most 500 of them."""
    prob, target = sample.prob, sample.predictions.target
    confidence, top = (prob[:, 1], torch.ones_like(target)) if prob.shape[1] == 2 else prob.max(1)
    gap = (confidence - (top == target).double()).numpy()
    bins = (confidence * ECE_BINS).ceil().long().sub(1).clamp(0, ECE_BINS - 1).numpy()
    n, options = len(gap), sample.options()
    unit = np.random.default_rng(0).permutation(n)
    if options["groups"] is not None:
        unit = np.unique(options["groups"], return_inverse=True)[1]
    elif options["block"] is not None:
        unit = np.arange(n) // options["block"]
    unit = unit % UNITS
    cells = np.bincount(bins * UNITS + unit, weights=gap, minlength=ECE_BINS * UNITS)
    return np.asarray(cells.reshape(ECE_BINS, UNITS)[:, : int(unit.max()) + 1])
