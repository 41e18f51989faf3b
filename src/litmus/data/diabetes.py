"""Diabetes: 442 patients, 10 measurements, disease progression a year later."""

from dataclasses import dataclass
from typing import final

import polars as pl

from litmus.data.bundled import NamedTable, from_sklearn


@final
@dataclass(frozen=True, kw_only=True)
class Diabetes(NamedTable):
    """442 rows, 10 numbers; the target is a number from 25 to 346."""

    target_column = "progression"

    def frame(self) -> pl.DataFrame:
        from sklearn.datasets import load_diabetes

        return from_sklearn(load_diabetes(scaled=False), self.target_column)
