"""What reference models score when rows that know each other stand on one side, beside a split by chance.

Rows that share an id, a name or a neighbourhood are a leak only if a split by chance flatters: so both are tried.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, final

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from litmus.data.rows import Rows
from litmus.data.tensors import Split
from litmus.data_checks.exact_duplicates import row_hashes
from litmus.data_checks.moments import goes_on, tells_when
from litmus.data_checks.near_duplicates import continuous_columns
from litmus.data_checks.stretches import stretches
from litmus.evidence import Estimate, HonestSplit
from litmus.metrics.answers import Predictions
from litmus.references.estimator import Recipe, one_hot, quietly, recipes
from litmus.references.reference import out_of_fold, stratified_sample, take
from litmus.scoring.difference import difference
from litmus.scoring.score import point_scores
from litmus.task.base import Task

Codes = NDArray[np.int64]
Kind = Literal["group", "copy", "stretch", "near", "block", "time"]

FOLDS = 3
TRIALS = 3
"""Assignments to folds whose mean is told, where the first leaves it open that a split by chance flatters."""
WORTH = 0.02
"""What a split by chance must add in the first trial for it to be open. A convention: half of what a finding asks."""
MOST_ROWS = 2000
FEWEST_ROWS = 90
FEWEST_GROUPS = 10
NEIGHBOURS, PARTNERS = 20, 5
BEYOND_GROUPS = 60
"""Neighbours up to which the dimension is looked for: those of one group, where there are many, would hide it."""
CLOSE, CLOSEST, BY_CHANCE = 0.25, 0.5, 0.05
"""A row's companions are at most so many times as far away as its 20th neighbour, the first; in more dimensions, where
all rows lie about equally far, up to the second, so that a smooth density gives a twentieth of the rows companions."""
IN_COMPANY = 0.3
"""Share of rows with companions, from which they may be what a split by chance lives on."""
BEYOND_CHANCE = 1.5
"""How many times as many rows must have companions as a smooth density gives them."""
LARGEST = 0.1
BLOCKS, SMALLEST_BLOCK = 50, 10
MOST_LEVELS = 60
ALIKE = 0.15
"""Correlation of the residuals of rows that follow each other, from which the file's order may matter."""
SERIES = 0.9
"""Correlation of targets that follow each other in the file, from which it may be a series in the order of time. Of 268
tables without a date, 9 have more, in no order of their columns; one of them is a series."""
IN_ORDER = 0.95
"""Share of steps in one direction from which a file counts as sorted by its target."""


