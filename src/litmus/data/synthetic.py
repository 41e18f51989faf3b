"""What made-up tables share: a size, a seed of their own, and a split like scikit-learn's where one is asked for."""

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np
import polars as pl
from annotated_types import Ge
from numpy.typing import NDArray

from litmus.data.base import Rows
from litmus.data.bundled import NamedTable
from litmus.data.file_table import joined

FRESH = 1_000_003


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
        """`n` rows of the same law that are not among those of `sample(n_samples, seed)`."""
        return self.sample(n, self.seed + FRESH)

    def frame(self) -> pl.DataFrame:
        return self.sample(self.n_samples, self.seed)

    def read(self) -> Rows:
        if self.fresh_val is None:
            return super().read()
        made = replace(self, fresh_val=None).read()
        further = replace(made, inputs=self.fresh(self.fresh_val), target=None, numbers=np.arange(self.fresh_val))
        further = self._like(made, further)
        rows = joined(made, further)
        return replace(
            rows,
            split=np.concatenate((self._train_or_test(len(made)), np.full(self.fresh_val, "val"))),
            numbers=np.arange(len(rows)),
            notes=(*made.notes, f"val: {self.fresh_val} rows of their own, drawn beside the {len(made)}"),
        )

    def _like(self, made: Rows, further: Rows) -> Rows:
        """Further rows with the columns and types of the rows made."""
        frame = further.inputs
        assert isinstance(frame, pl.DataFrame)  # noqa: S101 - tables only
        assert isinstance(made.inputs, pl.DataFrame)  # noqa: S101
        columns = [frame[series.name].cast(series.dtype) for series in made.inputs]
        return replace(further, inputs=pl.DataFrame(columns), target=frame[self.target_column])

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
