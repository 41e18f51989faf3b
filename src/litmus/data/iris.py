"""Fisher's irises: 150 flowers, 4 measurements, 3 species."""

from dataclasses import dataclass
from typing import final

import polars as pl

from litmus.data.bundled import NamedTable, from_sklearn


@final
@dataclass(frozen=True, kw_only=True)
class Iris(NamedTable):
    """150 rows, 4 numbers; setosa, versicolor, virginica, 50 rows each."""

    target_column = "species"

    def frame(self) -> pl.DataFrame:
        from sklearn.datasets import load_iris

        return from_sklearn(load_iris(), self.target_column)
