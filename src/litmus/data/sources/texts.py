"""Texts in a column of a table or in class folders."""

from dataclasses import dataclass, replace
from typing import Annotated, final

import polars as pl
from annotated_types import Ge

from litmus.config.command_words import path_of
from litmus.data.columns.selection import read_roles
from litmus.data.columns.target_column import complete_target, read_target
from litmus.data.encoding.tokens import TextPreprocess, import_tokenizers, texts_of
from litmus.data.files.class_folders import scan_both
from litmus.data.files.table import CSVLayout, Delimiter, Table
from litmus.data.files.text_files import TextColumns, read_column, read_text_files
from litmus.data.rows import Rows, with_test_rows
from litmus.data.sources.base import Source
from litmus.data.sources.tables import RoleSource
from litmus.errors import DataError


@dataclass(frozen=True, kw_only=True)
class TextSource(Source):
    """Base of the sources whose rows are texts.

    Args:
        max_tokens: Number of tokens (words and punctuation marks) kept of a text, from its beginning.
        vocab_size: Number of different tokens kept, the most frequent ones; all others become one unknown token.
        min_count: How often a word must occur in the training texts to be kept.
        lowercase: Treat `Good` and `good` as one word.
    """

    max_tokens: Annotated[int, Ge(1)] = 128
    vocab_size: Annotated[int, Ge(3)] = 10_000
    min_count: Annotated[int, Ge(1)] = 2
    lowercase: bool = True

    def fit(self, train: Rows) -> "TextPreprocess":
        return TextPreprocess.fit(
            texts_of(train),
            columns=self.columns(),
            max_tokens=self.max_tokens,
            vocab_size=self.vocab_size,
            min_count=self.min_count,
            lowercase=self.lowercase,
        )

    def columns(self) -> TextColumns:
        """Where new tables hold texts and target."""
        return TextColumns()

    def with_lengths(self, rows: Rows) -> Rows:
        """The rows, with a note on texts that are cut off."""
        long = sum(len(text.split()) > self.max_tokens for text in texts_of(rows))
        if not long:
            return rows
        note = (
            f"{long} of {len(rows)} texts have more than data.max_tokens={self.max_tokens} words: the rest is cut off"
        )
        return replace(rows, notes=(*rows.notes, note))


@final
@dataclass(frozen=True, kw_only=True)
class Text(TextSource, RoleSource):
    """Texts in a column of a CSV or Parquet file, or one file a text in class folders.

    Args:
        path: The table, or the folder of class folders (or of train, val and test folders of them).
        test_path: Another such table or folder, used for test only.
        text: Column of texts; null: the one with the most words.
        target: Column to predict; in folders the class folder's name.
        delimiter: The separator of cells in a CSV, as for tables; null: inferred from the file.
    """

    path: str
    test_path: str | None = None
    text: str | None = None
    target: str | None = None
    delimiter: Delimiter | None = None

    def read(self) -> Rows:
        import_tokenizers()
        rows = self._read_folder() if path_of(self.path).is_dir() else self._read_table()
        return self.with_lengths(rows)

    @property
    def layout(self) -> CSVLayout:
        return CSVLayout(delimiter=self.delimiter, strict=self.strict)

    def columns(self) -> TextColumns:
        if self.text is not None or path_of(self.path).is_dir():
            return self._named
        # read once more: new tables need the name of the column that was chosen here
        return replace(self._named, text=self._open(self.path)[1].name)

    @property
    def _named(self) -> TextColumns:
        return TextColumns(text=self.text, target=self.target, layout=self.layout)

    def _open(self, path: str) -> tuple[Table, pl.Series, tuple[str, ...]]:
        return read_column(path, self._named, (self.group, self.time, self.weight, self.split_column))

    def _read_folder(self) -> Rows:
        for key in ("text", "target", "group", "time", "weight", "split_column"):
            if getattr(self, key) is not None:
                raise DataError(
                    f"data.{key}={getattr(self, key)} names a column, and this is a folder, whose class folders are "
                    "the target; leave it out, or give a table in data.path",
                    file=self.path,
                )
        entries, notes = scan_both(self.path, self.test_path, "text")
        return replace(read_text_files(entries, self.path, notes), test_path=self.test_path)

    def _read_table(self) -> Rows:
        rows = self._rows(self.path)
        return rows if self.test_path is None else with_test_rows(rows, self._rows(self.test_path))

    def _rows(self, path: str) -> Rows:
        table, texts, notes = self._open(path)
        self.check_roles(table)
        column = read_target(table, self._target_name(table, texts.name))
        rows = table.rows(texts.to_list(), column.values, notes=(*notes, *column.notes))
        return complete_target(read_roles(rows, table, self.roles, self.layout), self.missing_rule)

    def _target_name(self, table: Table, text: str) -> str:
        if self.target is None:
            shown = ", ".join(name for name in table.frame.columns[:12] if name != text)
            raise table.location.error(f"data.target is missing; set it to one of the columns: {shown}")
        table.column(self.target, "data.target")
        for key in ("target", "group", "weight", "split_column"):
            if getattr(self, key) in {text, self.target} and (key != "target" or self.target == text):
                other = "data.text" if getattr(self, key) == text else "data.target"
                raise table.location.error(f"{other} and data.{key} are both {getattr(self, key)!r}; name two columns")
        return self.target
