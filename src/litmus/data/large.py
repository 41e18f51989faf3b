"""Tables that may be larger than memory: their columns are read one at a time, and kept in files once they are typed.

A Parquet file is read column by column as it stands. A CSV is first checked piece by piece, as strictly as any other,
and its cells are kept as text in nameless Parquet files, from which its columns are read.
"""

import codecs
import gzip
import hashlib
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, cast, final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from litmus.config.words import path_of
from litmus.data.base import Origin
from litmus.data.layout import NEWLINE, QUOTE, Layout, check_names, opening
from litmus.data.place import Place
from litmus.data.reading import (
    GZIP,
    UTF_16,
    Table,
    cells_of,
    check_start,
    check_text,
    index_column,
    is_parquet,
    opened,
    read_csv,
    read_parquet,
    undamaged,
    unpacking,
)
from litmus.data.shelf import CELL, MB, Memory, Shelf, limit_of

CSV_GROWTH = 3  # times its own size that a CSV takes, measured on numbers of eight digits
GZIP_GROWTH = 5  # times its size that gzip unpacks to, usually
LARGEST_PIECE, SMALLEST_PIECE = 64 * MB, MB // 16
PATIENCE = 16  # pieces without the end of a record, after which a quote must have been left open


def open_table(path: str, layout: Layout, memory: Memory = "auto") -> Table:
    """A CSV or Parquet file, told apart by suffix."""
    return open_parquet(path, memory) if is_parquet(path) else open_csv(path, layout, memory)


def open_parquet(path: str, memory: Memory) -> Table:
    """A Parquet file with its columns as typed, in memory if they fit.

    Raises:
        DataError: Missing, damaged, or without rows.
    """
    shelf, file = Shelf(limit_of(memory)), path_of(path)
    try:
        scanned = pl.scan_parquet(file)
        schema, height = scanned.collect_schema(), int(scanned.select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, OSError, ValueError, pl.exceptions.PanicException):
        return read_parquet(path)  # which says what is wrong
    if height * len(schema) * CELL <= shelf.limit:
        return read_parquet(path)
    place = Place(file=path)
    check_names([name.strip() for name in schema], place)
    frame = LazyColumns([file], {name.strip(): name for name in schema}, schema, height, place)
    with opened(path) as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    return _table(frame, Origin(path=path, sha256=sha256, rows=height), place, shelf)


def open_csv(path: str, layout: Layout, memory: Memory) -> Table:
    """A CSV file with every cell as text, in memory if they fit.

    Raises:
        DataError: As `read_csv`.
    """
    shelf, file = Shelf(limit_of(memory)), path_of(path)
    with opened(path) as content:
        packed = content.read(len(GZIP)) == GZIP
    growth = CSV_GROWTH * (GZIP_GROWTH if packed else 1)
    if file.stat().st_size * growth <= shelf.limit:
        return read_csv(path, layout)
    with opened(path) as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    with opened(path) as content, unpacking(Place(file=path)):
        text = gzip.GzipFile(fileobj=content) if packed else content
        wide = text.peek(2)[:2] in UTF_16
        plain = cast("IO[bytes]", codecs.EncodedFile(cast("Any", text), "utf-8", "utf-16") if wide else text)
        frame, lines = _cells_in_pieces(plain, path, layout, shelf)
    place = Place(file=path, lines=lines)
    return _table(frame, Origin(path=path, sha256=sha256, rows=frame.height), place, shelf, layout)


