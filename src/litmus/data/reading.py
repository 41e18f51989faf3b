"""Files to tables, strictly: a cell that is not where it should be is an error with its line, never a silent null."""

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Protocol, final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from litmus.config.words import path_of
from litmus.data.base import Origin
from litmus.data.layout import Layout, check_names, names_of, scan
from litmus.data.place import Place
from litmus.data.shelf import Shelf
from litmus.errors import DataError, quote

PARQUET_SUFFIXES = (".parquet", ".pq", ".parq")
MAGIC = {
    b"PK\x03\x04": "an Excel workbook or zip archive; export it as CSV",
    b"PAR1": "a Parquet file; use data=parquet",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; export it as CSV",
    b"SQLite": "an SQLite database; export the table as CSV",
    b"%PDF": "a PDF document; a CSV is needed",
    b"<!DOCTYPE": "a web page; download the table itself",
    b"<!doctype": "a web page; download the table itself",
    b"<html": "a web page; download the table itself",
    b"[{": "JSON; write the table as CSV",
    b'{"': "JSON; write the table as CSV",
}
GZIP = b"\x1f\x8b"
PANDAS_INDEX = "__index_level_0__"


class Columns(Protocol):
    """A frame of polars, or one whose columns are read when they are asked for."""

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
        place: Where each row stands.
        layout: How its CSV is written; meaningless for typed files.
        notes: What was mended in reading.
        shelf: Keeps what is made of the columns where they are larger than memory.
    """

    frame: Columns
    origin: Origin
    place: Place
    layout: Layout = field(default_factory=Layout)
    notes: tuple[str, ...] = ()
    shelf: Shelf | None = None

    def column(self, name: str, key: str) -> pl.Series:
        """The column that config key `key` names.

        Raises:
            DataError: There is none; the nearest name is suggested.
        """
        if name not in self.frame.columns:
            raise self.place.error(f"{key}={name}: no such column; {_near(name, self.frame.columns)}")
        return self.frame[name]

    def kept(self, column: pl.Series) -> pl.Series:
        """A typed column where there is room for it: on the shelf, if there is one."""
        return column if self.shelf is None else self.shelf.keep(column)


def read_table(path: str, layout: Layout | None = None) -> Table:
    """A CSV or Parquet file, told apart by suffix."""
    return read_parquet(path) if is_parquet(path) else read_csv(path, layout or Layout())


def is_parquet(path: str) -> bool:
    """Whether the name is that of a Parquet file."""
    return path.lower().endswith(PARQUET_SUFFIXES)


def read_csv(path: str, layout: Layout) -> Table:
    """A CSV file with every cell as text; an empty unquoted cell is null.

    Raises:
        DataError: Not a CSV in UTF-8, ragged, without rows, or with unnamed or repeated columns.
    """
    raw = read_bytes(path)
    place = Place(file=path)
    data = check_text(check_start(_unpacked(raw, place), place), place)
    frame, lines = cells_of(data, layout.character(path), place)
    index, notes = index_column(frame, place)
    frame = frame if index is None else frame.drop(index)
    origin = Origin(path=path, sha256=hashlib.sha256(raw).hexdigest(), rows=frame.height)
    return Table(frame=frame, origin=origin, place=Place(file=path, lines=lines), layout=layout, notes=notes)


def cells_of(data: bytes, delimiter: str, place: Place) -> tuple[pl.DataFrame, NDArray[np.int64]]:
    """The cells of a CSV in UTF-8 with a header, all as text, and the line on which each row begins.

    Raises:
        DataError: Ragged, without rows, or with repeated columns.
    """
    return _plain(data, delimiter, place) or _scanned(data, delimiter, place)


def _plain(data: bytes, delimiter: str, place: Place) -> tuple[pl.DataFrame, NDArray[np.int64]] | None:
    """Cells and lines of a CSV that needs no second look; None for any other.

    Without quotes and with a value in every last cell no row can be short, and the parser itself refuses long ones.
    """
    if b'"' in data or data.startswith((b"\n", b"\r")):
        return None
    try:
        frame = pl.read_csv(BytesIO(data), separator=delimiter, infer_schema=False)
    except pl.exceptions.PolarsError:
        return None
    if not frame.height or frame[:, -1].null_count():
        return None
    frame.columns = list(names_of(data[: data.index(b"\n")], delimiter, place))
    return frame, np.arange(2, frame.height + 2)


def _scanned(data: bytes, delimiter: str, place: Place) -> tuple[pl.DataFrame, NDArray[np.int64]]:
    """Cells and lines of any CSV, after every record has been measured."""
    scanned = scan(data, delimiter, place)
    frame = pl.read_csv(
        BytesIO(scanned.data),
        has_header=False,
        separator=delimiter,
        infer_schema=False,
        new_columns=[f"column_{number}" for number in range(len(scanned.names))],
    )
    if frame.shape != (len(scanned.lines), len(scanned.names)):
        raise place.error(f"{frame.height} rows read, {len(scanned.lines)} expected; check quotes and line ends")
    frame.columns = list(scanned.names)
    return frame, scanned.lines


def read_parquet(path: str) -> Table:
    """A Parquet file with its columns as typed.

    Raises:
        DataError: Missing, damaged, or without rows.
    """
    raw = read_bytes(path)
    place = Place(file=path)
    if not raw:
        raise place.error("the file is empty")
    if not raw.startswith(b"PAR1"):
        kind = next(
            (what for magic, what in MAGIC.items() if raw.startswith(magic)),
            "not a Parquet file; for text use data=csv",
        )
        raise place.error(f"this is {kind}")
    with undamaged(place):
        frame = pl.read_parquet(BytesIO(raw))
    if not frame.height:
        raise place.error("the table has no rows")
    check_names([name.strip() for name in frame.columns], place)
    frame.columns = [name.strip() for name in frame.columns]
    index, notes = index_column(frame, place)
    origin = Origin(path=path, sha256=hashlib.sha256(raw).hexdigest(), rows=frame.height)
    return Table(frame=frame if index is None else frame.drop(index), origin=origin, place=place, notes=notes)


@contextmanager
def undamaged(place: Place) -> Iterator[None]:
    """What polars says of a damaged Parquet file, as a DataError."""
    try:
        yield
    except (pl.exceptions.PolarsError, OSError, ValueError, pl.exceptions.PanicException) as error:
        raise place.error(f"damaged or cut off Parquet ({_first_line(error)}); copy or write the file again") from error


def read_bytes(path: str) -> bytes:
    """The content of a file.

    Raises:
        DataError: Missing (the nearest name is suggested), a folder, or not readable.
    """
    with opened(path) as file:
        return file.read()


@contextmanager
def opened(path: str) -> Iterator[BufferedReader]:
    """A file to be read; raises as `read_bytes`."""
    try:
        with path_of(path).open("rb") as file:
            yield file
    except FileNotFoundError as error:
        raise DataError(f"no such file; {_near_file(path)}", file=path) from error
    except IsADirectoryError as error:
        raise DataError(
            "this is a folder; name a file in it, or use data=image_folder or data=text", file=path
        ) from error
    except PermissionError as error:
        raise DataError("no permission to read the file; change its mode (chmod +r)", file=path) from error
    except (OSError, ValueError) as error:
        raise DataError(f"the file cannot be read ({_first_line(error)})", file=path) from error


def _near_file(path: str) -> str:
    folder = path_of(path).parent
    if not folder.is_dir():
        return f"the folder {quote(str(folder))} does not exist either"
    near = get_close_matches(Path(path).name, [entry.name for entry in folder.iterdir()], n=1, cutoff=0.5)
    return f"did you mean {quote(near[0])}?" if near else "check data.path"


def _near(name: str, columns: list[str]) -> str:
    folded = {column.casefold(): column for column in columns}
    near = get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.5)
    if near:
        return f"did you mean {quote(folded[near[0]])}?"
    shown = ", ".join(columns[:8])
    return f"the columns are {shown}" + (f" and {len(columns) - 8} more" if len(columns) > 8 else "")


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0][:80] or type(error).__name__


def _unpacked(raw: bytes, place: Place) -> bytes:
    with unpacking(place):
        return gzip.decompress(raw) if raw.startswith(GZIP) else raw


@contextmanager
def unpacking(place: Place) -> Iterator[None]:
    """What is said of damaged gzip, as a DataError."""
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        raise place.error(f"damaged or cut off gzip ({_first_line(error)}); copy the file again") from error


def check_start(data: bytes, place: Place) -> bytes:
    """The beginning of a text file, or all of it, without its byte order mark."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data or data.isspace():
        raise place.error("the file is empty; a header line and rows are needed")
    for magic, what in MAGIC.items():
        if data.startswith(magic):
            raise place.error(f"this is {what}")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise place.error("the encoding is UTF-16; save the file as UTF-8")
    return data


