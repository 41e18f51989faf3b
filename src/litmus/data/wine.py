"""Wine recognition: 178 wines of three growers, 13 chemical measurements."""

from dataclasses import dataclass
from typing import final

import polars as pl

from litmus.data.bundled import NamedTable, from_sklearn


@final
@dataclass(frozen=True, kw_only=True)
class Wine(NamedTable):
    """178 rows, 13 numbers of very different scales; 3 classes."""

    target_column = "class"

    def frame(self) -> pl.DataFrame:
        from sklearn.datasets import load_wine

        return from_sklearn(load_wine(), self.target_column)
