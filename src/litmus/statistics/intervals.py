"""Intervals for proportions, means and spreads, and the numbers of rows they rest on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate between two bounds. NaN as `value` is undefined; infinite bounds say that nothing is excluded.

    Args:
        value: the plug-in estimate.
        low: lower bound at the level that was asked for, never above `value`.
        high: upper bound, never below `value`.
    """

    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2

    def __contains__(self, number: float) -> bool:
        return self.low <= number <= self.high


def check_level(level: float) -> None:
    """Refuse a confidence level that is no share, such as 95.

    Raises:
        ValueError: unless 0 < level < 1.
    """
    if not 0 < level < 1:
        raise ValueError(f"level={level!r} must lie between 0 and 1, such as .95")


def normal_quantile(level: float) -> float:
    """Half-width of a two-sided interval in standard errors: 1.96 for .95."""
    check_level(level)
    return NormalDist().inv_cdf((1 + level) / 2)


def student_quantile(level: float, degrees: float) -> float:
    """The same for Student's t, without scipy where the two agree to 1e-5; infinite without a degree of freedom."""
    if degrees <= 0:
        return math.inf
    if degrees > 200_000:
        return normal_quantile(level)
    from scipy.special import stdtrit

    check_level(level)
    return float(stdtrit(degrees, (1 + level) / 2))


def wilson(successes: float, n: float, *, level: float = 0.95) -> Interval:
    """Interval of a proportion. Counts may be fractional, as effective rows are; n = 0 gives NaN in [0, 1].

    Source: Wilson (1927), the roots of (p - p0)^2 = z^2 p0 (1 - p0) / n; Brown, Cai and DasGupta (2001), eq. 4.

    >>> interval = wilson(85, 100)
    >>> round(interval.low, 3), round(interval.high, 3)
    (0.767, 0.907)

    Raises:
        ValueError: more successes than rows, or a negative count.
    """
    if not 0 <= successes <= n * (1 + 1e-9):
        raise ValueError(f"{successes!r} successes in {n!r} rows")
    successes, n, z = float(successes), float(n), normal_quantile(level)
    if n <= 0:
        return Interval(math.nan, 0.0, 1.0)
    share = min(successes / n, 1.0)
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At the two ends the roots are exactly 0 and 1, which rounding would miss.
    low = 0.0 if share == 0 else min(centre - half, share)
    high = 1.0 if share == 1 else max(centre + half, share)
    return Interval(share, low, high)


def mean_interval(values: npt.ArrayLike, *, level: float = 0.95) -> Interval:
    """Interval of a mean over few independent values, such as one score per seed; one value excludes nothing.

    Source: Student (1908): mean ± t(n - 1) s / sqrt(n).
    """
    x = np.asarray(values, np.float64).ravel()
    if len(x) == 0:
        return Interval(math.nan, -math.inf, math.inf)
    mean = float(x.mean())
    if len(x) == 1:
        return Interval(mean, -math.inf, math.inf)
    half = student_quantile(level, len(x) - 1) * float(x.std(ddof=1)) / math.sqrt(len(x))
    return Interval(mean, mean - half, mean + half)


def block_mean_interval(blocks: Sequence[npt.ArrayLike], *, level: float = 0.95) -> Interval:
    """Interval of the mean of blocks' means, where values vary alike within blocks and the blocks are given.

    Args:
        blocks: Values of each block, such as a gain per seed on each split; at least one each.
        level: Of the interval.

    Source: Student (1908) with the residual variance of a one-way layout, n - blocks degrees of freedom.
    """
    values = [np.asarray(block, np.float64).ravel() for block in blocks]
    mean = float(np.mean([x.mean() for x in values]))
    degrees = sum(len(x) - 1 for x in values)
    if degrees < 1:
        return Interval(mean, -math.inf, math.inf)
    variance = sum(float(((x - x.mean()) ** 2).sum()) for x in values) / degrees
    error = math.sqrt(variance * sum(1 / len(x) for x in values)) / len(values)
    half = student_quantile(level, degrees) * error
    return Interval(mean, mean - half, mean + half)