def check_text(data: bytes, place: Place) -> bytes:
    """Text in UTF-8 without old Macintosh line ends."""
    if not data.isascii():
        _check_utf8(data, place)
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise place.line_error("a zero byte: UTF-16 without a mark, or no text file; save it as CSV in UTF-8", line)
    return data if b"\n" in data else data.replace(b"\r", b"\n")


def _check_utf8(data: bytes, place: Place) -> None:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        near = data[max(0, error.start - 12) : error.start + 8].decode("latin-1").split("\n")[-1].strip()
        message = (
            f"byte {data[error.start]:#04x} near {quote(near)} is not UTF-8 (Latin-1, perhaps); save the file as UTF-8"
        )
        raise place.line_error(message, line) from error


def index_column(frame: Columns, place: Place) -> tuple[str | None, tuple[str, ...]]:
    """The name of the column that counts the rows, as pandas writes it; its first column has no name.

    Raises:
        DataError: Any other column without a name.
    """
    if PANDAS_INDEX in frame.columns:
        return PANDAS_INDEX, (f"column {PANDAS_INDEX!r} is pandas' index; not used",)
    for number, name in enumerate(frame.columns, start=1):
        if name:
            continue
        counts = frame[name].cast(pl.Int64, strict=False)
        if number == 1 and (counts.diff().drop_nulls() == 1).all() and counts[0] in {0, 1}:
            return name, ("the nameless first column counts the rows; not used",)
        raise place.error(f"column {number} has no name; name it in the header, or remove it")
    return None, ()
