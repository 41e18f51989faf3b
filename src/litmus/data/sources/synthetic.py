"""Tables drawn from a formula, each with a size and a seed of its own."""

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, final

import numpy as np
import polars as pl
from annotated_types import Ge, Gt, Lt
from numpy.typing import NDArray

from litmus.data.rows import Rows, with_test_rows
from litmus.data.sources.bundled import NamedTable
from litmus.data.split import SplitRule
from litmus.memory import check_rows

FRESH = 1_000_003
CELL = 40  # bytes of a number, as it is drawn, kept in a table, encoded and split
CHANNELS = ("shop", "online", "phone", "machine")


@dataclass(frozen=True, kw_only=True)
class SyntheticTable(NamedTable):
    """Rows drawn from a formula.

    Args:
        n_samples: Rows.
        seed: Of the generator alone: the run's seed changes split and training, not the rows.
        fresh_val: Draw so many further rows for validation, and share the others out between train and test alone, as
            scikit-learn's `train_test_split(test_size=test_fraction, random_state=seed)` does (`line`: in order);
            null: val and test are taken from the rows by `split`.
    """

    n_samples: Annotated[int, Ge(10)] = 1000
    seed: Annotated[int, Ge(0)] = 42
    fresh_val: Annotated[int, Ge(1)] | None = None

    target_column = "y"
    in_order: ClassVar[bool] = False

    @abstractmethod
    def sample(self, n: int, seed: int) -> pl.DataFrame:
        """`n` rows with the target as column `target_column`."""

    def fresh(self, n: int) -> pl.DataFrame:
        """`n` rows of the same distribution that are not among those of `sample(n_samples, seed)`."""
        return self.sample(n, self.seed + FRESH)

    @property
    def width(self) -> int:
        """Columns, the target's included."""
        return 3

    def frame(self) -> pl.DataFrame:
        groups = getattr(self, "classes", None) or 0
        check_rows("data.n_samples", self.n_samples, self.width * CELL)
        check_rows("data.classes", groups, self.width * CELL)
        return self.sample(self.n_samples, self.seed)

    def read(self) -> Rows:
        if self.fresh_val is None:
            return super().read()
        check_rows("data.fresh_val", self.fresh_val, self.width * CELL)
        drawn = replace(self, fresh_val=None).read()
        rows = with_test_rows(drawn, self._fresh_like(drawn, self.fresh_val))
        return replace(
            rows,
            split=np.concatenate((self._train_or_test(len(drawn)), np.full(self.fresh_val, "val"))),
            numbers=np.arange(len(rows)),
            notes=(*drawn.notes, f"val: {self.fresh_val} rows of their own, drawn beside the {len(drawn)}"),
        )

    def _fresh_like(self, drawn: Rows, n: int) -> Rows:
        """`n` further rows with the columns and types of those drawn."""
        frame = self.fresh(n)
        assert isinstance(drawn.inputs, pl.DataFrame)  # noqa: S101 - tables only
        columns = [frame[series.name].cast(series.dtype) for series in drawn.inputs]
        return replace(drawn, inputs=pl.DataFrame(columns), target=frame[self.target_column], numbers=np.arange(n))

    def _train_or_test(self, n: int) -> NDArray[np.str_]:
        """The split of n rows: the last, or a random `test_fraction` of them, are test."""
        split = np.full(n, "train")
        if self.in_order:
            split[n - round(self.test_fraction * n) :] = "test"
            return split
        size = int(np.ceil(self.test_fraction * n))
        legacy = np.random.RandomState(self.seed)
        split[legacy.permutation(n)[:size]] = "test"
        return split


