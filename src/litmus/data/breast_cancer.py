"""Breast cancer Wisconsin (diagnostic): 569 tumours, 30 measurements of cell nuclei, malignant or benign."""

from dataclasses import dataclass
from typing import final

import polars as pl

from litmus.data.bundled import NamedTable, from_sklearn


@final
@dataclass(frozen=True, kw_only=True)
class BreastCancer(NamedTable):
    """569 rows, 30 numbers; the positive class is malignant (212 rows)."""

    target_column = "diagnosis"

    def frame(self) -> pl.DataFrame:
        from sklearn.datasets import load_breast_cancer

        return from_sklearn(load_breast_cancer(), self.target_column)
