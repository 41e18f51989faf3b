"""Intervals for proportions, means and spreads, and the numbers of rows they rest on."""

import math
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


def effective_rows(weights: npt.ArrayLike) -> float:
    """Equally weighted rows that would say as much as these weighted ones; 0 without any weight.

    Source: Kish (1965), section 11.7: (sum w)^2 / sum w^2.
    """
    w = np.asarray(weights, np.float64)
    squares = float(np.square(w).sum())
    return float(w.sum()) ** 2 / squares if squares else 0.0


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


def rows_needed(p: float, half_width: float, *, level: float = 0.95, power: float = 0.8) -> int | None:
    """Rows that settle on which side of a threshold a proportion near `p` lies, `half_width` away from it.

    At least as many as a perfect score needs; None where the distance is 0, which no number of rows settles.

    Source: Fleiss, Levin and Paik (2003), section 2.5: n = p (1 - p) ((z + z_power) / h)^2; the floor z^2 (1 - h) / h
        is where Wilson's lower bound of n out of n reaches 1 - h.
    """
    if not half_width:
        return None
    z, distance = normal_quantile(level), abs(half_width)
    rows = p * (1 - p) * ((z + NormalDist().inv_cdf(power)) / distance) ** 2
    return max(1, math.ceil(rows), math.ceil(z * z * (1 - distance) / distance))


def rows_to_settle(
    interval: Interval, threshold: float, *, n: float, level: float = 0.95, power: float = 0.8
) -> int | None:
    """The same for any score: rows at which its interval, now over `n` rows, would clear `threshold`; None: never.

    Source: half-widths shrink with sqrt(n), so n' = n (w / h (z + z_power) / z)^2, which is `rows_needed` for a share.
    """
    distance, width = abs(interval.value - threshold), interval.half_width
    if not distance or not math.isfinite(distance) or not math.isfinite(width):
        return None
    z = normal_quantile(level)
    return max(1, math.ceil(n * (width / distance * (z + NormalDist().inv_cdf(power)) / z) ** 2))