@final
@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A way to keep training rows apart that may know each other.

    Args:
        kind: group: a column's values; copy: rows that are equal; stretch: rows that follow each other in the file
            and share what changes rarely; near: rows near each other in all inputs; block: any rows that follow each
            other; time: later rows from earlier ones.
        column: The column it rests on; empty where it rests on none.
        codes: `(n,)` group of each training row, or its rank in time.
        others: The same for further trials, such as blocks that begin elsewhere; empty: `codes` again.
    """

    kind: Kind
    column: str
    codes: Codes
    others: tuple[Codes, ...] = ()


def honest_splits(
    task: Task, train: Split, candidates: Sequence[Candidate], *, primary: str, seed: int, seconds: float
) -> tuple[HonestSplit, ...]:
    """What the best reference scores on training rows out of fold, with folds by chance and with honest ones.

    One assignment of rows to folds may flatter, or hide that others do, by luck: unless it leaves nothing open, their
    mean is told. Its interval is as wide as one of theirs, for they rest on the same rows.

    Args:
        task: Kind of target.
        train: Training rows.
        candidates: What to keep apart, each in turn while the work allows.
        primary: Metric of the scores.
        seed: Of samples and folds.
        seconds: About what all of it may take on one core.
    """
    found = []
    for candidate in candidates:
        kept = _sample(candidate, seed)
        rows = len(kept)
        able = [recipe for recipe in recipes(task.spec, seed=seed) if 2 * FOLDS * recipe.cost(rows) <= seconds / 2]
        if rows < FEWEST_ROWS or not able:
            continue
        seconds -= 2 * FOLDS * sum(recipe.cost(rows) for recipe in able)
        if candidate.kind == "copy":  # a linear model learns no row by heart
            able = [recipe for recipe in able if not recipe.linear] or able
        sample = replace(take(train, torch.from_numpy(kept)), group=None, time=None)
        compare = partial(_compared, task, able, sample, primary=primary)
        with quietly():
            compared = [compare(candidate, candidate.codes[kept], seed=seed)]
            for again in range(1, TRIALS if _is_open(compared[0]) else 1):
                codes = candidate.others[again - 1] if candidate.others else candidate.codes
                compared.append(compare(candidate, codes[kept], seed=seed + again))
        found.append(_averaged(compared))
    return tuple(found)


def _is_open(trial: HonestSplit) -> bool:
    """Whether a trial leaves it open that a split by chance flatters."""
    return trial.lost.value is not None and trial.lost.low is not None and trial.lost.value >= WORTH


def _averaged(trials: Sequence[HonestSplit]) -> HonestSplit:
    """The first trial with the means of all whose values are known."""
    known = [figures for trial in trials if None not in (figures := _figures(trial))]
    if len(known) < 2:
        return trials[0]
    by_chance, honest, value, low, high = np.array(known, dtype=np.float64).mean(0).tolist()
    return replace(trials[0], by_chance=by_chance, honest=honest, lost=Estimate(value=value, low=low, high=high))


def _figures(trial: HonestSplit) -> tuple[float | None, ...]:
    return trial.by_chance, trial.honest, trial.lost.value, trial.lost.low, trial.lost.high


def _sample(candidate: Candidate, seed: int) -> Codes:
    """Positions of at most 2,000 rows: whole groups, or any rows where time is what keeps them apart."""
    codes, rng = candidate.codes, np.random.default_rng(seed)
    if len(codes) <= MOST_ROWS:
        return np.arange(len(codes))
    if candidate.kind == "time":
        return np.sort(rng.permutation(len(codes))[:MOST_ROWS])
    order = rng.permutation(int(codes.max()) + 1)[codes]
    return np.sort(np.argsort(order, kind="stable")[:MOST_ROWS])


def _compared(
    task: Task, able: Sequence[Recipe], sample: Split, candidate: Candidate, codes: Codes, *, primary: str, seed: int
) -> HonestSplit:
    known = torch.from_numpy(np.unique(codes, return_inverse=True)[1])
    honest = replace(sample, time=known) if candidate.kind == "time" else replace(sample, group=known)
    by_chance = _best(task, able, sample, primary=primary, seed=seed)
    apart = _best(task, able, honest, primary=primary, seed=seed)
    if candidate.kind == "time":  # the last stretch alone was predicted from as many rows as by chance
        late = known.argsort(stable=True).argsort(stable=True) * FOLDS // len(known) == FOLDS - 1
        by_chance = _part(by_chance, sample.rows[late])
        apart = _part(apart, sample.rows[late])
        units = None
    else:
        units = known
    scores = [point_scores(task, predictions)[primary] for predictions in (by_chance, apart)]
    return HonestSplit(
        kind=candidate.kind,
        column=candidate.column,
        groups=len(known.unique()),
        by_chance=scores[0],
        honest=scores[1],
        lost=difference(replace(by_chance, group=units), replace(apart, group=units), primary),
    )


def _best(task: Task, able: Sequence[Recipe], sample: Split, *, primary: str, seed: int) -> Predictions:
    tried = [out_of_fold(task, recipe, sample, folds=FOLDS, seed=seed) for recipe in able]
    return max(tried, key=lambda candidate: point_scores(task, candidate)[primary] or -np.inf)


def _part(predictions: Predictions, rows: Tensor) -> Predictions:
    """The predictions of these source rows."""
    kept = torch.isin(predictions.rows, rows)
    prob = None if predictions.prob is None else predictions.prob[kept]
    return Predictions(
        split=predictions.split,
        rows=predictions.rows[kept],
        target=predictions.target[kept],
        pred=predictions.pred[kept],
        prob=prob,
    )


def candidates(
    task: Task, rows: Rows, at: Codes, train: Split, *, groups: Sequence[str], copies: bool = False, seed: int
) -> Iterator[Candidate]:
    """What may know each other among the training rows of a table.

    Args:
        task: Kind of target.
        rows: All rows.
        at: Positions of the training rows among them.
        train: The same, encoded.
        groups: Columns whose values stand on both sides of the split.
        copies: Whether equal rows stand there, which may be copies or alike by nature.
        seed: Of folds.
    """
    frame = rows.inputs
    if not isinstance(frame, pl.DataFrame) or len(at) != len(train):
        return
    for name in groups[:2]:
        series = rows.group if rows.group is not None and rows.group.name == name else frame[name]
        codes = np.unique(series[at].cast(pl.String).fill_null("").to_numpy(), return_inverse=True)[1]
        yield Candidate(kind="group", column=name, codes=codes.astype(np.int64))
    dated = False
    for series in ([rows.time] if rows.time is not None else []) + list(frame):
        if tells_when(series) and (series.dtype.is_temporal() or goes_on(_in_order(series, rows.numbers))):
            ranks = series[at].rank("dense").fill_null(0).to_numpy().astype(np.int64)
            if dated := len(np.unique(ranks)) >= FEWEST_GROUPS:
                yield Candidate(kind="time", column=series.name, codes=ranks)
                break
    yield from _equal(rows, at) if copies else ()
    yield from () if groups else _unnamed(task, rows, at, train, dated=dated, seed=seed)


def _in_order(series: pl.Series, numbers: Codes) -> NDArray[np.float64]:
    """The numbers of a column in the file's order, NaN for empty cells."""
    return series[numbers.argsort()].cast(pl.Float64).fill_null(np.nan).to_numpy()


