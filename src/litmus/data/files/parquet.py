"""Parquet files, read whole or, where a table is larger than memory, column by column on access."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Any, cast, final

import polars as pl

from litmus.config.command_words import path_of
from litmus.data.files.content import check_kind, first_line, kind_of_file, opened, read_bytes
from litmus.data.files.disk_store import CELL, DiskStore, Memory, memory_limit
from litmus.data.files.table import CSVLayout, Names, Table, check_names, distinct_names, settle_names
from litmus.data.location import Location
from litmus.data.rows import Origin


def read_parquet(path: str, layout: CSVLayout | None = None) -> Table:
    """A Parquet file in memory, with its columns as the file types them.

    Raises:
        DataError: Missing, damaged, or without rows.
    """
    raw = read_bytes(path)
    location = Location(file=path)
    if not raw:
        raise location.error("the file is empty")
    if not raw.startswith(b"PAR1"):
        raise location.error(f"this is {kind_of_file(raw) or 'not a Parquet file; for text use data=csv'}")
    with undamaged(location):
        frame = pl.read_parquet(BytesIO(raw))
    if not frame.height:
        raise location.error("the table has no rows")
    check_names(distinct_names(frame.columns), location)
    frame.columns = list(distinct_names(frame.columns))
    layout = layout or CSVLayout()
    names = settle_names(frame, location, strict=layout.strict)
    frame = frame.drop(names.dropped).rename(dict(names.renamed))
    origin = Origin(path=path, sha256=hashlib.sha256(raw).hexdigest(), rows=frame.height)
    return Table(frame=frame, origin=origin, location=location, layout=layout, notes=names.notes)


def open_parquet(path: str, memory: Memory, layout: CSVLayout | None = None) -> Table:
    """A Parquet file with its columns as the file types them, in memory if `memory` MB hold them.

    Raises:
        DataError: Missing, damaged, or without rows.
    """
    check_kind(path)
    store, file = DiskStore(memory_limit(memory)), path_of(path)
    try:
        scanned = pl.scan_parquet(file)
        schema, height = scanned.collect_schema(), int(scanned.select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, OSError, ValueError, pl.exceptions.PanicException):
        return read_parquet(path, layout)  # raises an error that says what is wrong
    if height * len(schema) * CELL <= store.limit:
        return read_parquet(path, layout)
    location = Location(file=path)
    check_names(names := distinct_names(list(schema)), location)
    frame = LazyColumns([file], dict(zip(names, schema, strict=True)), schema, height, location)
    with opened(path) as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    return lazy_table(frame, Origin(path=path, sha256=sha256, rows=height), location, store, layout)


@final
class LazyColumns:
    """The columns of one or more Parquet files with equal columns, read from disk on each access.

    Args:
        files: Their rows follow each other.
        stored: Column names, each with its name in the files.
        schema: Types by the names in the files.
        height: Number of rows of all files together.
        location: For messages.
    """

    def __init__(
        self,
        files: Sequence[Path] | Sequence[IO[bytes]],
        stored: Mapping[str, str],
        schema: pl.Schema,
        height: int,
        location: Location,
    ) -> None:
        self.files, self.stored, self.types, self.height, self.location = files, dict(stored), schema, height, location

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
        with undamaged(self.location):
            return pl.scan_parquet(cast("Any", self.files)).select(self.stored[name]).collect().to_series().rename(name)

    def settle(self, names: Names) -> None:
        """Leaves columns out from now on, and gives others a name."""
        kept = {name: stored for name, stored in self.stored.items() if name not in names.dropped}
        self.stored = {names.renamed.get(name, name): stored for name, stored in kept.items()}


def lazy_table(
    frame: LazyColumns, origin: Origin, location: Location, store: DiskStore, layout: CSVLayout | None = None
) -> Table:
    """The table of such columns, without row names."""
    layout = layout or CSVLayout()
    names = settle_names(frame, location, strict=layout.strict)
    frame.settle(names)
    return Table(
        frame=frame,
        origin=origin,
        location=location,
        layout=layout,
        notes=names.notes,
        store=store,
    )


@contextmanager
def undamaged(location: Location) -> Iterator[None]:
    """Turns what polars raises on a damaged Parquet file into a DataError."""
    try:
        yield
    except (pl.exceptions.PolarsError, OSError, ValueError, pl.exceptions.PanicException) as error:
        raise location.error(
            f"damaged or cut off Parquet ({first_line(error)}); copy or write the file again"
        ) from error
