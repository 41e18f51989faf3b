"""Texts from a column of a table, a folder of files or one file, strictly: none empty, all UTF-8."""

import hashlib
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from litmus.data.files import class_folders
from litmus.data.files.class_folders import Entry
from litmus.data.files.content import UTF_16, read_bytes
from litmus.data.files.readers import read_table
from litmus.data.files.table import CSVLayout, Table
from litmus.data.location import first_true
from litmus.data.rows import Rows
from litmus.errors import DataError, quote

MOST_NAMED = 5
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True)
class TextColumns:
    """Where a table holds its texts.

    Args:
        text: Column of texts; None: the one with the most words.
        target: Column to predict; None: not read.
        layout: How its CSV is written.
    """

    text: str | None = None
    target: str | None = None
    layout: CSVLayout = field(default_factory=CSVLayout)


def read_column(
    path: str, columns: TextColumns, others: Sequence[str | None] = ()
) -> tuple[Table, pl.Series, tuple[str, ...]]:
    """The table, its texts, and a note on how their column was found.

    Args:
        path: CSV or Parquet file.
        columns: Where it holds texts and target.
        others: Further columns that do not hold the texts.

    Raises:
        DataError: No such column, or an empty text.
    """
    table = read_table(path, columns.layout)
    notes: tuple[str, ...] = ()
    if columns.text is None:
        words = _words(table, {columns.target, *others})
        name = next(iter(words))
        notes = (_chosen(table, words),)
    else:
        name = columns.text
    raw = table.column(name, "data.text")
    if raw.dtype.is_nested():
        raise table.location.error("lists or structures where texts are expected", column=name)
    texts = raw.cast(pl.String)
    wrong = first_true(texts.is_null() | (texts.str.strip_chars() == ""))
    if wrong is not None:
        raise table.location.error("the text is empty; write one, or leave the row out", position=wrong, column=name)
    return table, texts, notes


def read_text_files(entries: Sequence[Entry], path: str, notes: Sequence[str]) -> Rows:
    """The rows of text files.

    Raises:
        DataError: A file is empty or not UTF-8.
    """
    digest = hashlib.sha256()
    texts = []
    for entry in entries:
        content = read_bytes(str(entry.file))
        digest.update(entry.name.encode() + b"\0" + hashlib.sha256(content).digest())
        texts.append(_decoded(content, entry.file))
    return class_folders.rows_of_files(entries, texts, path=path, sha256=digest.hexdigest(), notes=notes)


def _words(table: Table, others: set[str | None]) -> dict[str, float]:
    """Words a cell of every column that could hold the texts, the most first; there is at least one."""
    words = {
        name: float(table.frame[name].cast(pl.String, strict=False).str.count_matches(r"\S+").mean() or 0.0)  # type: ignore[arg-type]
        for name, dtype in table.frame.schema.items()
        if name not in others and not dtype.is_nested()
    }
    if not words:
        raise table.location.error("no column is left for the texts; data.text=<column> names it")
    return dict(sorted(words.items(), key=lambda item: -item[1]))


def _chosen(table: Table, words: Mapping[str, float]) -> str:
    """Which column the texts are taken from, which others could have been meant, and how one of these is taken."""
    name, *rest = words
    rest = [other for other in rest if words[other] > 1 and _has_letters(table.frame[other])]
    if not rest:
        why = "the only one with several words a cell" if words[name] > 1 else "the one with the most words"
        return f"texts: column {quote(name)}, {why}; data.text=... names another"
    shown = ", ".join(map(quote, rest[:MOST_NAMED])) + (
        f" and {len(rest) - MOST_NAMED} more" * (len(rest) > MOST_NAMED)
    )
    other = shlex.quote(f"data.text={rest[0]}")
    return f"texts: column {quote(name)}, the one with the most words; others: {shown}; to take one: {other}"


def _has_letters(column: pl.Series) -> bool:
    """Whether most cells hold a letter, which moments and pairs of numbers do not."""
    share = column.cast(pl.String, strict=False).str.contains(r"\p{L}").mean()
    return isinstance(share, float) and share > 0.5


def _decoded(content: bytes, file: Path) -> str:
    """The text of a file without its byte order mark: UTF-16 if that mark says so, else UTF-8."""
    wide = content.startswith(UTF_16)
    if b"\0" in content and not wide:
        raise DataError("not a text file (it holds zero bytes); remove it, or save it as UTF-8 text", file=file)
    try:
        text = content.decode("utf-16") if wide else content.removeprefix(BYTE_ORDER_MARK).decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        encoding = "UTF-16" if wide else "UTF-8 (Latin-1, perhaps)"
        message = f"byte {content[error.start]:#04x} is not {encoding}; save the file as UTF-8"
        raise DataError(message, file=file, line=line) from error
    if not text.strip():
        raise DataError("the text is empty; write one, or remove the file", file=file)
    return text