@final
class LazyColumns:
    """The columns of Parquet files with the same columns, read each time they are asked for.

    Args:
        files: One after the other.
        stored: Names to those in the files.
        schema: Types by the names in the files.
        height: Rows of all files.
        place: For messages.
    """

    def __init__(
        self,
        files: Sequence[Path] | Sequence[IO[bytes]],
        stored: Mapping[str, str],
        schema: pl.Schema,
        height: int,
        place: Place,
    ) -> None:
        self.files, self.stored, self.types, self.height, self.place = files, dict(stored), schema, height, place

    @property
    def columns(self) -> list[str]:
        return list(self.stored)

    @property
    def schema(self) -> pl.Schema:
        return pl.Schema({name: self.types[stored] for name, stored in self.stored.items()})

    def __getitem__(self, name: str, /) -> pl.Series:
        for file in self.files:
            if not isinstance(file, Path):
                file.seek(0)
        with undamaged(self.place):
            return pl.scan_parquet(cast("Any", self.files)).select(self.stored[name]).collect().to_series().rename(name)

    def forget(self, name: str) -> None:
        """Leave a column out from now on."""
        del self.stored[name]


def _table(frame: LazyColumns, origin: Origin, place: Place, shelf: Shelf, layout: Layout | None = None) -> Table:
    index, notes = index_column(frame, place)
    if index is not None:
        frame.forget(index)
    return Table(
        frame=frame,
        origin=origin,
        place=place,
        layout=layout or Layout(),
        notes=notes,
        shelf=shelf,
    )


def _cells_in_pieces(text: IO[bytes], path: str, layout: Layout, shelf: Shelf) -> tuple[LazyColumns, NDArray[np.int64]]:
    """All cells as text in nameless files, and the line on which each row begins."""
    lines: list[NDArray[np.int64]] = []
    names: list[str] = []
    with ExitStack() as closing:
        files = []
        for frame, at in _checked(text, path, layout, min(max(shelf.limit // 16, SMALLEST_PIECE), LARGEST_PIECE)):
            names = names or frame.columns
            files.append(
                closing.enter_context(shelf.stored(frame.rename(dict(zip(frame.columns, names, strict=True)))))
            )
            lines.append(at)
        numbers = np.concatenate(lines)
        schema = pl.Schema(dict.fromkeys(names, pl.String))
        columns = LazyColumns(files, {name: name for name in names}, schema, len(numbers), Place(file=path))
        weakref.finalize(columns, closing.pop_all().close)
    return columns, numbers


def _checked(text: IO[bytes], path: str, layout: Layout, size: int) -> Iterator[tuple[pl.DataFrame, NDArray[np.int64]]]:
    """The cells of each piece and the line on which each row begins; the first piece's columns have their names."""
    place, header, delimiter = Place(file=path), b"", ""
    for piece in _pieces(text, size):
        data = check_text(piece if header else check_start(piece, place), place)
        if header and data.isspace():
            continue
        if not header:
            begun = opening(data, layout, path)
            data, delimiter = data[begun.skipped :], begun.delimiter
            place = replace(place, first_line=int(begun.skipped > 0))
        # the header that is put before a later piece is a line that the file does not have
        here = replace(place, first_line=place.first_line - bool(header))
        frame, lines = cells_of(header + data, delimiter, here)
        yield frame, lines + here.first_line
        header = delimiter.join(f"c{number}" for number in range(frame.width)).encode() + b"\n"
        rows, breaks = place.first_row + frame.height, place.first_line + data.count(b"\n")
        place = replace(place, first_row=rows, first_line=breaks)


def _pieces(text: IO[bytes], size: int) -> Iterator[bytes]:
    """The bytes of a CSV in pieces that end where a record ends."""
    rest = b""
    while block := text.read(size):
        rest += block
        end = len(rest) if len(rest) > PATIENCE * size else _last_end(rest)
        if end:
            yield rest[:end]
            rest = rest[end:]
    if rest:
        yield rest


def _last_end(data: bytes) -> int:
    """Where the last record ends that is whole; 0 where none is."""
    if QUOTE not in data:
        return data.rfind(b"\n") + 1
    buffer = np.frombuffer(data, dtype=np.uint8)
    quotes, breaks = np.flatnonzero(buffer == QUOTE), np.flatnonzero(buffer == NEWLINE)
    outside = breaks[np.searchsorted(quotes, breaks) % 2 == 0]
    return int(outside[-1]) + 1 if len(outside) else 0
