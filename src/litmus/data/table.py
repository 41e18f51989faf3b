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
from litmus.data.place import Place
from litmus.data.preprocess import Categories, Impute, Roles, TablePreprocess, refuse_missing
from litmus.data.reading import Table
from litmus.data.roles import RoleSource
from litmus.data.target_column import read_target


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
            day_first=train.day_first,
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
            lines=place.lines,
            origin=table.origin,
            split=self._read_split(table),
            group=self._complete(table, self.group, "data.group"),
            time=self._read_time(table),
            weight=self._read_weight(table),
            notes=(*table.notes, *chosen.notes),
            day_first=chosen.day_first,
            shelf=table.shelf,
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