@final
@dataclass(frozen=True, kw_only=True)
class Circles(SyntheticTable):
    """Points on an outer circle (label 0) and an inner one (label 1), equal to scikit-learn's `make_circles`.

    Args:
        noise: SD of the normal noise on both coordinates.
        factor: Radius of the inner circle; the outer one has 1.
    """

    noise: Annotated[float, Ge(0)] = 0.03
    factor: Annotated[float, Gt(0), Lt(1)] = 0.8

    target_column = "label"

    def sample(self, n: int, seed: int) -> pl.DataFrame:
        rng = np.random.RandomState(seed)
        outer = n // 2
        angles = [np.linspace(0, 2 * np.pi, size, endpoint=False) for size in (outer, n - outer)]
        radii = np.repeat([1.0, self.factor], [outer, n - outer])
        angle = np.concatenate(angles)
        points = np.stack((radii * np.cos(angle), radii * np.sin(angle)), axis=1)
        labels = np.repeat([0, 1], [outer, n - outer])
        order = np.arange(n)
        rng.shuffle(order)
        points = points[order] + rng.normal(scale=self.noise, size=points.shape)
        return pl.DataFrame({"x1": points[:, 0], "x2": points[:, 1], self.target_column: labels[order]})


@final
@dataclass(frozen=True, kw_only=True)
class Moons(SyntheticTable):
    """Points on an upper moon (label 0) and a lower one (label 1), equal to scikit-learn's `make_moons`.

    Args:
        noise: SD of the normal noise on both coordinates.
    """

    noise: Annotated[float, Ge(0)] = 0.1

    target_column = "label"

    def sample(self, n: int, seed: int) -> pl.DataFrame:
        rng = np.random.RandomState(seed)
        upper = n // 2
        first, second = np.linspace(0, np.pi, upper), np.linspace(0, np.pi, n - upper)
        x1 = np.concatenate((np.cos(first), 1 - np.cos(second)))
        x2 = np.concatenate((np.sin(first), 1 - np.sin(second) - 0.5))
        labels = np.repeat([0, 1], [upper, n - upper])
        order = np.arange(n)
        rng.shuffle(order)
        points = np.stack((x1, x2), axis=1)[order]
        points = points + rng.normal(scale=self.noise, size=points.shape)
        return pl.DataFrame({"x1": points[:, 0], "x2": points[:, 1], self.target_column: labels[order]})


@final
@dataclass(frozen=True, kw_only=True)
class Blobs(SyntheticTable):
    """Normal clouds in the plane, one a class, whose centres lie on a circle of radius 4.

    Args:
        classes: Number of clouds.
        spread: SD of each cloud in both directions.
    """

    classes: Annotated[int, Ge(2)] = 3
    spread: Annotated[float, Gt(0)] = 1.0

    target_column = "label"

    def sample(self, n: int, seed: int) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        labels = rng.permutation(np.arange(n) % self.classes)
        angle = 2 * np.pi * labels / self.classes
        x1 = 4 * np.cos(angle) + rng.normal(scale=self.spread, size=n)
        x2 = 4 * np.sin(angle) + rng.normal(scale=self.spread, size=n)
        return pl.DataFrame({"x1": x1, "x2": x2, self.target_column: labels})


@final
@dataclass(frozen=True, kw_only=True)
class Spirals(SyntheticTable):
    """Arms of equal length that start at the centre, one a class.

    Args:
        classes: Number of arms.
        turns: Times that an arm winds round the centre.
        noise: SD of the normal noise on both coordinates; an arm ends at radius 1.
    """

    classes: Annotated[int, Ge(2)] = 2
    turns: Annotated[float, Gt(0)] = 1.0
    noise: Annotated[float, Ge(0)] = 0.03

    target_column = "label"

    def sample(self, n: int, seed: int) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        labels = rng.permutation(np.arange(n) % self.classes)
        radius = np.sqrt(rng.uniform(0.01, 1, n))
        angle = 2 * np.pi * (self.turns * radius + labels / self.classes)
        x1 = radius * np.cos(angle) + rng.normal(scale=self.noise, size=n)
        x2 = radius * np.sin(angle) + rng.normal(scale=self.noise, size=n)
        return pl.DataFrame({"x1": x1, "x2": x2, self.target_column: labels})


