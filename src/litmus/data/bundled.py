"""What tables without a file share: they come from a package or a formula, under a name and a digest of their own."""

import hashlib
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from litmus.data.base import Origin
from litmus.data.place import Place
from litmus.data.reading import Table
from litmus.data.table import TableSource


@dataclass(frozen=True, kw_only=True)
class NamedTable(TableSource):
    """A table that a name stands for."""

    target_column: ClassVar[str]

    @abstractmethod
    def frame(self) -> pl.DataFrame:
        """Columns and, under `target_column`, the target."""

    @classmethod
    def stem(cls) -> str:
        """The name under which config and provenance know the table."""
        return cls.__module__.rsplit(".", 1)[-1]

    def load(self) -> Table:
        frame = self.frame()
        origin = Origin(path=self.stem(), sha256=digest(frame), rows=frame.height)
        return Table(frame=frame, origin=origin, place=Place(file=self.stem()))

    def target_name(self, table: Table) -> str:  # the table is ours: its target is known
        return self.target_column


def digest(frame: pl.DataFrame) -> str:
    """SHA-256 of names and values."""
    total = hashlib.sha256(repr(frame.schema).encode())
    for series in frame:
        wide = str(series.dtype).endswith("128")  # whole numbers that numpy has no type for
        values = (series.cast(pl.String) if wide else series).to_numpy()
        total.update(values.tobytes() if values.dtype != object else "\0".join(map(str, series.to_list())).encode())
    return total.hexdigest()


def from_sklearn(bunch: Any, target: str) -> pl.DataFrame:
    """Columns of a scikit-learn data set, its classes by their names."""
    columns = {str(name): bunch.data[:, i] for i, name in enumerate(bunch.feature_names)}
    names = getattr(bunch, "target_names", None)
    values = bunch.target if names is None else [str(names[code]) for code in bunch.target]
    return pl.DataFrame({**columns, target: values})
