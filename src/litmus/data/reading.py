"""Files to tables, strictly: a cell that is not where it should be is an error with its line, never a silent null."""

import codecs
import gzip
import hashlib
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Protocol, final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from litmus.config.words import path_of
from litmus.data.base import Origin
from litmus.data.layout import Layout, check_names, headless, names_of, opening, scan, squeezed
from litmus.data.place import Place
from litmus.data.shelf import Shelf
from litmus.errors import DataError, quote

PARQUET_SUFFIXES = (".parquet", ".pq", ".parq")
TABLE_SUFFIXES = (".csv", ".tsv", ".tab", ".csv.gz", ".tsv.gz", *PARQUET_SUFFIXES)
MAGIC = {  # how other files begin, in small letters and without blanks
    b"pk\x03\x04": "an Excel workbook or zip archive; export it as CSV",
    b"par1": "a Parquet file; use data=parquet, or end its name in .parquet",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; export it as CSV",
    b"sqlite": "an SQLite database; export the table as CSV",
    b"%pdf": "a PDF document; a CSV is needed",
    **dict.fromkeys((b"<!doctype", b"<html", b"<table"), "a web page; download the table itself"),
    b"<?xml": "an XML document; write the table as CSV",
    **dict.fromkeys((b"[{", b"[[", b'{"', b"[]", b"{}"), "JSON; write the table as CSV"),
    b"@relation": "an ARFF file; write the table as CSV",
    **dict.fromkeys((b"bzh9", b"\xfd7zxz", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf"), "compressed; unpack it, or use gzip"),
    b"arrow1": "an Arrow file; write it as Parquet or CSV",
    **dict.fromkeys((b"\x93numpy", b"\x80\x04", b"\x80\x05"), "a NumPy or pickle file; write the table as CSV"),
    b"\x89hdf": "an HDF5 file; write the table as CSV or Parquet",
    **dict.fromkeys((b"\x89png", b"\xff\xd8\xff"), "an image; for images use data=image_folder"),
}
GZIP = b"\x1f\x8b"
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
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
            raise self.place.error(f"{key}={name}: no such column; {near_column(name, self.frame.columns)}")
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


def is_table(path: str) -> bool:
    """Whether the name is that of a table."""
    return path.lower().endswith(TABLE_SUFFIXES)


def read_csv(path: str, layout: Layout) -> Table:
    """A CSV file with every cell as text; an empty unquoted cell is null.

    Raises:
        DataError: Not a CSV in UTF-8, ragged, without rows, or with unnamed or repeated columns.
    """
    raw = read_bytes(path)
    place = Place(file=path)
    data = check_text(check_start(_unpacked(raw, place), place), place)
    begun = opening(data, layout, path)
    below = replace(place, first_line=int(begun.skipped > 0))
    frame, lines = cells_of(data[begun.skipped :], begun.delimiter, below)
    lines = lines + below.first_line
    index, notes = index_column(frame, place)
    frame = frame if index is None else frame.drop(index)
    origin = Origin(path=path, sha256=hashlib.sha256(raw).hexdigest(), rows=frame.height)
    return Table(frame=frame, origin=origin, place=Place(file=path, lines=lines), layout=layout, notes=notes)


def cells_of(data: bytes, delimiter: str, place: Place) -> tuple[pl.DataFrame, NDArray[np.int64]]:
    """The cells of a CSV in UTF-8 with a header, all as text, and the line on which each row begins.

    Raises:
        DataError: Ragged, without rows, or with repeated columns.
    """
    if not data or data.isspace():
        raise place.error("there is no header; a header line and rows are needed")
    if delimiter == " ":
        data = squeezed(data)
    return _plain(data, delimiter, place) or _scanned(data, delimiter, place)


def _plain(data: bytes, delimiter: str, place: Place) -> tuple[pl.DataFrame, NDArray[np.int64]] | None:
    """Cells and lines of a CSV that needs no second look; None for any other.

    Without quotes and with a value in every last cell no row can be short, and the parser itself refuses long ones.
    """
    if b'"' in data or data.startswith((b"\n", b"\r")):
        return None
    try:
        frame = pl.read_csv(BytesIO(data), separator=delimiter, infer_schema=False)
    except (pl.exceptions.PolarsError, OSError):  # OSError: text such as `x^2` begins like zlib to polars
        return None
    if not frame.height or frame[:, -1].null_count():
        return None
    frame.columns = list(names_of(data[: data.index(b"\n")], delimiter, place))
    return frame, np.arange(2, frame.height + 2)


def _scanned(data: bytes, delimiter: str, place: Place) -> tuple[pl.DataFrame, NDArray[np.int64]]:
    """Cells and lines of any CSV, after every record has been measured."""
    scanned = scan(data, delimiter, place)
    header = delimiter.join(f"column_{number}" for number in range(len(scanned.names))).encode()
    frame = pl.read_csv(BytesIO(header + b"\n" + scanned.data), separator=delimiter, infer_schema=False)
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
        raise place.error(f"this is {kind_of_file(raw) or 'not a Parquet file; for text use data=csv'}")
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
        raise DataError(f"no such file; {near_file(path)}", file=path) from error
    except IsADirectoryError as error:
        raise DataError(
            "this is a folder; name a file in it, or use data=image_folder or data=text", file=path
        ) from error
    except PermissionError as error:
        raise DataError("no permission to read the file; change its mode (chmod +r)", file=path) from error
    except (OSError, ValueError) as error:
        raise DataError(f"the file cannot be read ({_first_line(error)})", file=path) from error


def near_file(path: str) -> str:
    """What a missing file or folder was probably meant to be, or what else is wrong with its path."""
    if re.match(r"[a-z][a-z0-9+]+://", path):
        return "an address on the net is not read; download the file first"
    folder = path_of(path).parent
    if not folder.is_dir():
        return f"the folder {quote(str(folder))} does not exist either"
    names = {entry.stem.casefold(): entry.name for entry in folder.iterdir()}
    near = get_close_matches(Path(path).stem.casefold(), list(names), n=1)
    return f"did you mean {quote(names[near[0]])}?" if near else "check the path"


def near_column(name: str, columns: Sequence[str]) -> str:
    """The column that was probably meant, or which there are."""
    folded = {column.casefold(): column for column in columns}
    near = get_close_matches(name.strip().casefold(), list(folded), n=1)
    if near:
        return f"did you mean {quote(folded[near[0]])}?"
    if len(columns) == 1 and " " in columns[0]:
        return f"the only one is {quote(columns[0])}; if blanks separate the cells, set data.delimiter=space"
    shown = ", ".join(columns[:8]) + (f" and {len(columns) - 8} more" if len(columns) > 8 else "")
    hint = headless(columns)
    return f"the columns are {shown}" + (f"; {hint}" if hint else "")


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0][:80] or type(error).__name__


def _unpacked(raw: bytes, place: Place) -> bytes:
    with unpacking(place):
        data = gzip.decompress(raw) if raw.startswith(GZIP) else raw
        return data.decode("utf-16").encode() if data.startswith(UTF_16) else data


@contextmanager
def unpacking(place: Place) -> Iterator[None]:
    """What is said of damaged gzip or UTF-16, as a DataError."""
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        raise place.error(f"damaged or cut off gzip ({_first_line(error)}); copy the file again") from error
    except UnicodeError as error:
        raise place.error(f"damaged or cut off UTF-16 ({_first_line(error)}); copy the file again") from error


def check_start(data: bytes, place: Place) -> bytes:
    """The beginning of a text file, or all of it, without its byte order mark."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data or data.isspace():
        raise place.error("the file is empty; a header line and rows are needed")
    if kind := kind_of_file(data):
        raise place.error(f"this is {kind}")
    return data


def kind_of_file(data: bytes) -> str:
    """What a file is by its beginning, and what to do with it; "" for text."""
    start = b"".join(data[:64].split()).lower()
    return next((kind for magic, kind in MAGIC.items() if start.startswith(magic)), "")


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
