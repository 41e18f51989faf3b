"""How a CSV is written, and where its records begin and end: every line has as many cells as the header."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Literal, final

import numpy as np
from numpy.typing import NDArray

from litmus.data.place import Place
from litmus.errors import quote

Delimiter = Literal["comma", "semicolon", "tab", "pipe", "space"]
Decimal = Literal["point", "comma"]
CHARACTERS: dict[Delimiter, str] = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " "}
SEPARATOR = re.compile(rb'\s*"?sep=(.)"?[ \t]*\r?\n', re.IGNORECASE)  # what Excel looks for in the first line
RUNS = re.compile(rb'("[^"]*")|(?<![^\n])[ \t]+|[ \t]+(?![^\r\n])|([ \t]+)')  # quoted, at an end of the line, between
NEWLINE, RETURN, QUOTE = 10, 13, 34

Offsets = NDArray[np.int64]


@final
@dataclass(frozen=True, kw_only=True)
class Layout:
    """How the cells and numbers of a CSV are written.

    Args:
        delimiter: What stands between cells, where space is any run of blanks; None: what the file says in a first line
            such as `sep=;`, else a comma, a tab in `.tsv` and `.tab` files, else what the header has in its place.
        decimal: What stands before the decimals.
        day_first: Whether 3/4/2025 is the third of April; None: as reads most of a column, month first where both do.
        year_first: Whether 23-11-02 is in 2023 wherever it can be; False: as makes a column span less time.
    """

    delimiter: Delimiter | None = None
    decimal: Decimal = "point"
    day_first: bool | None = None
    year_first: bool = False


@final
@dataclass(frozen=True)
class Opening:
    """How a CSV begins.

    Args:
        delimiter: What stands between its cells.
        skipped: Bytes of a first line that only says so.
    """

    delimiter: str
    skipped: int = 0


def opening(data: bytes, layout: Layout, path: str) -> Opening:
    """The delimiter of a CSV whose text begins with `data`: as set, as its first line says, or as its header shows."""
    said = SEPARATOR.match(data)
    if said:
        named = said[1].decode() if layout.delimiter is None else CHARACTERS[layout.delimiter]
        return Opening(named, said.end())
    if layout.delimiter is not None:
        return Opening(CHARACTERS[layout.delimiter])
    usual = "\t" if path.lower().removesuffix(".gz").endswith((".tsv", ".tab")) else ","
    header = re.sub(rb'"[^"]*"', b"", data.lstrip().partition(b"\n")[0]).decode(errors="ignore")
    found = [character for character in CHARACTERS.values() if character in header.strip() and character != " "]
    return Opening(found[0] if len(found) == 1 else usual)


def squeezed(data: bytes) -> bytes:
    """Lines whose cells stand apart by runs of blanks, with one blank in place of each run outside quotes."""
    return RUNS.sub(lambda run: run[1] or (b" " if run[2] else b""), data)


@final
@dataclass(frozen=True)
class Scanned:
    """A CSV whose records all have as many cells as its header.

    Args:
        data: The records below the header, without blank lines.
        names: Column names, stripped.
        lines: `(rows,)` line on which each record begins, counted from 1.
    """

    data: bytes
    names: tuple[str, ...]
    lines: Offsets


def scan(data: bytes, delimiter: str, place: Place) -> Scanned:
    """Find header and records.

    Raises:
        DataError: No rows, a wrong delimiter, stray or unclosed quotes, repeated names, or a line with more or fewer
            cells than the header.
    """
    buffer = np.frombuffer(data, dtype=np.uint8)
    newlines, delimiters, breaks = _marks(buffer, delimiter, place)
    starts = np.concatenate(([0], breaks + 1)).astype(np.int64)
    ends = np.append(breaks, len(buffer)).astype(np.int64)
    blank = (ends - starts == 0) | ((ends - starts == 1) & (buffer[np.minimum(starts, len(buffer) - 1)] == RETURN))
    full = np.flatnonzero(~blank)
    starts, ends = starts[full], ends[full]
    lines = np.searchsorted(newlines, starts) + 1
    cells = np.diff(np.searchsorted(delimiters, np.stack((starts, ends)), side="left"), axis=0)[0] + 1
    names = names_of(data[starts[0] : ends[0]], delimiter, place)
    if len(starts) == 1:
        raise place.error("there is a header but no row below it")
    _check_cells(cells, lines, place)
    body = data[starts[1] :]
    if blank[full[0] :].any():
        body = b"\n".join(data[start:end] for start, end in zip(starts[1:], ends[1:], strict=True))
    return Scanned(body, names, lines[1:].astype(np.int64))


def _marks(buffer: NDArray[np.uint8], delimiter: str, place: Place) -> tuple[Offsets, Offsets, Offsets]:
    """Offsets of all line ends, of the delimiters outside quotes, and of the line ends outside quotes."""
    newlines = np.flatnonzero(buffer == NEWLINE)
    delimiters = np.flatnonzero(buffer == ord(delimiter))
    quotes = np.flatnonzero(buffer == QUOTE)
    if not len(quotes):
        return newlines, delimiters, newlines
    _check_quotes(buffer, quotes, newlines, delimiter, place)
    outside_delimiters = delimiters[np.searchsorted(quotes, delimiters) % 2 == 0]
    return newlines, outside_delimiters, newlines[np.searchsorted(quotes, newlines) % 2 == 0]


def _check_quotes(buffer: NDArray[np.uint8], quotes: Offsets, newlines: Offsets, delimiter: str, place: Place) -> None:
    """A quote opens at the start of a cell and closes at its end; inside it is doubled."""
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
    raise place.line_error(message, line)


def names_of(header: bytes, delimiter: str, place: Place) -> tuple[str, ...]:
    """Column names of a header line, stripped; empty where a column has none.

    Raises:
        DataError: Two columns of one name, or one column that looks like several.
    """
    cells = next(csv.reader(StringIO(header.decode(), newline=""), delimiter=delimiter))
    names = tuple(name.strip() for name in cells)
    if len(names) == 1:
        for word, other in CHARACTERS.items():
            if other in names[0] and other != " ":
                message = f"the header is one column, {quote(names[0])}; if its cells are separated otherwise"
                raise place.error(f"{message}, set data.delimiter={word}")
    check_names(names, place)
    return names


def check_names(names: Sequence[str], place: Place) -> None:
    """No two columns of one name, or of none."""
    seen: dict[str, int] = {}
    for number, name in enumerate(names, start=1):
        if name in seen:
            both = f"columns {seen[name]} and {number}"
            if not name:
                raise place.error(f"{both} have no name; name them in the header, or remove them")
            raise place.error(f"{both} are both named {quote(name)}; {headless(names) or 'rename one'}")
        seen[name] = number


def headless(names: Sequence[str]) -> str:
    """The remedy where column names are numbers, as in a file that begins with its first row; "" otherwise."""
    number = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
    return "if the file has no header, write one above its first line" if any(map(number.fullmatch, names)) else ""


def _check_cells(cells: NDArray[np.int64], lines: Offsets, place: Place) -> None:
    """Every row has as many cells as the header."""
    wrong = np.flatnonzero(cells != cells[0])
    if not len(wrong):
        return
    usual, rows = Counter(cells[1:].tolist()).most_common(1)[0]
    if usual != cells[0] and rows > 1:
        remedy = "remove lines above the header, or name every column"
        message = (
            f"the header has {_counted(int(cells[0]))}, and {rows} of {len(cells) - 1} rows have {usual}; {remedy}"
        )
        raise place.line_error(message, int(lines[0]))
    row = int(wrong[0]) - 1
    few = "fewer" if cells[row + 1] < cells[0] else "more"
    remedy = "add the missing cells" if few == "fewer" else "quote cells that contain the delimiter"
    message = f"{_counted(int(cells[row + 1]))}, {few} than the {cells[0]} of the header; {remedy}, or remove the line"
    raise place.line_error(message, int(lines[row + 1]), row=row)


def _counted(cells: int) -> str:
    return f"{cells} cell{'' if cells == 1 else 's'}"
