"""Where values are in their source, so that an error can name file, row, line and column."""

from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from litmus.errors import DataError


@final
@dataclass(frozen=True, kw_only=True)
class Location:
    """The file of some rows, and the place of each row in it.

    Args:
        file: Path as the user gave it, or the source's name.
        rows: `(n,)` row numbers counted from 0; None: positions are row numbers.
        lines: `(n,)` lines of the file counted from 1; None where a file has no lines.
        first_row: Number of rows of the file before these.
        first_line: Number of lines of the file before the text at hand.
        names: The path of each row's file below `file`, which is then a folder.
        other: A second file or folder, and which rows `(n,)` are from it; their `names` begin with its name.
    """

    file: str | None = None
    rows: NDArray[np.int64] | None = None
    lines: NDArray[np.int64] | None = None
    first_row: int = 0
    first_line: int = 0
    names: tuple[str, ...] | None = None
    other: tuple[str, NDArray[np.bool_]] | None = None

    def error(self, message: str, *, position: int | None = None, column: str | None = None) -> DataError:
        """The error to raise about the value at `position` among these rows."""
        if position is None:
            return DataError(message, file=self.file, column=column)
        is_other = self.other is not None and bool(self.other[1][position])
        file = self.other[0] if self.other is not None and is_other else self.file
        if self.names is not None:
            folder = Path(file or "")
            return DataError(message, file=(folder.parent if is_other else folder) / self.names[position])
        row = position if self.rows is None else int(self.rows[position])
        line = None if self.lines is None else int(self.lines[position])
        return DataError(message, file=file, row=row, line=line, column=column)

    def line_error(self, message: str, line: int, *, row: int | None = None) -> DataError:
        """The error to raise about a line, and a row, of the text at hand."""
        row = None if row is None else row + self.first_row
        return DataError(message, file=self.file, row=row, line=line + self.first_line)


def first_true(mask: pl.Series) -> int | None:
    """Position of the first true value; None if there is none. Nulls count as false."""
    position = mask.fill_null(value=False).arg_max()
    return None if position is None or not mask[position] else int(position)
