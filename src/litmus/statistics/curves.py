"""What a curve of losses says once its noise is told from its course.

Curves are one value an epoch, in order, lower is better; NaN and infinite values are gaps. Slopes are per epoch.
"""

import math
from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from litmus.statistics.intervals import FloatArray, Interval, check_level, student_quantile

_MAD = 1.4826  # of a normal distribution's median absolute deviation to its standard deviation
_POINTS = 200  # a longer tail is averaged in that many bins: slopes of all pairs are compared
_FEWEST = 10  # epochs in a tail, where there are so many


@final
@dataclass(frozen=True, slots=True)
class CurveMinimum:
    """Where a smoothed curve is lowest.

    Args:
        epoch: index of the minimum, -1 for a curve without values.
        value: smoothed value there.
        end: smoothed value at the last epoch.
        noise: standard deviation of single epochs around the smooth curve.
    """

    epoch: int
    value: float
    end: float
    noise: float

    @property
    def rise(self) -> float:
        """How far the curve has risen since its minimum, 0 or more."""
        return self.end - self.value


def smooth(curve: npt.ArrayLike, *, window: int | None = None) -> FloatArray:
    """Robust local straight lines through the curve: spikes are ignored, ends are not bent, gaps are bridged.

    Args:
        curve: (epochs,).
        window: epochs that a line rests on; None: a fifth of the curve, between 7 and 101.

    Source: Cleveland (1979), local lines with tricube weights, on a regular grid by convolution; bisquare weights from
        the distance to the running median (Tukey 1977), which follows a steep but steady fall.
    """
    y = _finite(curve)
    half = (min(101, max(7, len(y) // 5)) if window is None else max(1, window)) // 2
    known = ~np.isnan(y)
    if half < 1 or known.sum() < 3:
        return y
    filled = np.interp(np.arange(len(y)), np.flatnonzero(known), y[known])
    return _local_lines(filled, known * _spike_weights(filled), half)


def noise(curve: npt.ArrayLike) -> float:
    """Standard deviation of single epochs around the curve's course; NaN below three values.

    Source: Gasser, Sroka and Jennen-Steinmetz (1986), eq. 2: each value minus the mean of its neighbours, which
        cancels any slope and has 3/2 of the variance; their median absolute deviation (Hampel 1974) ignores spikes.
    """
    y = _known(curve)
    if len(y) < 3:
        return math.nan
    pseudo = y[1:-1] - (y[:-2] + y[2:]) / 2
    return _MAD * float(np.median(np.abs(pseudo))) / math.sqrt(1.5)


def trend(curve: npt.ArrayLike, *, tail: float = 0.25, level: float = 0.95) -> Interval:
    """Slope of the curve's last part; below four values it is unbounded.

    What a parabola leaves is noise: a fall that flattens is no less sure. Neighbouring epochs err alike, so that n of
    them count for n (1 - r) / (1 + r), r their autocorrelation.

    Args:
        curve: (epochs,).
        tail: share of the epochs, though ten at least where there are ten.
        level: confidence level.

    Source: slope by least squares after values beyond 3.5 deviations from the median line (Theil 1950, Sen 1968) are
        drawn in (Huber 1981); effective rows: Bartlett (1935); r corrected for its bias, (1 + 3 r) / n beside
        a mean, 1 + r more for each further power: Marriott and Pope (1954), Kendall (1954).
    """
    check_level(level)
    epochs, y = _tail(curve, tail)
    if len(y) < 4:
        slope = float(np.polyfit(epochs, y, 1)[0]) if len(y) > 1 else math.nan
        return Interval(slope, -math.inf, math.inf)
    y = _without_spikes(epochs, y)
    time = epochs - epochs.mean()
    slope = float(time @ y / (time @ time))
    residual = y - np.polyval(np.polyfit(time, y, 2), time)
    scatter = float(residual @ residual)
    if scatter <= 1e-24 * float(y @ y):
        return Interval(slope, slope, slope)
    n = len(y)
    correlation = float(residual[1:] @ residual[:-1]) / scatter
    correlation = min(0.97, max(0.0, correlation + (3 + 5 * correlation) / n))
    inflation = (1 + correlation) / (1 - correlation)
    error = math.sqrt(scatter / (n - 3) / float(time @ time) * inflation)
    half = student_quantile(level, max(1.0, n / inflation - 3)) * error
    return Interval(slope, slope - half, slope + half)


def projected_change(curve: npt.ArrayLike, *, ahead: float = 0.25, tail: float = 0.25, level: float = 0.95) -> Interval:
    """How much the curve would change in `ahead` times as many epochs again, would its last slope go on.

    An upper estimate for a curve that flattens; in the curve's own unit.
    """
    slope, epochs = trend(curve, tail=tail, level=level), ahead * np.size(np.asarray(curve))
    return Interval(slope.value * epochs, slope.low * epochs, slope.high * epochs)


def still_falling(
    curve: npt.ArrayLike, *, floor: float = 0.01, tail: float = 0.25, ahead: float = 0.25, level: float = 0.95
) -> bool:
    """Whether the curve surely falls at its end, and by enough to matter.

    Args:
        curve: (epochs,).
        floor: smallest fall over the next epochs that matters, as a share of the present level, or of a twentieth of
            the first value where that is more: a loss that is all but gone no longer matters.
        tail: share of epochs that the slope is taken from.
        ahead: share of epochs to come.
        level: confidence level of the slope.
    """
    y, late = _known(curve), _tail(curve, tail)[1]
    if len(y) < 4 or not len(late):
        return False
    change = projected_change(curve, ahead=ahead, tail=tail, level=level)
    present = abs(float(np.median(late)))
    return change.high < 0 and -change.value >= floor * max(present, abs(float(y[0])) / 20)


def minimum(curve: npt.ArrayLike) -> CurveMinimum:
    """The lowest point of the smoothed curve, which a single lucky epoch does not move."""
    fitted = smooth(curve)
    if np.isnan(fitted).all():
        return CurveMinimum(-1, math.nan, math.nan, math.nan)
    epoch = int(np.nanargmin(fitted))
    end = float(fitted[~np.isnan(fitted)][-1])
    return CurveMinimum(epoch, float(fitted[epoch]), end, noise(curve))


def _finite(curve: npt.ArrayLike) -> FloatArray:
    y = np.asarray(curve, np.float64).ravel()
    return np.where(np.isfinite(y), y, np.nan)


def _known(curve: npt.ArrayLike) -> FloatArray:
    y = _finite(curve)
    return np.asarray(y[~np.isnan(y)], np.float64)


def _tail(curve: npt.ArrayLike, share: float) -> tuple[FloatArray, FloatArray]:
    """Epochs and known values of the last part, in at most 200 bins."""
    y = _finite(curve)
    start = max(0, len(y) - max(_FEWEST, math.ceil(share * len(y))))
    epochs = np.asarray(np.flatnonzero(~np.isnan(y[start:])) + start, np.float64)
    values = y[start:][~np.isnan(y[start:])]
    if len(values) <= _POINTS:
        return epochs, values
    edges = np.arange(_POINTS) * len(values) // _POINTS
    sizes = np.diff(edges, append=len(values))
    return _binned(epochs, edges, sizes), _binned(values, edges, sizes)


def _binned(values: FloatArray, edges: npt.NDArray[np.intp], sizes: npt.NDArray[np.intp]) -> FloatArray:
    return np.asarray(np.add.reduceat(values, edges) / sizes, np.float64)


def _without_spikes(epochs: FloatArray, y: FloatArray) -> FloatArray:
    first, second = np.triu_indices(len(y), 1)
    slope = float(np.median((y[second] - y[first]) / (epochs[second] - epochs[first])))
    line = slope * epochs
    line = line + np.median(y - line)
    scale = _MAD * float(np.median(np.abs(y - line)))
    return np.clip(y, line - 3.5 * scale, line + 3.5 * scale) if scale else y


def _spike_weights(y: FloatArray) -> FloatArray:
    """1 for values like their six neighbours, down to 0 for what leaves them by six times the noise."""
    reach = min(3, len(y) - 1)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(y, reach, mode="reflect"), 2 * reach + 1)
    distance = np.abs(y - np.median(windows, axis=1))
    # A course without noise has spikes too: what leaves it by a share of its own range.
    scale = 6 * max(noise(y), 0.01 * float(np.median(np.abs(y - np.median(y)))))
    if not scale > 0:
        return np.asarray(distance == 0, np.float64)
    return np.asarray(np.square(1 - np.square(np.minimum(distance / scale, 1))), np.float64)


def _local_lines(y: FloatArray, weight: FloatArray, half: int) -> FloatArray:
    """Weighted straight lines around each epoch, read off there; NaN where no weight reaches."""
    offset = np.arange(-half, half + 1.0)
    kernel = (1 - np.abs(offset / (half + 1)) ** 3) ** 3

    def moment(values: FloatArray, power: int) -> FloatArray:
        # Convolution turns the kernel round: position + offset is what is meant.
        full = np.convolve(values, (kernel * offset**power)[::-1])
        return full[half : half + len(values)]

    w, wt, wtt = (moment(weight, power) for power in range(3))
    wy, wty = (moment(weight * y, power) for power in range(2))
    spread = w * wtt - wt**2
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(w > 1e-9, wy / w, np.nan)
        return np.where(spread > 1e-9 * w * wtt, (wtt * wy - wt * wty) / spread, level)
