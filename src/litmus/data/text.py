"""Texts: read from a table or from class folders, and turned into token ids by a tokenizer trained on train alone."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from types import ModuleType
from typing import Annotated, Any, ClassVar, Literal, Self, final

import numpy as np
import polars as pl
import torch
from annotated_types import Ge
from torch import Tensor

from litmus.config.words import path_of
from litmus.data.base import Preprocess, Rows, Source
from litmus.data.documents import TextColumns, read_column, rows_of_column, rows_of_files
from litmus.data.extra import import_extra
from litmus.data.file_table import joined
from litmus.data.folder import scan_any, scan_both
from litmus.data.layout import Delimiter, Layout
from litmus.data.reading import Table, is_table
from litmus.data.roles import RoleSource
from litmus.data.target_column import read_target
from litmus.errors import DataError, quote

PAD, UNKNOWN = "[PAD]", "[UNK]"


@dataclass(frozen=True, kw_only=True)
class TextSource(Source):
    """Base of the sources whose rows are texts.

    Args:
        max_tokens: Words and marks kept of a text, from its beginning.
        vocab_size: Different words and marks kept, the most frequent ones; the others are one and the same.
        min_count: How often a word must occur in the training texts to be kept.
        lowercase: Take `Good` and `good` for one word.
    """

    max_tokens: Annotated[int, Ge(1)] = 128
    vocab_size: Annotated[int, Ge(3)] = 10_000
    min_count: Annotated[int, Ge(1)] = 2
    lowercase: bool = True

    def fit(self, train: Rows) -> "TextPreprocess":
        return TextPreprocess.fit(
            _texts(train),
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
        """The rows with a note on texts that are cut."""
        long = sum(len(text.split()) > self.max_tokens for text in _texts(rows))
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
        delimiter: What stands between cells of a CSV, as for tables; null: as the file shows.
    """

    path: str
    test_path: str | None = None
    text: str | None = None
    target: str | None = None
    delimiter: Delimiter | None = None

    def read(self) -> Rows:
        _tokenizers()
        rows = self._read_folder() if path_of(self.path).is_dir() else self._read_table()
        return self.with_lengths(rows)

    @property
    def layout(self) -> Layout:
        return Layout(delimiter=self.delimiter)

    def columns(self) -> TextColumns:
        if self.text is not None or path_of(self.path).is_dir():
            return self._named
        # read once more: new tables need the name of the column that was found here
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
        return replace(rows_of_files(entries, self.path, notes), test_path=self.test_path)

    def _read_table(self) -> Rows:
        rows = self._rows(self.path)
        return rows if self.test_path is None else joined(rows, self._rows(self.test_path))

    def _rows(self, path: str) -> Rows:
        table, texts, notes = self._open(path)
        self._check_roles(table)
        target = read_target(table, self._target_name(table, texts.name))
        return replace(
            rows_of_column(table, texts, target, notes),
            split=self._read_split(table),
            group=self._complete(table, self.group, "data.group"),
            time=self._read_time(table),
            weight=self._read_weight(table),
        )

    def _target_name(self, table: Table, text: str) -> str:
        if self.target is None:
            shown = ", ".join(name for name in table.frame.columns[:12] if name != text)
            raise table.place.error(f"data.target is missing; set it to one of the columns: {shown}")
        table.column(self.target, "data.target")
        for key in ("target", "group", "weight", "split_column"):
            if getattr(self, key) in {text, self.target} and (key != "target" or self.target == text):
                other = "data.text" if getattr(self, key) == text else "data.target"
                raise table.place.error(f"{other} and data.{key} are both {getattr(self, key)!r}; name two columns")
        return self.target


