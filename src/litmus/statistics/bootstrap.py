"""Bootstrap intervals of any statistic of rows: plain, stratified, by group, or in blocks of time."""

import math
from collections.abc import Callable, Iterator
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from litmus.statistics.intervals import Interval, check_level, student_quantile

IndexArray = npt.NDArray[np.intp]
_LOOKUPS = 100_000_000  # draws times rows of one interval, a few seconds of indexing


def bootstrap(
    statistic: Callable[[IndexArray], float],
    n: int,
    *,
    groups: npt.ArrayLike | None = None,
    strata: npt.ArrayLike | None = None,
    block: int | None = None,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Interval of `statistic(row indices)` over n rows; the value is `statistic(all rows)`.

    Percentiles, widened as Student's t widens the normal: BCa covered no better on skewed losses (within 1 % at 15 to
    100 rows) and costs a statistic a row. Means, and regression scores, have `bootstrap_mean` and `regression_scores`,
    which do better still. Where every row says the same, so does every draw: use `wilson` or `dirichlet_scores` for
    what can be perfect. Draws whose statistic is NaN are left out; if most are, the bounds are NaN.

    Args:
        statistic: of row indices, with repeats; NaN where it is undefined.
        n: rows.
        groups: (n,), rows to be drawn together (several rows of a customer); the number of groups is what counts.
        strata: (n,), classes whose row counts stay as they are.
        block: rows in a moving block, for rows ordered in time; see `block_length`.
        draws: resamples; fewer, though at least 200, where draws times n would pass 100 million.
        level: confidence level.
        seed: of the draws.

    Source: Efron and Tibshirani (1993), chapter 13; widening: Hesterberg (2015), section 5.3, alpha' =
        Phi(-sqrt(k / (k - 1)) t(k - 1)) for k independent units.

    Raises:
        ValueError: more than one of groups, strata and block.
    """
    check_level(level)
    value = float(statistic(np.arange(n))) if n else math.nan
    draws = max(200, min(draws, _LOOKUPS // max(1, n)))
    samples, units = _resamples(n, groups, strata, block, seed)
    if units < 2:
        return Interval(value, -math.inf, math.inf)
    found = np.array([statistic(next(samples)) for _ in range(draws)], np.float64)
    found = found[~np.isnan(found)]
    if math.isnan(value) or 2 * len(found) < draws:
        return Interval(value, math.nan, math.nan)
    tail = NormalDist().cdf(-math.sqrt(units / (units - 1)) * student_quantile(level, units - 1))
    low, high = np.quantile(found, [tail, 1 - tail])
    return Interval(value, min(float(low), value), max(float(high), value))


def block_length(values: npt.ArrayLike) -> int:
    """Rows a moving block should hold for a series whose scatter is like that of `values` (errors in time order).

    Source: Carlstein (1986), section 3: (sqrt(6) r / (1 - r^2))^(2/3) n^(1/3), r the first autocorrelation; at least
        n^(1/3), at most n / 8.
    """
    x = np.asarray(values, np.float64).ravel()
    n = len(x)
    if n < 8:
        return 1
    x = x - x.mean()
    scatter = float(x @ x)
    correlation = min(0.98, abs(float(x[1:] @ x[:-1]) / scatter)) if scatter else 0.0
    best = (math.sqrt(6) * correlation / (1 - correlation**2)) ** (2 / 3) * n ** (1 / 3)
    return int(max(1, min(n // 8, math.ceil(max(best, n ** (1 / 3))))))


def circular_blocks(n: int, block: int) -> int:
    """A block's length made fit for n rows: at most a quarter of them."""
    return max(1, min(block, n // 4))


def group_codes(groups: npt.ArrayLike, n: int) -> tuple[IndexArray, int]:
    """Group number of each row, and how many groups there are.

    Raises:
        ValueError: not one group for each of n rows.
    """
    names, codes = np.unique(np.asarray(groups), return_inverse=True)
    if codes.size != n:
        raise ValueError(f"{codes.size} groups or strata for {n} rows")
    return codes.ravel().astype(np.intp), len(names)


def _resamples(
    n: int, groups: npt.ArrayLike | None, strata: npt.ArrayLike | None, block: int | None, seed: int
) -> tuple[Iterator[IndexArray], int]:
    """Endless resamples, and the number of independent units that each is made of."""
    if sum(option is not None for option in (groups, strata, block)) > 1:
        raise ValueError("rows are drawn by groups, by strata or by block: give one of them")
    rng = np.random.default_rng(seed)
    if groups is not None:
        codes, count = group_codes(groups, n)
        return _by_group(codes, count, rng), count
    if strata is not None:
        return _by_stratum(group_codes(strata, n)[0], rng), n
    if block is not None:
        length = circular_blocks(n, block)
        return _by_block(n, length, rng), n // length
    return _by_row(n, rng), n


def _by_row(n: int, rng: np.random.Generator) -> Iterator[IndexArray]:
    while True:
        yield rng.integers(n, size=n)


def _by_stratum(codes: IndexArray, rng: np.random.Generator) -> Iterator[IndexArray]:
    order, sizes = np.argsort(codes, kind="stable"), np.bincount(codes)
    start = np.repeat(np.cumsum(sizes) - sizes, sizes)
    size = np.repeat(sizes, sizes)
    while True:
        yield order[start + (rng.random(len(codes)) * size).astype(np.intp)]


def _by_group(codes: IndexArray, count: int, rng: np.random.Generator) -> Iterator[IndexArray]:
    order, sizes = np.argsort(codes, kind="stable"), np.bincount(codes, minlength=count)
    start = np.cumsum(sizes) - sizes
    while True:
        picked = rng.integers(count, size=count)
        lengths = sizes[picked]
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        yield order[np.repeat(start[picked], lengths) + within]


def _by_block(n: int, length: int, rng: np.random.Generator) -> Iterator[IndexArray]:
    """Blocks that may run over the end into the beginning, so that every row is as likely (Politis, Romano 1992)."""
    while True:
        starts = rng.integers(n, size=math.ceil(n / length))
        yield ((starts[:, None] + np.arange(length)) % n).ravel()[:n]
