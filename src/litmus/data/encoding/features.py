"""Table columns to the model's tensor: one fitted encoder a column, side by side, learned from the training rows alone.

How missing cells are met as a whole (`impute`) is decided here; what one column becomes, in `column_encoders`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Self, final

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from litmus.data.cell_reading import PLAIN, Reading
from litmus.data.columns.kinds import FEATURE_KINDS, as_order, conform, kind_of
from litmus.data.columns.selection import ColumnRoles
from litmus.data.columns.target_column import complete_target, read_target
from litmus.data.encoding.base import Preprocess
from litmus.data.encoding.column_encoders import (
    ENCODERS,
    Affine,
    CategoryEncoder,
    DateEncoder,
    Encoder,
    Scale,
    make_encoder,
)
from litmus.data.files.readers import read_table
from litmus.data.files.table import CSVLayout, Table, TableColumns, near_column
from litmus.data.location import Location, first_true
from litmus.data.rows import Rows
from litmus.errors import DataError

Categories = Literal["onehot", "embed", "auto"]
Impute = Literal["auto", "mean", "median", "most_frequent", "drop", "error"]
Normalize = Literal["auto", "none", "standard", "minmax"]


@final
@dataclass(frozen=True, kw_only=True)
class TablePreprocess(Preprocess):
    """Fitted columns, in the order of the tensor: one-hot and numeric ones first, embedded categories last.

    Args:
        columns: One encoder a feature column.
        target: Name of the column to predict.
        roles: Names of the columns that are neither features nor target.
        layout: How a CSV of such rows is written.
        impute: Whether missing cells are filled or refused.
        target_reading: How the target's cells are read.
    """

    input: ClassVar[Literal["table"]] = "table"  # type: ignore[misc]

    columns: tuple[Encoder, ...]
    target: str
    roles: ColumnRoles = field(default_factory=ColumnRoles)
    layout: CSVLayout = field(default_factory=CSVLayout)
    impute: Impute = "auto"
    target_reading: Reading = PLAIN

    @classmethod
    def fit(
        cls,
        train: pl.DataFrame,
        *,
        target: str,
        roles: ColumnRoles,
        layout: CSVLayout,
        normalize: Normalize = "standard",
        impute: Impute = "auto",
        categories: Categories = "onehot",
        max_levels: int | None = None,
        readings: Mapping[str, Reading] = MappingProxyType({}),
        target_reading: Reading = PLAIN,
    ) -> Self:
        """Learns fills, scales and levels from the typed training columns.

        Raises:
            DataError: No column varies.
        """
        features = [series for series in train if kind_of(series) in FEATURE_KINDS]
        if not features:
            raise DataError("no column is left that varies in the training rows; name some with data.features=[...]")
        encoders = [
            make_encoder(
                series,
                scale=Scale(normalize),
                impute=impute,
                categories=categories,
                max_levels=max_levels,
                reading=readings.get(series.name, PLAIN),
            )
            for series in features
        ]
        encoders.sort(key=lambda encoder: encoder.cardinality > 0)
        return cls(
            columns=tuple(encoders),
            target=target,
            roles=roles,
            layout=layout,
            impute=impute,
            target_reading=target_reading,
        )

    @property
    def features(self) -> tuple[str, ...]:
        """One name per column of the tensor."""
        return tuple(name for column in self.columns for name in column.names)

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """Number of codes of each embedded category, the last columns of the tensor."""
        return tuple(column.cardinality for column in self.columns if column.cardinality)

    def encode(self, rows: Rows) -> Tensor:
        frame = rows.inputs
        if not isinstance(frame, pl.DataFrame):
            raise DataError("a table is needed", file=rows.origin.path)
        x = np.empty((frame.height, len(self.features)), dtype=np.float32)
        end = 0
        for column in self.columns:
            start, end = end, end + len(column.names)
            with np.errstate(over="ignore"):
                x[:, start:end] = column.encode(frame[column.name])
        _check_encoded(x, self, rows.location)
        return torch.from_numpy(x)

    def read(self, path: str, *, labelled: bool) -> Rows:
        return self.rows_of(read_table(path, self.layout, memory="auto"), labelled=labelled)

    def rows_of(self, table: Table, *, labelled: bool) -> Rows:
        """Rows of a table like the one trained on; columns in any order, others ignored.

        Raises:
            DataError: A column is missing, a cell cannot be read, or `labelled` and the target is not there.
        """
        location = table.location
        missing = [column.name for column in self.columns if column.name not in table.frame.columns]
        if missing:
            hint = near_column(missing[0], table.frame.columns)
            raise location.error(
                f"columns of the training data are missing: {', '.join(missing[:8])}; add them; {hint}"
            )
        inputs = [table.stored(self._input(column, table)) for column in self.columns]
        if self.impute == "error":
            refuse_missing(inputs, location)
        target, remarks = self._target(table, labelled=labelled)
        group = _optional(table.frame, self.roles.group)
        time = self._time(table) if labelled else None
        rows = table.rows(pl.DataFrame(inputs), target, notes=(*self._changes(inputs), *remarks))
        rows = replace(rows, group=group, time=time)
        return complete_target(rows, "error" if self.layout.strict else "drop") if labelled else rows

    def _input(self, column: Encoder, table: Table) -> pl.Series:
        """A column as the kind that it had in training, with day and month in the order of the training rows."""
        layout = self.layout
        if isinstance(column, DateEncoder):
            first = layout.day_first if column.day_first is None else column.day_first
            layout = replace(layout, day_first=first, year_first=column.day_first is None)
        typed = conform(table.frame[column.name], column.kind, table.location, layout, column.reading)
        if typed.dates is not None and typed.dates.ambiguous and layout.day_first is None:
            message = "dates with day or month first, and training had another form; write them as 2026-11-30"
            raise table.location.error(message, column=column.name)
        return typed.series

    def _changes(self, inputs: Sequence[pl.Series]) -> tuple[str, ...]:
        """A line on cells that are filled, and one on categories that the training rows did not have."""
        missing = [f"{series.name} {series.null_count()}" for series in inputs if series.null_count()]
        pairs = zip(self.columns, inputs, strict=True)
        unseen = [(c.name, c.unseen(series)) for c, series in pairs if isinstance(c, CategoryEncoder)]
        notes = [f"missing cells, filled as in training: {', '.join(missing)}"] if missing else []
        if any(count for _, count in unseen):
            shown = ", ".join(f"{name} {count}" for name, count in unseen if count)
            notes.append(f"values not seen in training, treated as no known category: {shown}")
        return tuple(notes)

    def _target(self, table: Table, *, labelled: bool) -> tuple[pl.Series | None, tuple[str, ...]]:
        """The target's column and what was assumed of it; in rows to predict, None unless it is complete."""
        if labelled:
            column = read_target(table, table.column(self.target, "target").name, self.target_reading)
            return column.values, column.notes
        return _optional(table.frame, self.target), ()

    def _time(self, table: Table) -> pl.Series | None:
        """The times of the rows, which intervals depend on; None where the column is absent or incomplete."""
        times = _optional(table.frame, self.roles.time)
        return None if times is None else as_order(times, table.location, self.layout)

    def state(self) -> dict[str, Any]:
        columns = [{"encoder": type(column).__name__, **asdict(column)} for column in self.columns]
        roles = {
            "target": self.target,
            "weight": self.roles.weight,
            "group": self.roles.group,
            "time": self.roles.time,
            "layout": asdict(self.layout),
        }
        return {
            "kind": "table",
            "columns": columns,
            "roles": roles,
            "impute": self.impute,
            "target_reading": asdict(self.target_reading),
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        roles = state["roles"]
        columns = []
        for entry in state["columns"]:
            arguments = dict(entry)
            columns.append(ENCODERS[arguments.pop("encoder")].restore(arguments))
        return cls(
            columns=tuple(columns),
            target=roles["target"],
            roles=ColumnRoles(weight=roles["weight"], group=roles["group"], time=roles["time"]),
            layout=CSVLayout.restore(roles["layout"]),
            impute=state["impute"],
            target_reading=Reading.restore(state.get("target_reading", {})),
        )

    def module(self) -> nn.Module | None:
        """Raw columns `(n, columns)` with NaN where missing to `(n, features)`; None with categories or dates."""
        scalers = [column.affine() for column in self.columns]
        numeric = [scaler for scaler in scalers if scaler is not None]
        return NumericInputs(numeric) if len(numeric) == len(scalers) else None


@final
class NumericInputs(nn.Module):
    """Fills and scales raw numbers inside an exported graph.

    Args:
        columns: The arithmetic of each column.
    """

    def __init__(self, columns: Sequence[Affine]) -> None:
        super().__init__()
        values = torch.tensor(columns, dtype=torch.float64)
        self.bends = bool(values[:, -1].isfinite().any())
        self.told = [j for j, column in enumerate(columns) if column.tells]
        # what tells of a missing cell follows its column
        self.order = sorted(range(len(columns) + len(self.told)), key=[*range(len(columns)), *self.told].__getitem__)
        for name, column in zip(Affine._fields, values.T, strict=True):
            self.register_buffer(name, column.clone())

    def forward(self, x: Tensor) -> Tensor:
        """Raw `(n, columns)` to float32 `(n, features)`; computed in float64 as in training."""
        fill, centre, scale = self.get_buffer("fill"), self.get_buffer("centre"), self.get_buffer("scale")
        wide = x.to(torch.float64)
        missing = torch.isnan(wide)
        wide = torch.where(missing, fill, wide)
        if self.bends:
            middle, width = self.get_buffer("middle"), self.get_buffer("width")
            wide = torch.where(width.isfinite(), ((wide - middle) / width).asinh(), wide)
        scaled = ((wide - centre) / scale).to(torch.float32)
        if len(self.order) == scaled.shape[1]:
            return scaled
        return torch.cat([scaled, missing[:, self.told].to(torch.float32)], 1)[:, self.order]


def refuse_missing(columns: Sequence[pl.Series], location: Location) -> None:
    """Raises DataError at the first missing cell, as data.impute=error asks for."""
    for series in columns:
        wrong = first_true(series.is_null())
        if wrong is not None:
            message = (
                f"the cell is empty ({series.null_count()} are) and data.impute=error; fill it, or use data.impute=auto"
            )
            raise location.error(message, position=wrong, column=series.name)


def _optional(frame: TableColumns, name: str | None) -> pl.Series | None:
    """A column if the frame has it and no cell of it is missing, else None."""
    if name is None or name not in frame.columns:
        return None
    series = frame[name]
    return None if series.null_count() else series


def _check_encoded(x: NDArray[np.float32], preprocess: TablePreprocess, location: Location) -> None:
    """Raises DataError where scaling made a value too large for float32."""
    if np.isfinite(x).all():
        return
    row, column = (int(index[0]) for index in np.nonzero(~np.isfinite(x)))
    message = "after scaling by the training rows' spread the value does not fit into float32; correct the cell"
    raise location.error(message, position=row, column=preprocess.features[column])
