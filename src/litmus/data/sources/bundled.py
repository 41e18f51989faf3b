"""Tables without a file, which come from a package or a formula, and those of scikit-learn."""

import re
from abc import abstractmethod
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, ClassVar, final

import polars as pl

from litmus.data.files.table import Table, digest
from litmus.data.location import Location
from litmus.data.rows import Origin
from litmus.data.sources.tables import TableSource


@dataclass(frozen=True, kw_only=True)
class NamedTable(TableSource):
    """A table that is known by a name instead of a path."""

    target_column: ClassVar[str]

    @abstractmethod
    def frame(self) -> pl.DataFrame:
        """Columns and, under `target_column`, the target."""

    @classmethod
    def stem(cls) -> str:
        """The name under which config and provenance know the table: `breast_cancer` of `BreastCancer`."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()

    def state(self) -> Hashable | None:
        return ()

    def load(self) -> Table:
        frame = self.frame()
        origin = Origin(path=self.stem(), sha256=digest(frame), rows=frame.height)
        return Table(frame=frame, origin=origin, location=Location(file=self.stem()))

    def target_name(self, table: Table) -> str:  # the table is ours: its target is known
        return self.target_column


def from_sklearn(bunch: Any, target: str) -> pl.DataFrame:
    """Columns of a scikit-learn data set, its classes by their names."""
    columns = {str(name): bunch.data[:, i] for i, name in enumerate(bunch.feature_names)}
    names = getattr(bunch, "target_names", None)
    values = bunch.target if names is None else [str(names[code]) for code in bunch.target]
    return pl.DataFrame({**columns, target: values})


@final
@dataclass(frozen=True, kw_only=True)
class BreastCancer(NamedTable):
    """569 tumours, 30 measurements of their cell nuclei; the positive class is malignant (212 rows)."""

    target_column = "diagnosis"

    def frame(self) -> pl.DataFrame:
        from sklearn.datasets import load_breast_cancer

        return from_sklearn(load_breast_cancer(), self.target_column)


@final
@dataclass(frozen=True, kw_only=True)
class Diabetes(NamedTable):
    """442 patients, 10 measurements; the target is the progression of the disease after a year, from 25 to 346."""

    target_column = "progression"

    def frame(self) -> pl.DataFrame:
        from sklearn.datasets import load_diabetes

        return from_sklearn(load_diabetes(scaled=False), self.target_column)


@final
@dataclass(frozen=True, kw_only=True)
class Iris(NamedTable):
    """150 of Fisher's irises, 4 measurements; setosa, versicolor and virginica, 50 rows each."""

    target_column = "species"

    def frame(self) -> pl.DataFrame:
        from sklearn.datasets import load_iris

        return from_sklearn(load_iris(), self.target_column)


@final
@dataclass(frozen=True, kw_only=True)
class Wine(NamedTable):
    """178 wines of three growers, 13 chemical measurements on very different scales; 3 classes."""

    target_column = "class"

    def frame(self) -> pl.DataFrame:
        from sklearn.datasets import load_wine

        return from_sklearn(load_wine(), self.target_column)
