"""What all sources of tables share: columns that are features or have other roles, and how missing cells are filled."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated

import numpy as np
import polars as pl
from annotated_types import Ge

from litmus.data.cell_reading import PLAIN
from litmus.data.columns.kinds import ColumnKind
from litmus.data.columns.notation import decimal_note, decimal_of_table
from litmus.data.columns.selection import ColumnChoice, ColumnRoles, SelectedColumns, read_roles, select_columns
from litmus.data.columns.target_column import MissingTarget, complete_target, read_target
from litmus.data.encoding.features import Categories, Impute, TablePreprocess, refuse_missing
from litmus.data.files.table import CSVLayout, Table
from litmus.data.rows import Rows
from litmus.data.sources.base import Source

ENSEMBLE_SIZE = 4
"""Networks whose mean predicts tables in files and frames. Chosen on the tune half of `make bench-tables`, one seed:
error .97 [.93, 1.00] of one network's."""


@dataclass(frozen=True, kw_only=True)
class RoleSource(Source):
    """Base of the sources whose rows come from a table.

    Args:
        weight: Column of row weights in the loss.
        group: Column whose equal values stay in one split (with `split=group` or `stratified_group`).
        time: Column that orders the rows (with `split=time`); null: the order of the file.
        gap: With `split=time`: rows left out before each cut.
        split_column: Column of train, val and test (with `split=column`); without val, val is taken from train.
        missing_target: Whether rows without a target are left out or refused.
    """

    weight: str | None = None
    group: str | None = None
    time: str | None = None
    gap: Annotated[int, Ge(0)] = 0
    split_column: str | None = None
    missing_target: MissingTarget = "drop"

    @property
    def layout(self) -> CSVLayout:
        """How a CSV of such rows is written."""
        return CSVLayout(strict=self.strict)

    @property
    def missing_rule(self) -> MissingTarget:
        """What becomes of rows without a target."""
        return "error" if self.strict else self.missing_target

    @property
    def roles(self) -> ColumnRoles:
        """The columns that are neither features nor target."""
        return ColumnRoles(weight=self.weight, group=self.group, time=self.time, split=self.split_column)

    def check_roles(self, table: Table) -> None:
        """Raises DataError if the split's rule lacks its column, or a split column is named that no rule uses."""
        for rule, name in (("group", self.group), ("stratified_group", self.group), ("column", self.split_column)):
            if self.split == rule and name is None:
                key = "split_column" if rule == "column" else "group"
                message = f"data.split={rule} needs data.{key}=<column>"
                raise table.location.error(f"{message}; the columns are {', '.join(table.frame.columns[:8])}")
        if self.split_column is not None and self.split != "column":
            message = f"data.split_column={self.split_column} is not used by data.split={self.split}"
            raise table.location.error(f"{message}; add data.split=column")


@dataclass(frozen=True, kw_only=True)
class TableSource(RoleSource):
    """Rows of a table; one column is the target.

    Args:
        features: Use only these columns; null: all useful ones.
        drop_columns: Never use these columns.
        kinds: Kinds of columns whose values would be misread, such as `{zip: category}`.
        impute: How missing cells are filled, learned from the training rows. auto: numbers and dates by the median,
            booleans by the more frequent value, categories by a level of their own. drop: such rows are left out.
            error: they are refused.
        categories: One column a level, or one code for an embedding (auto: above 20 levels), which linear and mlp take.
        max_levels: Levels kept of each category, the most frequent ones; the others share one. null: 100, and where
            categories=auto embeds, all that two training rows have, up to 2,000.
        missing_values: Further values that stand for missing cells in any column, such as `[-999, unknown]`.
    """

    features: tuple[str, ...] | None = None
    drop_columns: tuple[str, ...] = ()
    kinds: Mapping[str, ColumnKind] = field(default_factory=dict)
    impute: Impute = "auto"
    categories: Categories = "onehot"
    max_levels: Annotated[int, Ge(2)] | None = None
    missing_values: tuple[str | float, ...] = ()

    @property
    def layout(self) -> CSVLayout:
        return CSVLayout(strict=self.strict, missing=self.missing_words)

    @property
    def missing_words(self) -> tuple[str, ...]:
        """`missing_values` as text."""
        return tuple(map(str, self.missing_values))

    @abstractmethod
    def load(self) -> Table:
        """The table as it stands in its file."""

    @abstractmethod
    def target_name(self, table: Table) -> str:
        """The column to predict; raises DataError if the table has none of that name."""

    def read(self) -> Rows:
        rows, selected = self.typed_rows(self.load())
        return self.complete_rows(rows, selected)

    def fit(self, train: Rows) -> TablePreprocess:
        assert isinstance(train.inputs, pl.DataFrame)  # noqa: S101 - what read gives
        assert train.target is not None  # noqa: S101
        return TablePreprocess.fit(
            train.inputs,
            target=train.target.name,
            target_reading=train.readings.get(train.target.name, PLAIN),
            roles=replace(self.roles, split=None),
            layout=self.layout,
            normalize=self.normalize,
            impute=self.impute,
            categories=self.categories,
            max_levels=self.max_levels,
            readings=train.readings,
        )

    def typed_rows(self, table: Table) -> tuple[Rows, SelectedColumns]:
        """All rows with typed columns, those with missing cells included."""
        target = self.target_name(table)
        self.check_roles(table)
        table = replace(table, layout=replace(self.layout, decimal=decimal_of_table(table, self.layout)))
        choice = ColumnChoice(
            features=self.features,
            drop_columns=self.drop_columns,
            kinds=self.kinds,
            impute=self.impute,
            layout=table.layout,
        )
        selected = select_columns(table, target, self.roles, choice)
        column = read_target(table, target)
        notes = (*decimal_note(self.layout, table.layout), *selected.notes, *column.notes)
        rows = table.rows(selected.frame, column.values, notes=notes)
        rows = read_roles(rows, table, self.roles, table.layout)
        decimal = table.layout.decimal if column.reading.decimal == "auto" else column.reading.decimal
        readings = {**selected.readings, target: replace(column.reading, decimal=decimal)}
        return complete_target(replace(rows, readings=readings), self.missing_rule), selected

    def complete_rows(self, rows: Rows, selected: SelectedColumns) -> Rows:
        """The rows without those that `impute` leaves out; raises DataError for missing cells that it refuses."""
        assert isinstance(rows.inputs, pl.DataFrame)  # noqa: S101 - what read gives
        columns = [rows.inputs[name] for name in selected.used]
        if self.impute == "error":
            refuse_missing(columns, rows.location)
        if self.impute != "drop":
            return rows
        complete = pl.DataFrame(columns).select(pl.all_horizontal(pl.all().is_not_null())).to_series().to_numpy()
        if not complete.any():
            message = "every row has a missing cell; data.impute=drop leaves none, use data.impute=auto"
            raise rows.location.error(message)
        return rows.take(np.flatnonzero(complete))
