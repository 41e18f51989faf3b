"""CSV files, read strictly: a cell that is not where it should be is an error with its line, never a silent null.

A file that fits into memory is read in one go. A larger one is checked piece by piece, as strictly, and its cells are
kept as text in nameless Parquet files, from which its columns are read.
"""

import codecs
import csv
import gzip
import hashlib
import re
import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from io import BytesIO, StringIO
from typing import IO, Any, cast, final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from litmus.config.command_words import path_of
from litmus.data.files.content import GZIP, UTF_16, kind_of_file, opened, read_bytes, unpacking
from litmus.data.files.disk_store import MB, DiskStore, Memory, memory_limit
from litmus.data.files.parquet import LazyColumns, lazy_table
from litmus.data.files.table import CSVLayout, Delimiter, Table, check_names, distinct_names, settle_names
from litmus.data.location import Location
from litmus.data.rows import Origin
from litmus.errors import quote

CHARACTERS: dict[Delimiter, str] = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " "}
SEPARATOR = re.compile(rb'\s*"?sep=(.)"?[ \t]*\r?\n', re.IGNORECASE)  # what Excel looks for in the first line
RUNS = re.compile(rb'("[^"]*")|(?<![^\n])[ \t]+|[ \t]+(?![^\r\n])|([ \t]+)')  # quoted, at an end of the line, between
NEWLINE, RETURN, QUOTE = 10, 13, 34
Offsets = NDArray[np.int64]
CSV_GROWTH = 3  # times its own size that a CSV takes, measured on numbers of eight digits
GZIP_GROWTH = 5  # times its size that a gzip file usually unpacks to
LARGEST_PIECE, SMALLEST_PIECE = 64 * MB, MB // 16
PATIENCE = 16  # pieces without the end of a record after which a quote must have been left open


def read_csv(path: str, layout: CSVLayout) -> Table:
    """A CSV file with every cell as text; an empty unquoted cell is null.

    Raises:
        DataError: Not a CSV, ragged, without rows, or with unnamed or repeated columns.
    """
    raw = read_bytes(path)
    location = Location(file=path)
    data, encoding = check_text(check_start(_unpacked(raw, location), location), location, strict=layout.strict)
    start = opening(data, layout, path)
    below = replace(location, first_line=int(start.skipped > 0))
    frame, lines = cells_of(data[start.skipped :], start.delimiter, below)
    lines = lines + below.first_line
    names = settle_names(frame, location, strict=layout.strict)
    frame = frame.drop(names.dropped).rename(dict(names.renamed))
    origin = Origin(path=path, sha256=hashlib.sha256(raw).hexdigest(), rows=frame.height)
    return Table(
        frame=frame,
        origin=origin,
        location=Location(file=path, lines=lines),
        layout=layout,
        notes=(*encoding, *names.notes),
    )


def open_csv(path: str, layout: CSVLayout, memory: Memory) -> Table:
    """A CSV file with every cell as text, in memory if `memory` MB hold its rows.

    Raises:
        DataError: As `read_csv`.
    """
    store, file = DiskStore(memory_limit(memory)), path_of(path)
    with opened(path) as content:
        packed = content.read(len(GZIP)) == GZIP
    growth = CSV_GROWTH * (GZIP_GROWTH if packed else 1)
    if file.stat().st_size * growth <= store.limit:
        return read_csv(path, layout)
    with opened(path) as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    with opened(path) as content, unpacking(Location(file=path)):
        text = gzip.GzipFile(fileobj=content) if packed else content
        wide = text.peek(2)[:2] in UTF_16
        plain = cast("IO[bytes]", codecs.EncodedFile(cast("Any", text), "utf-8", "utf-16") if wide else text)
        frame, lines, notes = _cells_in_pieces(plain, path, layout, store)
    location = Location(file=path, lines=lines)
    table = lazy_table(frame, Origin(path=path, sha256=sha256, rows=frame.height), location, store, layout)
    return replace(table, notes=(*notes, *table.notes))


