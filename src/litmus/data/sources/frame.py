"""Tables that are already in memory, for notebooks: polars, pandas, or a mapping of columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import polars as pl

from litmus.data.files.table import CSVLayout, Table, check_names, digest, distinct_names, settle_names
from litmus.data.location import Location
from litmus.data.rows import Origin
from litmus.data.sources.tables import ENSEMBLE_SIZE, TableSource
from litmus.errors import DataError, quote

NAME = "frame"


@final
@dataclass(frozen=True, kw_only=True)
class Frame(TableSource):
    """A frame in memory; its types are kept, as with Parquet.

    Args:
        frame: A polars or pandas frame, or a mapping of names to columns.
        target: Column to predict.
    """

    frame: Any
    target: str

    ensemble_size: ClassVar[int] = ENSEMBLE_SIZE

    def load(self) -> Table:
        return table_of(self.frame, self.layout)

    def target_name(self, table: Table) -> str:
        table.column(self.target, "target")
        return self.target


def table_of(frame: object, layout: CSVLayout | None = None) -> Table:
    """A frame as a table whose rows are numbered from 0, its names settled as those of files are.

    Raises:
        DataError: Not a frame, without rows, or with two columns of one name.
    """
    table = _as_polars(frame)
    location = Location(file=NAME)
    check_names(names := distinct_names(table.columns), location)
    table = table.rename(dict(zip(table.columns, names, strict=True)))
    if not table.height:
        raise location.error("the frame has no rows")
    origin = Origin(path=NAME, sha256=digest(table), rows=table.height)
    layout = layout or CSVLayout()
    settled = settle_names(table, location, strict=layout.strict)
    table = table.drop(settled.dropped).rename(dict(settled.renamed))
    return Table(frame=table, origin=origin, location=location, layout=layout, notes=settled.notes)


def _as_polars(frame: object) -> pl.DataFrame:
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if isinstance(frame, pl.DataFrame):
        return frame
    if isinstance(frame, Mapping):
        return _from_mapping(frame)
    if hasattr(frame, "columns") and hasattr(frame, "iloc"):
        return _from_pandas(frame)
    raise DataError(f"{quote(type(frame).__name__)} is not a table; give a polars or pandas frame, or a path")


def _from_mapping(columns: Mapping[Any, Any]) -> pl.DataFrame:
    try:
        return pl.DataFrame({str(name): values for name, values in columns.items()}, strict=False)
    except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
        reason = str(error).split("\n")[0]
        raise DataError(f"the mapping makes no table ({reason}); give columns of one length", file=NAME) from error


def _from_pandas(frame: Any) -> pl.DataFrame:
    """Column by column, because polars' own way needs pyarrow."""
    names = distinct_names([str(name) for name in frame.columns])
    check_names(names, Location(file=NAME))
    return pl.DataFrame([_column(name, frame.iloc[:, number]) for number, name in enumerate(names)])


def _column(name: str, column: Any) -> pl.Series:
    missing = column.isna().to_numpy()
    if column.dtype.kind in "iufb" and isinstance(column.dtype, np.dtype):
        return pl.Series(name, column.to_numpy(), nan_to_null=True)
    if column.dtype.kind == "M":
        moments = column.dt.tz_convert("UTC").dt.tz_localize(None) if column.dt.tz is not None else column
        return pl.Series(name, moments.to_numpy().astype("datetime64[us]"))
    values = [None if gone else value for gone, value in zip(missing, column.tolist(), strict=True)]
    if any(isinstance(value, str) for value in values):
        values = [None if value is None else str(value) for value in values]
    return pl.Series(name, values, strict=False)
