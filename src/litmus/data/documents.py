"""Texts from a column of a table, a folder of files or one file, strictly: none empty, all UTF-8."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from litmus.data.base import Origin, Rows
from litmus.data.folder import Entry, rows_of
from litmus.data.layout import Layout
from litmus.data.place import first_true
from litmus.data.reading import UTF_16, Table, read_bytes, read_table
from litmus.data.target import as_text
from litmus.errors import DataError, quote

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
    layout: Layout = field(default_factory=Layout)


def read_column(
    path: str, columns: TextColumns, others: Sequence[str | None] = ()
) -> tuple[Table, pl.Series, tuple[str, ...]]:
    """The table, its texts, and a note on how their column was found.

    Args:
        path: CSV or Parquet file.
        columns: Where it holds texts and target.
        others: Columns that are no texts either.

    Raises:
        DataError: No such column, or an empty text.
    """
    table = read_table(path, columns.layout)
    notes: tuple[str, ...] = ()
    if columns.text is None:
        name = _longest(table, {columns.target, *others})
        notes = (f"texts: column {quote(name)}, the one with the most words; data.text=... names another",)
    else:
        name = columns.text
    raw = table.column(name, "data.text")
    if raw.dtype.is_nested():
        raise table.place.error("lists or structures where texts are expected", column=name)
    texts = raw.cast(pl.String)
    wrong = first_true(texts.is_null() | (texts.str.strip_chars() == ""))
    if wrong is not None:
        raise table.place.error("the text is empty; write one, or leave the row out", position=wrong, column=name)
    return table, texts, notes


def rows_of_column(table: Table, texts: pl.Series, target: pl.Series | None, notes: Sequence[str]) -> Rows:
    """The rows of a table's texts."""
    place = table.place
    return Rows(
        inputs=texts.to_list(),
        target=target,
        numbers=np.arange(len(texts)) if place.rows is None else place.rows,
        lines=place.lines,
        origin=table.origin,
        notes=(*table.notes, *notes),
    )


def rows_of_files(entries: Sequence[Entry], path: str, notes: Sequence[str]) -> Rows:
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
    return rows_of(entries, texts, path=path, sha256=digest.hexdigest(), notes=notes)


def rows_of_texts(texts: list[str], target: pl.Series, name: str) -> Rows:
    """The rows of texts that no file holds."""
    digest = hashlib.sha256("\0".join([*texts, *as_text(target).to_list()]).encode())
    origin = Origin(path=name, sha256=digest.hexdigest(), rows=len(texts))
    return Rows(inputs=texts, target=target, numbers=np.arange(len(texts)), origin=origin)


def _longest(table: Table, others: set[str | None]) -> str:
    words = {
        name: table.frame[name].cast(pl.String, strict=False).str.count_matches(r"\S+").mean() or 0.0
        for name, dtype in table.frame.schema.items()
        if name not in others and not dtype.is_nested()
    }
    if not words:
        raise table.place.error("no column is left for the texts; data.text=<column> names it")
    return max(words, key=lambda name: float(words[name]))  # type: ignore[arg-type]


def _decoded(content: bytes, file: Path) -> str:
    """The text of a file, in UTF-16 where it has the mark of that, without its byte order mark."""
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
