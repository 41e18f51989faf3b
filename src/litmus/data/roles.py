"""Columns that are no inputs: groups, times, weights and splits, as any source with a table behind it reads them."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import polars as pl
from annotated_types import Ge
from numpy.typing import NDArray

from litmus.data.base import Source
from litmus.data.columns import as_order, conform
from litmus.data.layout import Layout
from litmus.data.place import first_true
from litmus.data.reading import Table
from litmus.errors import quote

SPLIT_WORDS: dict[str, Literal["train", "val", "test"]] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}


@dataclass(frozen=True, kw_only=True)
class RoleSource(Source):
    """Base of the sources whose rows come from a table.

    Args:
        weight: Column of row weights in the loss.
        group: Column whose equal values stay in one split (with `split=group` or `stratified_group`).
        time: Column that orders the rows (with `split=time`); null: the order of the file.
        gap: With `split=time`: rows left out before each cut.
        split_column: Column of train, val and test (with `split=column`); without val, val is taken from train.
    """

    weight: str | None = None
    group: str | None = None
    time: str | None = None
    gap: Annotated[int, Ge(0)] = 0
    split_column: str | None = None

    @property
    def layout(self) -> Layout:
        """How a CSV of such rows is written."""
        return Layout()

    def _check_roles(self, table: Table) -> None:
        for rule, name in (("group", self.group), ("stratified_group", self.group), ("column", self.split_column)):
            if self.split == rule and name is None:
                key = "split_column" if rule == "column" else "group"
                message = f"data.split={rule} needs data.{key}=<column>"
                raise table.place.error(f"{message}; the columns are {', '.join(table.frame.columns[:8])}")
        if self.split_column is not None and self.split != "column":
            message = f"data.split_column={self.split_column} is not used by data.split={self.split}"
            raise table.place.error(f"{message}; add data.split=column")

    def _complete(self, table: Table, name: str | None, key: str) -> pl.Series | None:
        """A column without missing cells."""
        if name is None:
            return None
        series = table.column(name, key)
        wrong = first_true(series.is_null())
        if wrong is not None:
            raise table.place.error(f"the cell is empty, and {key} needs every one", position=wrong, column=name)
        return series

    def _read_time(self, table: Table) -> pl.Series | None:
        """What orders the rows in time."""
        series = self._complete(table, self.time, "data.time")
        return None if series is None else as_order(series, table.place, self.layout)

    def _read_weight(self, table: Table) -> NDArray[np.float64] | None:
        series = self._complete(table, self.weight, "data.weight")
        if series is None:
            return None
        weight = conform(series, "number", table.place, self.layout).series
        wrong = first_true(weight.is_null() | (weight < 0))
        if wrong is not None:
            message = f"the weight is {quote(series[wrong])}; weights are numbers from 0 on"
            raise table.place.error(message, position=wrong, column=series.name)
        return weight.to_numpy().astype(np.float64)

    def _read_split(self, table: Table) -> NDArray[np.str_] | None:
        """The split of every row that a column fixes; "" where free."""
        series = self._complete(table, self.split_column, "data.split_column")
        if series is None:
            return None
        words = series.cast(pl.String).str.strip_chars().str.to_lowercase()
        names = words.replace_strict(
            list(SPLIT_WORDS), list(SPLIT_WORDS.values()), default=None, return_dtype=pl.String
        )
        wrong = first_true(names.is_null())
        if wrong is not None:
            message = f"{quote(series[wrong])} is no split; write train, val or test"
            raise table.place.error(message, position=wrong, column=series.name)
        if "train" not in names:
            raise table.place.error("no row says train; nothing could be learned", column=series.name)
        free = names if "val" in names else names.replace("train", "")
        return np.asarray(free.to_list(), dtype=np.str_)