def repeated_interval(intervals: Sequence[Interval], *, level: float = 0.95) -> Interval:
    """Interval of the mean of fits that differ in their seed, each with its own interval over one and the same rows.

    Source: Zou and Donner (2008), limits of a sum of independent parts from the limits of each: the rows (mean distance
        of the fits' own limits, for they share the rows) and the seeds (Student's interval of the mean).
    """
    seeds = mean_interval([interval.value for interval in intervals], level=level)
    below = float(np.mean([interval.value - interval.low for interval in intervals]))
    above = float(np.mean([interval.high - interval.value for interval in intervals]))
    if len(intervals) < 2:
        return Interval(seeds.value, seeds.value - below, seeds.value + above)
    return Interval(
        seeds.value,
        seeds.value - math.hypot(below, seeds.half_width),
        seeds.value + math.hypot(above, seeds.half_width),
    )


def paired_t_interval(a: npt.ArrayLike, b: npt.ArrayLike, *, level: float = 0.95) -> Interval:
    """Interval of mean(a - b) where a[i] and b[i] share a seed.

    Source: Student (1908), on the differences.

    Raises:
        ValueError: unequal lengths.
    """
    first, second = np.asarray(a, np.float64).ravel(), np.asarray(b, np.float64).ravel()
    if len(first) != len(second):
        raise ValueError(f"{len(first)} values cannot be paired with {len(second)}")
    return mean_interval(first - second, level=level)


def spread(values: npt.ArrayLike, *, level: float = 0.95) -> Interval:
    """Standard deviation (n - 1 below) of independent values with its interval; below two values it is unknown.

    Source: the chi-squared pivot (n - 1) s^2 / sigma^2, Casella and Berger (2002), section 9.2.
    """
    check_level(level)
    x = np.asarray(values, np.float64).ravel()
    if len(x) < 2:
        return Interval(math.nan, 0.0, math.inf)
    from scipy.special import chdtri

    degrees, deviation = len(x) - 1, float(x.std(ddof=1))
    upper, lower = float(chdtri(degrees, (1 - level) / 2)), float(chdtri(degrees, (1 + level) / 2))
    return Interval(deviation, deviation * math.sqrt(degrees / upper), deviation * math.sqrt(degrees / lower))


def clustered_rows(values: npt.ArrayLike, groups: npt.ArrayLike, *, level: float = 0.95) -> float:
    """Independent rows that would say as much about mean(values) as these grouped ones, at most `len(values)`.

    Scale successes and rows, or a confusion matrix, by `clustered_rows / n` before `wilson` or `dirichlet_scores`.
    Where all values are equal, rows of a group count as one: nothing tells how alike they are.

    Source: Rao and Scott (1992), eq. 2 (design effect); Korn and Graubard (1998), eq. 4 (few groups: t for z).
    """
    x = np.asarray(values, np.float64).ravel()
    _, codes = np.unique(np.asarray(groups), return_inverse=True)
    sizes = np.bincount(codes.ravel())
    count, n = len(sizes), len(x)
    if count < 2:
        return min(1.0, float(n))
    variance = float(x.var(ddof=1))
    if variance == 0:
        effect = float(np.square(sizes).sum()) / n
    else:
        totals = np.bincount(codes.ravel(), weights=x - x.mean())
        effect = max(1.0, count / (count - 1) * float(np.square(totals).sum()) / (n * variance))
    return n / effect * (normal_quantile(level) / student_quantile(level, count - 1)) ** 2


def rows_to_settle(
    interval: Interval, threshold: float, *, n: float, level: float = 0.95, power: float = 0.8
) -> int | None:
    """Rows at which a score's interval, now over `n` rows, would clear `threshold`; None: at no number of rows.

    Source: half-widths shrink with sqrt(n), so n' = n (w / h (z + z_power) / z)^2, h the distance and w the half-width;
        for a share p this is p (1 - p) ((z + z_power) / h)^2: Fleiss, Levin and Paik (2003), section 2.5.
    """
    distance, width = abs(interval.value - threshold), interval.half_width
    if not distance or not math.isfinite(distance) or not math.isfinite(width):
        return None
    z = normal_quantile(level)
    return max(1, math.ceil(n * (width / distance * (z + NormalDist().inv_cdf(power)) / z) ** 2))
