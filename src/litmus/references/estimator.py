"""Established models as scikit-learn makes them: which ones suit which data, and how many rows each can afford.

What a fit costs is predicted from rows, columns and classes and never measured, so that the same data and seed give the
same references on a busy machine.
"""

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from litmus.task.spec import DataSpec

Array = NDArray[np.float64]

SIDE = 16
"""Images are averaged down by a whole factor until no side is longer, which costs digits no accuracy and is fast."""
SMALL_IMAGE = 32
HASHES = 2**14
"""Columns for single token ids, and as many for neighbouring pairs."""
MOST_LEVELS = 200
MANY_ROWS = 2000
FEW_ROWS, SEVERAL_CLASSES = 1000, 8
"""Up to so few rows, or from so many classes on, a forest often does better than boosted trees."""
MOST_BOOSTED = 20
"""Classes beyond which boosting, a tree for each of them a round, has too few rounds for the work allowed."""
TREES = 60
BESIDE = frozenset({"knn", "forest"})
"""References that stand beside others of their kind, and with which nothing further is checked."""
MOST_EXPONENT = 700.0
"""e to the power of it is still a number."""


@final
@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to make one reference.

    Args:
        name: As in `Reference.name`.
        strong: Whether it is strong for this kind of data.
        linear: Whether it is a linear model.
        inputs: From all of a split's `x` to what the estimator takes.
        make: The estimator, unfitted, for so many training rows.
        cost: Seconds of one fit and its predictions on one core, from the number of training rows.
        margins: Whether a classifier says margins instead of probabilities.
        variants: Other ways to make it, one of which is taken where it does better out of fold.
    """

    name: str
    strong: bool
    linear: bool
    inputs: Callable[[Tensor], Any]
    make: Callable[[int], Any]
    cost: Callable[[int], float]
    margins: bool = False
    variants: tuple[Callable[[int], Any], ...] = ()


def recipes(spec: DataSpec, *, seed: int) -> tuple[Recipe, ...]:
    """The references for this kind of data and target, cheapest first."""
    if spec.input == "text":
        return (_text(spec),)
    return _image(spec, seed) if spec.input == "image" else _table(spec, seed)


@contextmanager
def quietly() -> Iterator[None]:
    """One thread, and no warnings: a reference that has not quite converged is still a yardstick."""
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    # several threads slow small fits down, and sums in another order would change the last digits
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def _table(spec: DataSpec, seed: int) -> tuple[Recipe, ...]:
    width, outputs, numeric = spec.in_shape[0], _outputs(spec), spec.numeric
    spread = width + sum(min(size, MOST_LEVELS) for size in spec.cardinalities)
    looked_at = width * 0.15 if numeric else width**0.5
    linear = Recipe(
        name="linear",
        strong=True,
        linear=True,
        inputs=lambda x: one_hot(x, spec.cardinalities),
        make=lambda _: _linear(numeric),
        variants=(lambda _: _linear_of_log(),) if numeric else (lambda _: _linear(numeric, strength=0.03),),
        cost=lambda rows: 0.005 + rows * spread * outputs * 1e-7,
    )
    neighbours = Recipe(
        name="knn",
        strong=False,
        linear=False,
        inputs=lambda x: one_hot(x, spec.cardinalities),
        make=lambda rows: _neighbours(numeric, rows),
        variants=(lambda rows: _neighbours(numeric, rows, most=5),),
        cost=lambda rows: 0.01 + rows * rows * spread * 2e-9,
    )
    forest = Recipe(
        name="forest",
        strong=True,
        linear=False,
        inputs=_flat,
        make=lambda _: _forest(numeric, seed=seed),
        # a regression's trees look at every column for each split, a classifier's at the root of them
        cost=lambda rows: TREES * (2e-3 + rows * math.log2(rows + 2) * looked_at * 2e-8),
    )
    boosted = Recipe(
        name="boosted_trees",
        strong=True,
        linear=False,
        inputs=_flat,
        make=lambda rows: _boosted(spec, rows, seed=seed),
        cost=lambda rows: _rounds(spec) * outputs * (4e-4 + min(rows, 3000) * 7e-7 + rows * width * 6e-9),
    )
    several = outputs >= SEVERAL_CLASSES or spec.sizes.get("train", MANY_ROWS) <= FEW_ROWS
    trees = (forest, boosted) if several and outputs <= MOST_BOOSTED else (forest,) if several else (boosted,)
    return (linear, neighbours, *trees)


def _image(spec: DataSpec, seed: int) -> tuple[Recipe, ...]:
    channels, height, width = spec.in_shape
    outputs, numeric = _outputs(spec), spec.numeric
    pixels = channels * min(height, SIDE) * min(width, SIDE)
    return (
        Recipe(
            name="linear",
            strong=False,
            linear=True,
            inputs=pooled,
            make=lambda _: _linear(numeric),
            cost=lambda rows: 0.01 + rows * pixels * outputs * 1e-7,
        ),
        Recipe(
            name="svm",
            # photographs ask for more than a kernel over pixels; on small grey images it references a small CNN
            strong=channels == 1 and max(height, width) <= SMALL_IMAGE,
            linear=False,
            inputs=pooled,
            make=lambda _: _kernel_machine(numeric, seed),
            cost=lambda rows: 0.01 + rows * rows * pixels * 4e-10,
            margins=True,
        ),
    )


def _text(spec: DataSpec) -> Recipe:
    outputs, tokens, numeric = _outputs(spec), spec.in_shape[0], spec.numeric
    return Recipe(
        name="tfidf_linear",
        strong=True,
        linear=True,
        inputs=bag_of_words,
        make=lambda _: _weighted_words(numeric),
        cost=lambda rows: 0.05 * outputs + rows * min(tokens, 200) * outputs * 2e-6,
    )


def _outputs(spec: DataSpec) -> int:
    return len(spec.classes) if len(spec.classes) > 2 else 1


def _rounds(spec: DataSpec) -> int:
    """Boosting rounds: many classes need many trees a round, and so get fewer rounds, from 100 down to 20."""
    return max(20, min(100, 400 // _outputs(spec)))


def _rate(rounds: int) -> float:
    """Fewer rounds go further each, so that many classes, which get few, still arrive."""
    return min(0.3, max(0.1, 6 / rounds))


def one_hot(x: Tensor, cardinalities: tuple[int, ...]) -> Array:
    """A table's columns with its embedded categories, the last columns, spread out; rare codes share none."""
    flat = _flat(x)
    if not cardinalities:
        return flat
    numbers, codes = flat[:, : -len(cardinalities)], flat[:, -len(cardinalities) :]
    spread = [codes[:, [i]] == np.arange(min(size, MOST_LEVELS)) for i, size in enumerate(cardinalities)]
    return np.concatenate([numbers, *spread], axis=1).astype(np.float64)