def _cells_in_pieces(
    text: IO[bytes], path: str, layout: CSVLayout, store: DiskStore
) -> tuple[LazyColumns, NDArray[np.int64], tuple[str, ...]]:
    """All cells as text in nameless Parquet files, the line on which each row begins, and notes."""
    lines: list[NDArray[np.int64]] = []
    notes: tuple[str, ...] = ()
    names: list[str] = []
    with ExitStack() as closing:
        files = []
        for frame, at, encoding in _checked(
            text, path, layout, min(max(store.limit // 16, SMALLEST_PIECE), LARGEST_PIECE)
        ):
            names = names or frame.columns
            notes = notes or encoding
            files.append(
                closing.enter_context(store.write_frame(frame.rename(dict(zip(frame.columns, names, strict=True)))))
            )
            lines.append(at)
        numbers = np.concatenate(lines)
        schema = pl.Schema(dict.fromkeys(names, pl.String))
        columns = LazyColumns(files, {name: name for name in names}, schema, len(numbers), Location(file=path))
        weakref.finalize(columns, closing.pop_all().close)
    return columns, numbers, notes


def _checked(
    text: IO[bytes], path: str, layout: CSVLayout, size: int
) -> Iterator[tuple[pl.DataFrame, NDArray[np.int64], tuple[str, ...]]]:
    """The cells of each piece, the line on which each row begins, and notes; only the first has the column names."""
    location, header, delimiter = Location(file=path), b"", ""
    for piece in _pieces(text, size):
        start_checked = piece if header else check_start(piece, location)
        data, encoding = check_text(start_checked, location, strict=layout.strict)
        if header and data.isspace():
            continue
        if not header:
            start = opening(data, layout, path)
            data, delimiter = data[start.skipped :], start.delimiter
            location = replace(location, first_line=int(start.skipped > 0))
        # the header put before each later piece is a line that the file does not have
        here = replace(location, first_line=location.first_line - bool(header))
        frame, lines = cells_of(header + data, delimiter, here)
        yield frame, lines + here.first_line, encoding
        header = delimiter.join(f"c{number}" for number in range(frame.width)).encode() + b"\n"
        rows, breaks = location.first_row + frame.height, location.first_line + data.count(b"\n")
        location = replace(location, first_row=rows, first_line=breaks)


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
    """Where the last complete record ends; 0 if there is none."""
    if QUOTE not in data:
        return data.rfind(b"\n") + 1
    buffer = np.frombuffer(data, dtype=np.uint8)
    quotes, breaks = np.flatnonzero(buffer == QUOTE), np.flatnonzero(buffer == NEWLINE)
    outside = breaks[np.searchsorted(quotes, breaks) % 2 == 0]
    return int(outside[-1]) + 1 if len(outside) else 0


def _unpacked(raw: bytes, location: Location) -> bytes:
    with unpacking(location):
        data = gzip.decompress(raw) if raw.startswith(GZIP) else raw
        return data.decode("utf-16").encode() if data.startswith(UTF_16) else data


def check_start(data: bytes, location: Location) -> bytes:
    """The beginning of a text file, or all of it, without its byte order mark; raises DataError for other files."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data or data.isspace():
        raise location.error("the file is empty; a header line and rows are needed")
    if kind := kind_of_file(data):
        raise location.error(f"this is {kind}")
    return data


def check_text(data: bytes, location: Location, *, strict: bool = False) -> tuple[bytes, tuple[str, ...]]:
    """Text in UTF-8 with lines that end in a newline, and a line if it was in Windows-1252 or Latin-1.

    Raises:
        DataError: It is in another encoding, in none, or holds zero bytes; or it is not UTF-8 and that is wanted.
    """
    notes: tuple[str, ...] = ()
    if not data.isascii():
        data, notes = _as_utf8(data, location, strict=strict)
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise location.line_error(
            "a zero byte: UTF-16 without a byte order mark, or not a text file; save it as CSV in UTF-8", line
        )
    data = _without_end_mark(data)
    return data if b"\n" in data else data.replace(b"\r", b"\n"), notes


def _without_end_mark(data: bytes) -> bytes:
    """The text before the character 26 with which DOS ended a file, and which outlives many a conversion."""
    if not data[-3:].rstrip(b"\r\n").endswith(b"\x1a"):
        return data
    return data.rstrip(b"\r\n").removesuffix(b"\x1a") + b"\n"


def _as_utf8(data: bytes, location: Location, *, strict: bool) -> tuple[bytes, tuple[str, ...]]:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        with suppress(UnicodeDecodeError):
            text = data.decode("cp1252")
            if not strict:
                word = text[max(0, error.start - 8) : error.start + 8].split("\n")[0].strip()
                return text.encode(), (f"not UTF-8: read as Windows-1252 (Latin-1), as in {quote(word)}",)
        line = data.count(b"\n", 0, error.start) + 1
        near = data[max(0, error.start - 12) : error.start + 8].decode("latin-1").split("\n")[-1].strip()
        message = (
            f"byte {data[error.start]:#04x} near {quote(near)} is not UTF-8 (Latin-1, perhaps); save the file as UTF-8"
        )
        raise location.line_error(message, line) from error
    return data, ()


def cells_of(data: bytes, delimiter: str, location: Location) -> tuple[pl.DataFrame, NDArray[np.int64]]:
    """The cells of a CSV in UTF-8 with a header, all as text, and the line on which each row begins.

    Raises:
        DataError: Ragged, without rows, or with repeated columns.
    """
    if not data or data.isspace():
        raise location.error("there is no header; a header line and rows are needed")
    if delimiter == " ":
        data = squeezed(data)
    return _read_plain(data, delimiter, location) or _read_measured(data, delimiter, location)


def _read_plain(data: bytes, delimiter: str, location: Location) -> tuple[pl.DataFrame, NDArray[np.int64]] | None:
    """Cells and lines of a CSV whose records need not be measured one by one; None for any other.

    Without quotes and with a value in every last cell no row can be too short, and polars itself refuses long rows.
    """
    if b'"' in data or data.startswith((b"\n", b"\r")):
        return None
    try:
        frame = pl.read_csv(BytesIO(data), separator=delimiter, infer_schema=False)
    except (pl.exceptions.PolarsError, OSError):  # OSError: text such as `x^2` begins like zlib to polars
        return None
    if not frame.height or frame[:, -1].null_count():
        return None
    frame.columns = list(names_of(data[: data.index(b"\n")], delimiter, location))
    return frame, np.arange(2, frame.height + 2)


def _read_measured(data: bytes, delimiter: str, location: Location) -> tuple[pl.DataFrame, NDArray[np.int64]]:
    """Cells and lines of any CSV, after every record has been measured."""
    records = _measured(data, delimiter, location)
    header = delimiter.join(f"column_{number}" for number in range(len(records.names))).encode()
    frame = pl.read_csv(BytesIO(header + b"\n" + records.data), separator=delimiter, infer_schema=False)
    if frame.shape != (len(records.lines), len(records.names)):
        raise location.error(f"{frame.height} rows read, {len(records.lines)} expected; check quotes and line ends")
    frame.columns = list(records.names)
    return frame, records.lines


@final
@dataclass(frozen=True)
class FirstScreen:
    """How a CSV begins.

    Args:
        delimiter: The character between its cells.
        skipped: Length in bytes of a first line that only names the delimiter, such as `sep=;`.
    """

    delimiter: str
    skipped: int = 0


def opening(data: bytes, layout: CSVLayout, path: str) -> FirstScreen:
    """The delimiter of a CSV that begins with `data`: the one set, else that of a `sep=` line, else the header's."""
    declared = SEPARATOR.match(data)
    if declared:
        delimiter = declared[1].decode() if layout.delimiter is None else CHARACTERS[layout.delimiter]
        return FirstScreen(delimiter, declared.end())
    if layout.delimiter is not None:
        return FirstScreen(CHARACTERS[layout.delimiter])
    default = "\t" if path.lower().removesuffix(".gz").endswith((".tsv", ".tab")) else ","
    header = re.sub(rb'"[^"]*"', b"", data.lstrip().partition(b"\n")[0]).decode(errors="ignore")
    present = [character for character in CHARACTERS.values() if character in header.strip() and character != " "]
    return FirstScreen(present[0] if len(present) == 1 else default)


def squeezed(data: bytes) -> bytes:
    """The text with a single blank in place of each run of blanks outside quotes."""
    return RUNS.sub(lambda run: run[1] or (b" " if run[2] else b""), data)


@final
@dataclass(frozen=True)
class Records:
    """A CSV whose records all have as many cells as its header.

    Args:
        data: The records below the header, without blank lines.
        names: Column names, stripped.
        lines: `(rows,)` line on which each record begins, counted from 1.
    """

    data: bytes
    names: tuple[str, ...]
    lines: Offsets


def _measured(data: bytes, delimiter: str, location: Location) -> Records:
    """The header and the records, each measured.

    Raises:
        DataError: No rows, a wrong delimiter, stray or unclosed quotes, repeated names, or a line with more or fewer
            cells than the header.
    """
    buffer = np.frombuffer(data, dtype=np.uint8)
    newlines, delimiters, breaks = _offsets(buffer, delimiter, location)
    starts = np.concatenate(([0], breaks + 1)).astype(np.int64)
    ends = np.append(breaks, len(buffer)).astype(np.int64)
    blank = (ends - starts == 0) | ((ends - starts == 1) & (buffer[np.minimum(starts, len(buffer) - 1)] == RETURN))
    full = np.flatnonzero(~blank)
    starts, ends = starts[full], ends[full]
    lines = np.searchsorted(newlines, starts) + 1
    cells = np.diff(np.searchsorted(delimiters, np.stack((starts, ends)), side="left"), axis=0)[0] + 1
    names = names_of(data[starts[0] : ends[0]], delimiter, location)
    if len(starts) == 1:
        raise location.error("there is a header but no row below it")
    _check_cells(cells, lines, location)
    body = data[starts[1] :]
    if blank[full[0] :].any():
        body = b"\n".join(data[start:end] for start, end in zip(starts[1:], ends[1:], strict=True))
    return Records(body, names, lines[1:].astype(np.int64))


def _offsets(buffer: NDArray[np.uint8], delimiter: str, location: Location) -> tuple[Offsets, Offsets, Offsets]:
    """Offsets of all line ends, of delimiters outside quotes, and of line ends outside quotes."""
    newlines = np.flatnonzero(buffer == NEWLINE)
    delimiters = np.flatnonzero(buffer == ord(delimiter))
    quotes = np.flatnonzero(buffer == QUOTE)
    if not len(quotes):
        return newlines, delimiters, newlines
    _check_quotes(buffer, quotes, newlines, delimiter, location)
    outside_delimiters = delimiters[np.searchsorted(quotes, delimiters) % 2 == 0]
    return newlines, outside_delimiters, newlines[np.searchsorted(quotes, newlines) % 2 == 0]


def _check_quotes(
    buffer: NDArray[np.uint8], quotes: Offsets, newlines: Offsets, delimiter: str, location: Location
) -> None:
    """Raises DataError unless quotes open at the start of a cell, close at its end and are doubled inside."""
    padded = np.concatenate(([NEWLINE], buffer, [NEWLINE]))
    borders = [ord(delimiter), NEWLINE, RETURN, QUOTE]
    opens, closes = quotes[::2], quotes[1::2]
    stray = np.concatenate((opens[~np.isin(padded[opens], borders)], closes[~np.isin(padded[closes + 2], borders)]))
    if not len(stray) and len(quotes) % 2 == 0:
        return
    where = int(stray.min()) if len(stray) else int(opens[-1])
    line = int(np.searchsorted(newlines, where)) + 1
    text = bytes(buffer[max(0, where - 10) : where + 10]).decode(errors="ignore").replace("\n", " ")
    message = f"a stray or unclosed quote near {quote(text)}; close it, or double quotes inside a cell"
    raise location.line_error(message, line)


def names_of(header: bytes, delimiter: str, location: Location) -> tuple[str, ...]:
    """Column names of a header line, stripped; blank where a column has none.

    Raises:
        DataError: Two columns of one name, or one column that looks like several.
    """
    cells = next(csv.reader(StringIO(header.decode(), newline=""), delimiter=delimiter))
    names = distinct_names(cells)
    if len(names) == 1:
        for word, other in CHARACTERS.items():
            if other in names[0] and other != " ":
                message = f"the header is one column, {quote(names[0])}; if its cells are separated otherwise"
                raise location.error(f"{message}, set data.delimiter={word}")
    check_names(names, location)
    return names


def _check_cells(cells: NDArray[np.int64], lines: Offsets, location: Location) -> None:
    """Raises DataError unless every row has as many cells as the header."""
    wrong = np.flatnonzero(cells != cells[0])
    if not len(wrong):
        return
    usual, rows = Counter(cells[1:].tolist()).most_common(1)[0]
    if usual != cells[0] and rows > 1:
        remedy = "remove lines above the header, or name every column"
        message = (
            f"the header has {_counted(int(cells[0]))}, and {rows} of {len(cells) - 1} rows have {usual}; {remedy}"
        )
        raise location.line_error(message, int(lines[0]))
    row = int(wrong[0]) - 1
    few = "fewer" if cells[row + 1] < cells[0] else "more"
    remedy = "add the missing cells" if few == "fewer" else "quote cells that contain the delimiter"
    message = f"{_counted(int(cells[row + 1]))}, {few} than the {cells[0]} of the header; {remedy}, or remove the line"
    raise location.line_error(message, int(lines[row + 1]), row=row)


def _counted(cells: int) -> str:
    return f"{cells} cell{'' if cells == 1 else 's'}"
