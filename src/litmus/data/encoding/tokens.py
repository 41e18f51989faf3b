"""Texts to token ids, by a tokenizer trained on the training texts alone."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from types import ModuleType
from typing import Any, ClassVar, Literal, Self, final

import numpy as np
import polars as pl
import torch
from torch import Tensor

from litmus.config import import_extra
from litmus.data.columns.target_column import complete_target, read_target
from litmus.data.encoding.base import Preprocess
from litmus.data.files.class_folders import scan_any
from litmus.data.files.readers import is_table
from litmus.data.files.table import CSVLayout
from litmus.data.files.text_files import TextColumns, read_column, read_text_files
from litmus.data.rows import Rows
from litmus.errors import DataError, quote

PAD, UNKNOWN = "[PAD]", "[UNK]"


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
        package = import_tokenizers()
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
        return import_tokenizers().Tokenizer.from_str(self.tokenizer)

    def encode(self, rows: Rows) -> Tensor:
        ids = np.zeros((len(rows), self.max_tokens), dtype=np.int64)
        for position, encoding in enumerate(self._made.encode_batch(texts_of(rows))):
            tokens = encoding.ids[: self.max_tokens]
            if not tokens:
                number = int(rows.numbers[position])
                raise DataError(
                    f"no word in {quote(texts_of(rows)[position])}; write a text, or leave the row out",
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
                raise table.location.error(
                    "no column is known to hold the target; the model was trained on class folders"
                )
            if columns.target is not None and (labelled or columns.target in table.frame.columns):
                column = table.column(columns.target, "target")
                target = read_target(table, columns.target).values if labelled or not column.null_count() else None
            rows = table.rows(texts.to_list(), target, notes=notes)
            return complete_target(rows, "error" if columns.layout.strict else "drop") if labelled else rows
        entries, notes = scan_any(path, "text", labelled=labelled)
        return read_text_files(entries, path, notes)

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
        layout = CSVLayout.restore(columns.pop("layout"))
        return cls(
            tokenizer=state["tokenizer"],
            max_tokens=state["max_tokens"],
            columns=TextColumns(**columns, layout=layout),
        )


def texts_of(rows: Rows) -> list[str]:
    """The rows' texts; raises TypeError if they hold something else."""
    if not isinstance(rows.inputs, list):
        raise TypeError(f"rows of {rows.origin.path} hold no texts")
    return rows.inputs


def import_tokenizers() -> ModuleType:
    """The package, kept to one thread: it would warn on standard error whenever a process is forked."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    return import_extra("tokenizers", "data")
