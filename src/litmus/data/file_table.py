"""What tables in files share: a path, a target to be named, and perhaps a second file to be tested on."""

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from litmus.data.base import Rows
from litmus.data.columns import ColumnKind, conform, kind_of
from litmus.data.features import Features
from litmus.data.large import open_table
from litmus.data.numbers import check_stray, read_numbers
from litmus.data.place import Place, first_true
from litmus.data.reading import Table, is_table
from litmus.data.shelf import Memory
from litmus.data.table import TableSource
from litmus.data.target import as_text
from litmus.data.target_column import read_target
from litmus.errors import DataError, quote

Inputs = pl.DataFrame | NDArray[Any] | list[str]


@dataclass(frozen=True, kw_only=True)
class FileTable(TableSource):
    """A table in a file.

    Args:
        path: The file.
        target: Column to predict.
        test_path: A second file with the same columns, whose rows are the test split; rows are numbered per file.
        memory: MB that the rows may take; a larger table is kept in files and learned from piece by piece. auto: half
            of the machine's memory.
    """

    path: str | None = None
    target: str | None = None
    test_path: str | None = None
    memory: Memory = "auto"

    @abstractmethod
    def open(self, path: str) -> Table:
        """The table in that file."""

    def load(self) -> Table:
        if self.path is None:
            raise DataError("data.path is missing; set data.path=<file> and data.target=<column>")
        return self.open(self.path)

    def target_name(self, table: Table) -> str:
        if self.target is None:
            shown = ", ".join(table.frame.columns[:12])
            raise table.place.error(f"data.target is missing; set it to one of the columns: {shown}")
        table.column(self.target, "data.target")
        return self.target

    def read(self) -> Rows:
        if self.test_path is None:
            return super().read()
        rows, chosen, place = self._rows(self.load())
        rows = self._kept(rows, chosen, place)
        test, test_chosen, test_place = self._test_rows(self.test_path, rows, chosen)
        return joined(rows, self._kept(test, test_chosen, test_place))

    def _test_rows(self, path: str, rows: Rows, chosen: Features) -> tuple[Rows, Features, Place]:
        """The test file's rows, read as the kinds that the training file's columns have."""
        table = open_table(path, self.layout, self.memory) if is_table(path) else self.open(path)
        place = table.place
        assert rows.target is not None  # noqa: S101 - read_target gives one
        missing = [name for name in (*chosen.frame.columns, rows.target.name) if name not in table.frame.columns]
        if missing:
            raise place.error(f"columns of {self.path} are missing here; add them: {', '.join(missing)}")
        columns = [_conformed(table, series, chosen.day_first.get(series.name)) for series in chosen.frame]
        test = Rows(
            inputs=pl.DataFrame(columns),
            target=_target_like(table, rows.target),
            numbers=np.arange(table.frame.height, dtype=np.int64),
            lines=place.lines,
            origin=table.origin,
            group=self._complete(table, self.group, "data.group"),
            time=self._read_time(table),
            weight=self._read_weight(table),
            shelf=table.shelf,
        )
        return test, replace(chosen, frame=pl.DataFrame(columns)), place


def _target_like(table: Table, like: pl.Series) -> pl.Series:
    """The target's column, with numbers or the same labels as that of the training file."""
    raw = table.frame[like.name]
    if like.dtype.is_numeric() or (like.dtype == pl.String and read_numbers(like).stray is None):
        if raw.dtype == pl.String:
            check_stray(raw, read_numbers(raw, table.layout.decimal), table.place, forced=True)
        return read_target(table, like.name)
    target, known = read_target(table, like.name), as_text(like).unique().sort()
    new = first_true(~as_text(target).str.to_lowercase().is_in(known.str.to_lowercase().to_list()))
    if new is not None:
        message = f"the label {quote(target[new])} is none of the training file's: {', '.join(map(quote, known[:8]))}"
        raise table.place.error(message, position=new, column=like.name)
    return target


def _conformed(table: Table, like: pl.Series, day_first: bool | None) -> pl.Series:
    kinds: dict[type[pl.DataType], ColumnKind] = {
        pl.Float64: "number",
        pl.Boolean: "boolean",
        pl.Datetime: "date",
        pl.Categorical: "category",
        pl.String: "id",
    }
    kind = kinds.get(like.dtype.base_type(), kind_of(like))
    first = table.layout.day_first if day_first is None else day_first
    layout = replace(table.layout, day_first=first, year_first=day_first is None)
    return table.kept(conform(table.frame[like.name], kind, table.place, layout).series.cast(like.dtype))


def joined(rows: Rows, test: Rows) -> Rows:
    """Rows to split, and after them rows that are all test."""
    split = np.asarray([""] * len(rows) if rows.split is None else rows.split, dtype="<U5")
    split[split == "test"] = "train"
    return Rows(
        inputs=_both(rows.inputs, test.inputs),
        target=_stacked(rows.target, test.target),
        numbers=np.concatenate((rows.numbers, test.numbers)),
        origin=replace(rows.origin, rows=rows.origin.rows + test.origin.rows),
        split=np.concatenate((split, np.full(len(test), "test"))),
        group=_stacked(rows.group, test.group),
        time=_stacked(rows.time, test.time),
        weight=None if rows.weight is None or test.weight is None else np.concatenate((rows.weight, test.weight)),
        lines=None if rows.lines is None or test.lines is None else np.concatenate((rows.lines, test.lines)),
        test_path=test.origin.path,
        shelf=rows.shelf or test.shelf,
        notes=(*rows.notes, f"test: all {len(test)} rows of {test.origin.path}"),
        day_first=rows.day_first,
    )


def _both(first: Inputs, second: Inputs) -> Inputs:
    """Table columns or texts, one after the other."""
    if isinstance(first, list) and isinstance(second, list):
        return first + second
    assert isinstance(first, pl.DataFrame)  # noqa: S101 - what tables hold
    assert isinstance(second, pl.DataFrame)  # noqa: S101
    return pl.concat([first, second])


def _stacked(first: pl.Series | None, second: pl.Series | None) -> pl.Series | None:
    """One series of both; as text where their types differ."""
    if first is None or second is None:
        return None
    if first.dtype != second.dtype:
        first, second = first.cast(pl.String), second.cast(pl.String)
    return pl.concat([first, second.alias(first.name)])