def pooled(x: Tensor) -> Array:
    """Images `(n, channels, height, width)` as shares of white, averaged down by a whole factor and flattened."""
    shares = x.float() / 255 if x.dtype == torch.uint8 else x.float()
    factor = -(-max(x.shape[-2:]) // SIDE)
    if factor > 1:
        shares = torch.nn.functional.avg_pool2d(shares, factor, ceil_mode=True)
    return _flat(shares)


def bag_of_words(x: Tensor) -> Any:
    """Counts of single and neighbouring token ids as a sparse `(n, 2^15)` matrix; id 0 pads, and ids may collide."""
    from scipy.sparse import csr_matrix

    ids = x.numpy().astype(np.int64)
    row, place = np.nonzero(ids)
    first, second = ids[:, :-1], ids[:, 1:]
    pair_row, pair_place = np.nonzero((first > 0) & (second > 0))
    # Knuth's multiplicative hash: pairs need no table of their own
    pair = (first[pair_row, pair_place] * 2654435761 + second[pair_row, pair_place]) % HASHES
    columns = np.concatenate([ids[row, place] % HASHES, HASHES + pair])
    rows = np.concatenate([row, pair_row])
    return csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(ids), 2 * HASHES))


def _linear(numeric: bool, *, strength: float = 1.0) -> Any:
    """Ridge regression that chooses its own penalty, or logistic regression; `strength` is the inverse penalty."""
    from sklearn.linear_model import LogisticRegression, RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if numeric:
        return make_pipeline(StandardScaler(), RidgeCV(alphas=np.logspace(-3, 3, 7)))
    return make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=300))


def _linear_of_log() -> Any:
    """Ridge regression of the target's logarithm, its sign kept, for targets with a long tail."""
    from sklearn.compose import TransformedTargetRegressor

    return TransformedTargetRegressor(_linear(numeric=True), func=_log, inverse_func=_exp, check_inverse=False)


def _log(values: Array) -> Array:
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)))


def _exp(values: Array) -> Array:
    return np.asarray(np.sign(values) * np.expm1(np.minimum(np.abs(values), MOST_EXPONENT)))


def _neighbours(numeric: bool, rows: int, *, most: int = 15) -> Any:
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    make = KNeighborsRegressor if numeric else KNeighborsClassifier
    most = most if numeric else max(5, min(most, round(rows**0.5 / 2)))
    return make_pipeline(StandardScaler(), make(n_neighbors=max(1, min(most, rows // 4))))


def _forest(numeric: bool, *, seed: int) -> Any:
    from sklearn.ensemble import ExtraTreesRegressor, RandomForestClassifier

    if numeric:
        return ExtraTreesRegressor(TREES, min_samples_leaf=2, random_state=seed)
    return RandomForestClassifier(TREES, random_state=seed)


def _boosted(spec: DataSpec, rows: int, *, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    make = HistGradientBoostingRegressor if spec.numeric else HistGradientBoostingClassifier
    first = spec.in_shape[0] - len(spec.cardinalities)
    codes = [first + i for i, size in enumerate(spec.cardinalities) if size <= MOST_LEVELS]
    return make(
        categorical_features=codes or None,
        max_iter=_rounds(spec),
        learning_rate=_rate(_rounds(spec)),
        max_leaf_nodes=8 if rows < MANY_ROWS else 31,
        min_samples_leaf=max(3, min(20, rows // 30)),
        l2_regularization=1.0,
        early_stopping=False,
        random_state=seed,
    )


def _kernel_machine(numeric: bool, seed: int) -> Any:
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC, SVR

    if numeric:
        machine = TransformedTargetRegressor(SVR(C=10.0), transformer=StandardScaler())
        return make_pipeline(StandardScaler(with_std=False), machine)
    return make_pipeline(StandardScaler(with_std=False), SVC(C=10.0, decision_function_shape="ovr", random_state=seed))


def _weighted_words(numeric: bool) -> Any:
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline

    last = Ridge(alpha=1.0) if numeric else LogisticRegression(C=10.0, max_iter=200)
    return make_pipeline(TfidfTransformer(sublinear_tf=True), last)


def _flat(x: Tensor) -> Array:
    return np.asarray(x.reshape(len(x), -1).double().numpy())