@final
@dataclass(frozen=True, kw_only=True)
class TextPreprocess(Preprocess):
    """Texts to token ids `(n, max_tokens)`; 0 pads, 1 is an unknown word.

    Args:
        tokenizer: The trained tokenizer as JSON.
        max_tokens: Length of every row.
        columns: Where tables hold texts and target.
    """

    input: ClassVar[Literal["text"]] = "text"  # type: ignore[misc]

    tokenizer: str
    max_tokens: int
    columns: TextColumns = field(default_factory=TextColumns)

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        *,
        columns: TextColumns,
        max_tokens: int,
        vocab_size: int,
        min_count: int,
        lowercase: bool,
    ) -> Self:
        """Learn the words of the training texts; rows are no longer than the longest of these.

        Raises:
            DataError: No word is frequent enough.
        """
        package = _tokenizers()
        tokenizer = package.Tokenizer(package.models.WordLevel(unk_token=UNKNOWN))
        tokenizer.normalizer = package.normalizers.BertNormalizer(strip_accents=False, lowercase=lowercase)
        tokenizer.pre_tokenizer = package.pre_tokenizers.BertPreTokenizer()
        trainer = package.trainers.WordLevelTrainer(
            vocab_size=vocab_size, min_frequency=min_count, special_tokens=[PAD, UNKNOWN], show_progress=False
        )
        tokenizer.train_from_iterator(texts, trainer)
        if tokenizer.get_vocab_size() <= 2:
            raise DataError(f"no word occurs {min_count} times in the training texts; use data.min_count=1")
        longest = max(len(encoding.ids) for encoding in tokenizer.encode_batch(list(texts)))
        return cls(tokenizer=tokenizer.to_str(), max_tokens=min(max_tokens, longest), columns=columns)

    @cached_property
    def vocab_size(self) -> int:
        """Number of token ids."""
        size: int = self._made.get_vocab_size()
        return size

    @cached_property
    def _made(self) -> Any:
        return _tokenizers().Tokenizer.from_str(self.tokenizer)

    def encode(self, rows: Rows) -> Tensor:
        ids = np.zeros((len(rows), self.max_tokens), dtype=np.int64)
        for position, encoding in enumerate(self._made.encode_batch(_texts(rows))):
            tokens = encoding.ids[: self.max_tokens]
            if not tokens:
                number = int(rows.numbers[position])
                raise DataError(
                    f"no word in {quote(_texts(rows)[position])}; write a text, or leave the row out",
                    file=rows.origin.path if rows.names is None else rows.names[position],
                    row=number if rows.names is None else None,
                )
            ids[position, : len(tokens)] = tokens
        return torch.from_numpy(ids)

    def read(self, path: str, *, labelled: bool) -> Rows:
        if is_table(path):
            columns = self.columns
            table, texts, notes = read_column(path, columns)
            target: pl.Series | None = None
            if labelled and columns.target is None:
                raise table.place.error("no column is known to hold the target; the model was trained on class folders")
            if columns.target is not None and (labelled or columns.target in table.frame.columns):
                column = table.column(columns.target, "target")
                target = read_target(table, columns.target) if labelled or not column.null_count() else None
            return rows_of_column(table, texts, target, notes)
        entries, notes = scan_any(path, "text", labelled=labelled)
        return rows_of_files(entries, path, notes)

    def state(self) -> dict[str, Any]:
        return {
            "kind": "text",
            "tokenizer": self.tokenizer,
            "max_tokens": self.max_tokens,
            "columns": asdict(self.columns),
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        columns = dict(state["columns"])
        layout = Layout(**columns.pop("layout"))
        return cls(
            tokenizer=state["tokenizer"],
            max_tokens=state["max_tokens"],
            columns=TextColumns(**columns, layout=layout),
        )


def _texts(rows: Rows) -> list[str]:
    if not isinstance(rows.inputs, list):
        raise TypeError(f"rows of {rows.origin.path} hold no texts")
    return rows.inputs


def _tokenizers() -> ModuleType:
    """The package, kept to one thread: it would warn on standard error whenever a process is forked."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    return import_extra("tokenizers", "data")
