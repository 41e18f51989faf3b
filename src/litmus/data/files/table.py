"""A table as it is in its file, before anything is inferred from its cells: the first step of a row.

Names of columns are checked here. Columns that name or count the rows instead of describing them are found by
`settle_names`, which also names the nameless ones.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal, Protocol, Self, final

import numpy as np
import polars as pl

from litmus.data.cell_reading import Decimal
from litmus.data.files.disk_store import DiskStore
from litmus.data.location import Location
from litmus.data.rows import Inputs, Origin, Rows
from litmus.errors import quote

Delimiter = Literal["comma", "semicolon", "tab", "pipe", "space"]
PANDAS_INDEX = "__index_level_0__"
COUNTS = "counts the rows"
PATTERN = re.compile(r"\*|\^.*\$")


@final
@dataclass(frozen=True, kw_only=True)
class CSVLayout:
    """How the cells and numbers of a CSV are written.

    Args:
        delimiter: What stands between cells, where space is any run of blanks; None: what the file says in a first line
            such as `sep=;`, else a comma (a tab in `.tsv` and `.tab` files), else the one that the header contains.
        decimal: The decimal separator; auto: a point, or what the cells show.
        day_first: Whether 3/4/2025 is the third of April; None: the order that reads most of a column, month first
            where both do.
        year_first: Whether 23-11-02 is in 2023 wherever it can be; False: the reading that spans less time is taken.
        strict: Whether all that would be assumed about the file is refused instead.
        missing: Values that stand for missing cells in every column, beside the usual marks.
    """

    delimiter: Delimiter | None = None
    decimal: Decimal = "auto"
    day_first: bool | None = None
    year_first: bool = False
    strict: bool = False
    missing: tuple[str, ...] = ()

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """The layout of these fields, as JSON gives them."""
        return cls(**{**state, "missing": tuple(state.get("missing", ()))})


class TableColumns(Protocol):
    """A polars frame, or one whose columns are read from disk on access."""

    @property
    def columns(self) -> list[str]: ...
    @property
    def schema(self) -> pl.Schema: ...
    @property
    def height(self) -> int: ...
    def __getitem__(self, name: str, /) -> pl.Series: ...


@final
@dataclass(frozen=True, kw_only=True)
class Table:
    """A file as it stands: every cell of a CSV as text, the columns of Parquet as typed.

    Args:
        frame: Columns in the file's order.
        origin: Path and digest.
        location: Where each row is in the file.
        layout: How its CSV is written; not used for typed files.
        notes: One line on each change made while reading.
        store: Holds the typed columns where they are larger than memory; None: they stay in memory.
    """

    frame: TableColumns
    origin: Origin
    location: Location
    layout: CSVLayout = field(default_factory=CSVLayout)
    notes: tuple[str, ...] = ()
    store: DiskStore | None = None

    def column(self, name: str, key: str) -> pl.Series:
        """The column that config key `key` names.

        Raises:
            DataError: There is none; the nearest name is suggested.
        """
        if name not in self.frame.columns:
            raise self.location.error(f"{key}={name}: no such column; {near_column(name, self.frame.columns)}")
        return self.frame[name]

    def rows(self, inputs: Inputs, target: pl.Series | None, *, notes: Sequence[str] = ()) -> Rows:
        """The rows of the table, with what was made of its columns and a line on each thing of note."""
        numbers = self.location.rows
        return Rows(
            inputs=inputs,
            target=target,
            numbers=np.arange(self.frame.height, dtype=np.int64) if numbers is None else numbers,
            lines=self.location.lines,
            origin=self.origin,
            notes=(*self.notes, *notes),
            store=self.store,
        )

    def stored(self, column: pl.Series) -> pl.Series:
        """A typed column, moved to the disk store if there is one."""
        return column if self.store is None else self.store.keep(column)


@final
@dataclass(frozen=True)
class Names:
    """What is to be done about columns without a name, and about those that only name the rows.

    Args:
        dropped: Columns that are no features: row names and empty columns.
        renamed: Names given to nameless columns, by the blank names that they have.
        notes: A line on each.
    """

    dropped: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def settle_names(frame: TableColumns, location: Location, *, strict: bool = False) -> Names:
    """Row names are no features, and every other column gets a name.

    Row names are a column with pandas' own name for them, or a nameless first column whose values count the rows or
    are all different. An empty nameless column is left out as well.

    Args:
        frame: Its nameless columns have blank names, as `distinct_names` gives them.
        location: For messages.
        strict: Refuse nameless columns, but for one that counts the rows.

    Raises:
        DataError: Nameless columns that are refused, or that are most of the columns, as under a title.
    """
    dropped, renamed, notes = [], {}, []
    if PANDAS_INDEX in frame.columns:
        dropped.append(PANDAS_INDEX)
        notes.append(f"column {PANDAS_INDEX!r} is pandas' index; not used")
    nameless = [(number, name) for number, name in enumerate(frame.columns, start=1) if not name.strip()]
    numbers = [number for number, _ in nameless]
    if len(nameless) > 1 and (strict or 2 * len(nameless) > len(frame.columns)):
        message = f"columns {numbers[0]} and {numbers[1]} have no name; name them in the header, or remove them"
        raise location.error(message)
    for number, name in nameless:
        column = frame[name]
        if number == 1 and (why := _row_names(column)) and not (strict and why != COUNTS):
            dropped.append(name)
            notes.append(f"the nameless first column {why}; not used")
        elif strict:
            raise location.error(f"column {number} has no name; name it in the header, or remove it")
        elif _is_blank(column):
            dropped.append(name)
            notes.append(f"column {number} has neither a name nor values; not used")
        else:
            renamed[name] = _free_name(number, frame.columns)
            notes.append(f"column {number} has no name; it is called {renamed[name]!r} here")
    return Names(tuple(dropped), renamed, tuple(notes))


def _row_names(column: pl.Series) -> str:
    """Why a nameless first column only names the rows, in words; "" if it does not."""
    counts = column.cast(pl.Int64, strict=False)
    if not counts.null_count():
        steps = counts.diff().drop_nulls()
        if (steps == 1).all() and counts[0] in {0, 1}:
            return COUNTS
        if len(steps) and ((steps == 1) | (counts[1:] == counts[0])).all() and counts[0] in {0, 1}:
            return "counts the rows, anew in each part"
    numbers = column.cast(pl.Float64, strict=False)
    whole = numbers.null_count() > column.null_count() or bool((numbers == numbers.round(0)).all())  # or text
    if whole and column.null_count() <= 1 and column.n_unique() == len(column):
        return f"names the rows (such as {quote(column.drop_nulls()[0], 20)})"
    return ""


def _is_blank(column: pl.Series) -> bool:
    if column.dtype == pl.String:
        column = column.str.strip_chars()
        return bool(column.is_null().all()) or set(column.drop_nulls().unique()) == {""}
    return column.null_count() == len(column)


def _free_name(number: int, taken: Sequence[str]) -> str:
    name = f"column_{number}"
    while name in taken:
        name += "_"
    return name


def distinct_names(names: Sequence[str]) -> tuple[str, ...]:
    """The names stripped; nameless columns are told apart by their number of blanks, as no column may share a name."""
    blanks, named = 0, []
    for name in names:
        stripped = name.strip()
        named.append(stripped or " " * blanks)
        blanks += not stripped
    return tuple(named)


def near_column(name: str, columns: Sequence[str]) -> str:
    """A hint for a message: the column that was probably meant, or the columns that exist."""
    folded = {column.casefold(): column for column in columns}
    near = get_close_matches(name.strip().casefold(), list(folded), n=1)
    if near:
        return f"did you mean {quote(folded[near[0]])}?"
    if len(columns) == 1 and " " in columns[0]:
        return f"the only one is {quote(columns[0])}; if blanks separate the cells, set data.delimiter=space"
    shown = ", ".join(columns[:8]) + (f" and {len(columns) - 8} more" if len(columns) > 8 else "")
    hint = no_header_remedy(columns)
    return f"the columns are {shown}" + (f"; {hint}" if hint else "")


def check_names(names: Sequence[str], location: Location) -> None:
    """Raises DataError for two columns of one name, and for a name that means several columns to polars.

    Nameless columns are settled by `settle_names`.
    """
    seen: dict[str, int] = {}
    for number, name in enumerate(names, start=1):
        if PATTERN.fullmatch(name):
            raise location.error(f"column {number} is named {quote(name)}, which is read as a pattern; rename it")
        if name in seen and name.strip():
            both = f"columns {seen[name]} and {number}"
            raise location.error(f"{both} are both named {quote(name)}; {no_header_remedy(names) or 'rename one'}")
        seen[name] = number


def no_header_remedy(names: Sequence[str]) -> str:
    """A remedy for files without a header, whose column names look like numbers; "" for any other."""
    number = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
    return "if the file has no header, write one above its first line" if any(map(number.fullmatch, names)) else ""


def digest(frame: pl.DataFrame) -> str:
    """SHA-256 of a frame's column names, types and values, in hexadecimal digits."""
    total = hashlib.sha256(repr(frame.schema).encode())
    for series in frame:
        wide = str(series.dtype).endswith("128")  # whole numbers that numpy has no type for
        values = (series.cast(pl.String) if wide else series).to_numpy()
        total.update(values.tobytes() if values.dtype != object else "\0".join(map(str, series.to_list())).encode())
    return total.hexdigest()
