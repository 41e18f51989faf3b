"""What all tables share: which columns are features, how missing cells are met, and which column plays which role."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
import polars as pl
from annotated_types import Ge

from litmus.data.base import Rows
from litmus.data.columns import ColumnKind
from litmus.data.features import Features, choose_features
from litmus.data.numbers import check_finite, check_stray, read_numbers
from litmus.data.place import Place, first_true
from litmus.data.preprocess import Categories, Impute, Roles, TablePreprocess, present_target, refuse_missing
from litmus.data.reading import Table
from litmus.data.roles import RoleSource
from litmus.errors import quote


@dataclass(frozen=True, kw_only=True)
class TableSource(RoleSource):
    """Rows of a table; one column is the target.

    Args:
        features: Use only these columns; null: all that are of use.
        drop_columns: Never use these columns.
        kinds: What to take columns for, such as `{zip: category}`, where their values are misleading.
        impute: How missing cells are filled, from the training rows. auto: numbers and dates by the median, booleans by
            the more frequent value, categories by a level of their own. drop: leave such rows out. error: refuse them.
        categories: One column a level, or one code for an embedding (auto: above 20 levels), which linear and mlp take.
        max_levels: Levels kept of each category, the most frequent ones; the others share one.
    """

    features: tuple[str, ...] | None = None
    drop_columns: tuple[str, ...] = ()
    kinds: Mapping[str, ColumnKind] = field(default_factory=dict)
    impute: Impute = "auto"
    categories: Categories = "onehot"
    max_levels: Annotated[int, Ge(2)] = 100

    @abstractmethod
    def load(self) -> Table:
        """The table as it stands in its file."""

    @abstractmethod
    def target_name(self, table: Table) -> str:
        """The column to predict; raises DataError if the table has none of that name."""

    def read(self) -> Rows:
        table = self.load()
        return self._kept(*self._rows(table))

    def fit(self, train: Rows) -> TablePreprocess:
        assert isinstance(train.inputs, pl.DataFrame)  # noqa: S101 - what read gives
        assert train.target is not None  # noqa: S101
        roles = Roles(
            target=train.target.name, weight=self.weight, group=self.group, time=self.time, layout=self.layout
        )
        return TablePreprocess.fit(
            train.inputs,
            roles=roles,
            normalize=self.normalize,
            impute=self.impute,
            categories=self.categories,
            max_levels=self.max_levels,
        )

    def _rows(self, table: Table) -> tuple[Rows, Features, Place]:
        """All rows with typed columns, before rows with missing cells are dealt with."""
        target = self.target_name(table)
        self._check_roles(table)
        chosen = choose_features(self, table, target)
        place = table.place
        count = table.frame.height
        rows = Rows(
            inputs=chosen.frame,
            target=read_target(table, target),
            numbers=np.arange(count, dtype=np.int64) if place.rows is None else place.rows,
            origin=table.origin,
            split=self._read_split(table),
            group=self._complete(table, self.group, "data.group"),
            time=self._read_time(table),
            weight=self._read_weight(table),
            notes=(*table.notes, *chosen.notes),
        )
        return rows, chosen, place

    def _kept(self, rows: Rows, chosen: Features, place: Place) -> Rows:
        """The rows that `impute` lets stand."""
        columns = [series for series in chosen.frame if series.name in chosen.used]
        if self.impute == "error":
            refuse_missing(columns, place)
        if self.impute != "drop":
            return rows
        complete = pl.DataFrame(columns).select(pl.all_horizontal(pl.all().is_not_null())).to_series().to_numpy()
        if not complete.any():
            raise place.error("every row has a missing cell; data.impute=drop leaves none, use data.impute=auto")
        return rows.take(np.flatnonzero(complete))


def read_target(table: Table, name: str) -> pl.Series:
    """The target's column: text as it stands, numbers checked.

    Raises:
        DataError: An empty cell, NaN, an infinite number, or a stray word among numbers.
    """
    raw, place = table.frame[name], table.place
    if raw.dtype != pl.String:
        return present_target(_finite_target(raw, place), place)
    text = present_target(raw, place)
    if place.lines is None:
        return text
    numbers = read_numbers(text, table.layout.decimal)
    check_stray(text, numbers, place)
    if numbers.stray is not None:
        return text
    wrong = first_true(numbers.values.is_null() | numbers.values.is_nan())
    if wrong is not None:
        message = f"the target is {quote(text[wrong])}, which is no number; fill the cell, or leave the row out"
        raise place.error(message, position=wrong, column=name)
    check_finite(numbers.values, place)
    return text if table.layout.decimal == "point" else numbers.values


def _finite_target(raw: pl.Series, place: Place) -> pl.Series:
    if raw.dtype.is_nested():
        message = "several values in a cell: several or multi-label targets are not supported; name a plain column"
        raise place.error(message, column=raw.name)
    if raw.dtype.is_float():
        wrong = first_true(raw.is_nan())
        if wrong is not None:
            message = "the target is NaN; fill the cell, or leave the row out"
            raise place.error(message, position=wrong, column=raw.name)
        check_finite(raw.cast(pl.Float64), place)
    if raw.dtype.is_temporal():
        raise place.error("the target is a date; write it as a number, such as days", column=raw.name)
    return raw