def _unnamed(task: Task, rows: Rows, at: Codes, train: Split, *, dated: bool, seed: int) -> Iterator[Candidate]:
    """Rows that may know each other without a column that says so."""
    frame = rows.inputs
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - for the type checker
    place = rows.numbers[at].argsort().argsort()
    by_target = _by_target(train.y[torch.from_numpy(place.argsort())], classes=not task.numeric)
    together = None if by_target else stretches(frame, rows.numbers)
    if together is not None:
        yield Candidate(kind="stretch", column="", codes=np.unique(together[at], return_inverse=True)[1])
    company = near_groups(train, task.spec.cardinalities, seed=seed)
    if company is not None:
        yield Candidate(kind="near", column="", codes=company)
    if together is None and not by_target and not _is_sorted(frame, at) and _follows(task, train, seed=seed):
        size = max(SMALLEST_BLOCK, min(len(at), MOST_ROWS) // BLOCKS)  # as many in the sample of a large file
        first, *others = ((place + trial * size // TRIALS) // size for trial in range(TRIALS))
        yield Candidate(kind="block", column="", codes=first, others=tuple(others))
        if task.numeric and not dated and _is_series(train.y[torch.from_numpy(place.argsort())]):
            yield Candidate(kind="time", column="", codes=place)


def _equal(rows: Rows, at: Codes) -> Iterator[Candidate]:
    """Rows with equal inputs, together."""
    same = np.unique(row_hashes(rows)[at], return_inverse=True)[1]
    yield Candidate(kind="copy", column="", codes=same.astype(np.int64))


def _is_sorted(frame: pl.DataFrame, at: Codes) -> bool:
    """Whether the file is sorted by one of its own columns, so that blocks of it are that column's levels.

    A model may know a level by the column; leaving levels out would ask for something else than other rows.
    """
    for series in frame:
        values = series[at]
        levels = values.n_unique()
        if 2 <= levels <= (MOST_LEVELS if series.dtype.is_numeric() else len(at) // 4):
            runs = 1 + int((values.to_physical() != values.to_physical().shift(1)).sum())
            if runs <= 2 * levels < len(at) // 2:
                return True
    return False


def _is_series(target: Tensor) -> bool:
    """Whether targets `(n,)` in the file's order are nearly what they were a row before."""
    return float(torch.corrcoef(torch.stack([target[1:], target[:-1]]).double())[0, 1]) >= SERIES


def _by_target(target: Tensor, *, classes: bool) -> bool:
    """Whether the file is sorted by its target, `(n,)` in the file's order, so that blocks of it are its levels."""
    steps = target[1:].double() - target[:-1].double()
    changes = steps[steps != 0]
    if classes:
        return len(changes) < 2 * len(target.unique()) < len(target) // 2
    ups = float((changes > 0).double().mean()) if len(changes) else 1.0
    return max(ups, 1 - ups) >= IN_ORDER


def near_groups(train: Split, cardinalities: tuple[int, ...], *, seed: int) -> Codes | None:
    """Groups of training rows that lie close together in all inputs at once, apart from the rows around them.

    None without a continuous column, where rows coincide by chance, or where too few rows have companions.
    """
    if len(train) < FEWEST_ROWS or not len(continuous_columns(train.x)):
        return None
    kept = np.sort(np.random.default_rng(seed).permutation(len(train))[:MOST_ROWS])
    x = torch.from_numpy(one_hot(train.x[torch.from_numpy(kept)], cardinalities))
    x = (x - x.mean(0)) / x.std(0, correction=0).clamp_min(1e-9)
    nearest = torch.cdist(x, x).fill_diagonal_(torch.inf).topk(min(BEYOND_GROUPS, len(x) - 1), largest=False)
    far, close = nearest.values[:, NEIGHBOURS - 1, None], nearest.values[:, :PARTNERS]
    dimension = _dimension(nearest.values)
    within = CLOSE if dimension is None else min(max(CLOSE, (BY_CHANCE / NEIGHBOURS) ** (1 / dimension)), CLOSEST)
    is_close = (close <= within * far) & (far > 0)
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    first, place = torch.nonzero(is_close, as_tuple=True)
    links = coo_matrix(
        (np.ones(len(first)), (first.numpy(), nearest.indices[first, place].numpy())), shape=(len(x), len(x))
    ).tocsr()
    _, labels = connected_components(links.minimum(links.T), directed=False)  # close from either side
    sizes = np.bincount(labels)
    by_chance = 1.0 if dimension is None else 1 - (1 - within**dimension) ** (NEIGHBOURS - 1)
    least = max(IN_COMPANY, BEYOND_CHANCE * by_chance)
    if (sizes[labels] > 1).mean() < least or sizes.max() > LARGEST * len(x):
        return None
    codes = np.arange(len(train)) + len(sizes)  # rows that were not looked at stand alone
    codes[kept] = labels
    return codes.astype(np.int64)


def _dimension(distance: Tensor) -> float | None:
    """The dimension that farther neighbours show, on which close ones have no say; None where all lie equally far.

    Where a row's own group reaches among them, the step to other groups looks like next to no dimension. Neighbours
    farther out show more then; a smooth density has about the same one there, or less.

    Args:
        distance: `(n, 60)` of each row's neighbours, the nearest first.

    Source: Levina and Bickel 2004, equation 8.
    """
    found = []
    for first, count in ((NEIGHBOURS // 3, NEIGHBOURS), (NEIGHBOURS - 1, distance.shape[1])):
        last = distance[:, count - 1, None]
        spread = (last / distance[:, first:count].clamp_min(1e-12)).log().mean(1)
        spread = spread[spread > 0]
        if len(spread):
            ratios = np.mean([np.sum(1 / np.arange(rank, count)) for rank in range(first + 1, count + 1)])
            found.append(float(ratios) / float(spread.mean()))
    return max(1.0, *found) if found else None


def _follows(task: Task, train: Split, *, seed: int) -> bool:
    """Whether rows that follow each other in the file are mispredicted alike by a linear model, beyond chance."""
    if len(train) < FEWEST_ROWS:
        return False
    sample = replace(take(train, stratified_sample(task.in_unit(train.y), MOST_ROWS, seed=seed)), group=None, time=None)
    with quietly():
        predicted = out_of_fold(task, recipes(task.spec, seed=seed)[0], sample, folds=FOLDS, seed=seed)
    order = predicted.rows.argsort()
    if predicted.prob is None:
        missed = (predicted.target.double() - predicted.pred.double())[order]
    else:
        code = int(predicted.target.bincount().argmax())
        missed = ((predicted.target == code).double() - predicted.prob[:, code].double())[order]
    missed = missed.clamp(*missed.quantile(torch.tensor([0.01, 0.99], dtype=torch.float64)).tolist())
    missed = missed - missed.mean()
    alike = float((missed[1:] * missed[:-1]).sum() / (missed**2).sum().clamp_min(1e-300))
    return bool(alike >= max(ALIKE, 4 / len(missed) ** 0.5))