@final
@dataclass(frozen=True, kw_only=True)
class Line(SyntheticTable):
    """y = slope x + intercept at evenly spaced x from 0 up to 1: 50 rows, .02 apart, the later ones held out.

    Args:
        slope: Of the line.
        intercept: Its value at 0.
    """

    n_samples: Annotated[int, Ge(10)] = 50
    split: SplitRule = "time"
    slope: float = 0.7
    intercept: float = 0.3

    in_order = True

    def sample(self, n: int, seed: int) -> pl.DataFrame:  # nothing is random here
        return self._at(np.arange(n) / n)

    def fresh(self, n: int) -> pl.DataFrame:
        """Points half a step beside the others' grid."""
        return self._at((np.arange(n) + 0.5) / n)

    def _at(self, x: np.ndarray[tuple[int], np.dtype[np.float64]]) -> pl.DataFrame:
        return pl.DataFrame({"x": x, self.target_column: self.slope * x + self.intercept})


@final
@dataclass(frozen=True, kw_only=True)
class Linear(SyntheticTable):
    """y = slope x + intercept + noise, with x uniform from 0 to 10.

    Args:
        slope: Of the line.
        intercept: Its value at 0.
        noise: SD of the normal noise on y.
    """

    slope: float = 2.0
    intercept: float = 1.0
    noise: Annotated[float, Ge(0)] = 1.0

    def sample(self, n: int, seed: int) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        x = rng.uniform(0, 10, n)
        y = self.slope * x + self.intercept + rng.normal(scale=self.noise, size=n)
        return pl.DataFrame({"x": x, self.target_column: y})


@final
@dataclass(frozen=True, kw_only=True)
class Noise(SyntheticTable):
    """Standard normal inputs and an independent target.

    Args:
        inputs: Number of input columns.
        classes: Number of classes, equally likely; null: the target is a standard normal number.
    """

    inputs: Annotated[int, Ge(1)] = 10
    classes: Annotated[int, Ge(2)] | None = None

    @property
    def width(self) -> int:
        return self.inputs + 1

    def sample(self, n: int, seed: int) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(n, self.inputs))
        y = rng.normal(size=n) if self.classes is None else rng.integers(self.classes, size=n)
        columns = {f"x{i + 1}": x[:, i] for i in range(self.inputs)}
        return pl.DataFrame({**columns, self.target_column: y})


@final
@dataclass(frozen=True, kw_only=True)
class Imbalanced(SyntheticTable):
    """A payment's amount, hour, channel and four scores, and whether it is fraud.

    Args:
        positive_share: Share of fraud.
        separation: Distance of fraud from the rest, in SD of each score; 0: fraud cannot be recognised.
    """

    n_samples: Annotated[int, Ge(10)] = 5000
    positive_share: Annotated[float, Gt(0), Lt(1)] = 0.02
    separation: Annotated[float, Ge(0)] = 1.0

    target_column = "payment"

    def sample(self, n: int, seed: int) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        fraud = rng.permutation(n) < max(2, round(self.positive_share * n))
        shift = self.separation * fraud
        scores = {f"score{i + 1}": rng.normal(size=n) + sign * shift for i, sign in enumerate((1, -1, 1, 0))}
        return pl.DataFrame(
            {
                "amount": np.round(np.exp(rng.normal(3.5, 1.0, n) + 0.5 * shift), 2),
                "hour": (rng.normal(14, 4, n) + 4 * shift).astype(np.int64) % 24,
                "channel": self._channels(rng, fraud),
                **scores,
                self.target_column: np.where(fraud, "fraud", "genuine"),
            }
        )

    def _channels(self, rng: np.random.Generator, fraud: NDArray[np.bool_]) -> NDArray[np.str_]:
        """Fraud comes online more often, the more so the larger the separation."""
        drawn = rng.choice(CHANNELS, size=len(fraud), p=[0.4, 0.4, 0.05, 0.15])
        moved = fraud & (rng.random(len(fraud)) < 1 - 1 / (1 + self.separation))
        return np.where(moved, "online", drawn)
