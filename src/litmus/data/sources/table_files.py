"""Tables in files: a path, a target to be named, and perhaps a second file to test on."""

from abc import abstractmethod
from collections.abc import Hashable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, final

import polars as pl

from litmus.data.cell_reading import PLAIN, Decimal, Reading
from litmus.data.columns.kinds import ColumnKind, as_text, conform, kind_of
from litmus.data.columns.numbers import numbers_of, read_numbers
from litmus.data.columns.selection import SelectedColumns, read_roles
from litmus.data.columns.target_column import complete_target, read_target
from litmus.data.files.csv import open_csv
from litmus.data.files.disk_store import Memory
from litmus.data.files.parquet import open_parquet
from litmus.data.files.readers import is_table, read_table
from litmus.data.files.table import CSVLayout, Delimiter, Table
from litmus.data.location import first_true
from litmus.data.rows import Rows, with_test_rows
from litmus.data.sources.tables import ENSEMBLE_SIZE, TableSource
from litmus.errors import DataError, quote


@dataclass(frozen=True, kw_only=True)
class FileTable(TableSource):
    """A table in a file.

    Args:
        path: The file.
        target: Column to predict.
        test_path: A second file with the same columns, whose rows are the test split; rows are numbered per file.
        memory: MB that the rows may take; a larger table is kept on disk and trained on piece by piece. auto: half of
            the machine's memory.
    """

    path: str | None = None
    target: str | None = None
    test_path: str | None = None
    memory: Memory = "auto"

    ensemble_size: ClassVar[int] = ENSEMBLE_SIZE

    @abstractmethod
    def open(self, path: str) -> Table:
        """The table in that file."""

    def state(self) -> Hashable | None:
        try:
            found = [Path(path).stat() for path in (self.path, self.test_path) if path is not None]
        except OSError:  # reading it will say what is wrong
            return None
        return tuple((file.st_dev, file.st_ino, file.st_size, file.st_mtime_ns) for file in found)

    def load(self) -> Table:
        if self.path is None:
            raise DataError("data.path is missing; set data.path=<file> and data.target=<column>")
        return self.open(self.path)

    def target_name(self, table: Table) -> str:
        if self.target is None:
            shown = ", ".join(table.frame.columns[:12])
            raise table.location.error(f"data.target is missing; set it to one of the columns: {shown}")
        table.column(self.target, "data.target")
        return self.target

    def read(self) -> Rows:
        if self.test_path is None:
            return super().read()
        rows, selected = self.typed_rows(self.load())
        rows = self.complete_rows(rows, selected)
        test = self._test_rows(self.test_path, rows, selected)
        return with_test_rows(rows, self.complete_rows(test, selected))

    def _test_rows(self, path: str, rows: Rows, selected: SelectedColumns) -> Rows:
        """The test file's rows, their columns read as the kinds that the training file's columns have."""
        table = read_table(path, self.layout, memory=self.memory) if is_table(path) else self.open(path)
        assert rows.target is not None  # noqa: S101 - read_target gives one
        missing = [name for name in (*selected.frame.columns, rows.target.name) if name not in table.frame.columns]
        if missing:
            message = f"columns of {self.path} are missing here; add them: {', '.join(missing)}"
            raise table.location.error(message)
        columns = [_column_like(table, series, selected.readings.get(series.name, PLAIN)) for series in selected.frame]
        reading = rows.readings.get(rows.target.name, PLAIN)
        test = table.rows(pl.DataFrame(columns), _target_like(table, rows.target, reading))
        test = read_roles(test, table, replace(self.roles, split=None), table.layout)
        return complete_target(test, self.missing_rule)


def _target_like(table: Table, like: pl.Series, reading: Reading) -> pl.Series:
    """The target's column, which must hold numbers or labels as the training file's does."""
    raw = table.frame[like.name]
    if like.dtype.is_numeric() or (like.dtype == pl.String and read_numbers(like).stray is None):
        if raw.dtype == pl.String:
            numbers_of(raw, table.location, table.layout, reading=reading, forced=True)
        return read_target(table, like.name, reading).values
    target, known = read_target(table, like.name, reading).values, as_text(like).unique().sort()
    folded = known.str.to_lowercase().to_list()
    unknown = first_true(target.is_not_null() & ~as_text(target).str.to_lowercase().is_in(folded))
    if unknown is not None:
        message = (
            f"the label {quote(target[unknown])} is none of the training file's: {', '.join(map(quote, known[:8]))}"
        )
        raise table.location.error(message, position=unknown, column=like.name)
    return target


def _column_like(table: Table, like: pl.Series, reading: Reading) -> pl.Series:
    """The column of the same name, as the kind that `like` has in the training file."""
    kinds: dict[type[pl.DataType], ColumnKind] = {
        pl.Float64: "number",
        pl.Boolean: "boolean",
        pl.Datetime: "date",
        pl.Categorical: "category",
        pl.String: "id",
    }
    kind = kinds.get(like.dtype.base_type(), kind_of(like))
    first = table.layout.day_first if reading.day_first is None else reading.day_first
    layout = replace(table.layout, day_first=first, year_first=reading.day_first is None)
    typed = conform(table.frame[like.name], kind, table.location, layout, reading)
    return table.stored(typed.series.cast(like.dtype))


@final
@dataclass(frozen=True, kw_only=True)
class CSV(FileTable):
    """A CSV file in UTF-8 or UTF-16 with a header line; gzip is unpacked.

    Args:
        delimiter: What stands between cells, where space is any run of blanks; null: what the file says in a first line
            such as `sep=;`, else a comma (a tab in `.tsv` and `.tab` files), else the one that the header contains.
        decimal: The decimal separator; auto: a point, or a comma where the numbers of the file show it.
        day_first: Whether 3/4/2025 is the third of April; null: the order that reads most of a column, month first
            where both do.
    """

    delimiter: Delimiter | None = None
    decimal: Decimal = "auto"
    day_first: bool | None = None

    @property
    def layout(self) -> CSVLayout:
        return CSVLayout(
            delimiter=self.delimiter,
            decimal=self.decimal,
            day_first=self.day_first,
            strict=self.strict,
            missing=self.missing_words,
        )

    def open(self, path: str) -> Table:
        return open_csv(path, self.layout, self.memory)


@final
@dataclass(frozen=True, kw_only=True)
class Parquet(FileTable):
    """A Parquet file; its types are kept: text is a category, never a number."""

    def open(self, path: str) -> Table:
        return open_parquet(path, self.memory, self.layout)
