"""Table columns to the model's tensor: fills, scales, codes and date parts, fitted on the training rows alone."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Self, final

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from litmus.data.base import Preprocess, Rows
from litmus.data.columns import FEATURE_KINDS, as_order, conform, kind_of
from litmus.data.encoders import ENCODERS, CategoryEncoder, DateEncoder, Encoder, Scale, make_encoder
from litmus.data.large import open_table
from litmus.data.layout import Layout
from litmus.data.place import Place, first_true
from litmus.data.reading import Columns, Table, near_column
from litmus.data.target_column import read_target
from litmus.errors import DataError

Categories = Literal["onehot", "embed", "auto"]
Impute = Literal["auto", "mean", "median", "most_frequent", "drop", "error"]
Normalize = Literal["none", "standard", "minmax"]


@final
@dataclass(frozen=True, kw_only=True)
class Roles:
    """Which columns of a file are no features, and how the file is written.

    Args:
        target: Column to predict.
        weight: Column of row weights.
        group: Column of groups.
        time: Column of times.
        layout: Delimiter and decimals of a CSV.
    """

    target: str
    weight: str | None = None
    group: str | None = None
    time: str | None = None
    layout: Layout = field(default_factory=Layout)


@final
@dataclass(frozen=True, kw_only=True)
class TablePreprocess(Preprocess):
    """Fitted columns, in the order of the tensor: one-hot and numeric ones first, embedded categories last.

    Args:
        columns: One encoder a feature column.
        roles: The columns that are no features.
        impute: Whether missing cells are filled or refused.
    """

    input: ClassVar[Literal["table"]] = "table"  # type: ignore[misc]

    columns: tuple[Encoder, ...]
    roles: Roles
    impute: Impute = "auto"

    @classmethod
    def fit(
        cls,
        train: pl.DataFrame,
        *,
        roles: Roles,
        normalize: Normalize = "standard",
        impute: Impute = "auto",
        categories: Categories = "onehot",
        max_levels: int = 100,
        day_first: Mapping[str, bool] = MappingProxyType({}),
    ) -> Self:
        """Learn fills, scales and levels from the typed training columns.

        Raises:
            DataError: No column varies.
        """
        features = [series for series in train if kind_of(series) in FEATURE_KINDS]
        if not features:
            raise DataError("no column is left that varies in the training rows; name some with data.features=[...]")
        made = [
            make_encoder(
                series,
                scale=Scale(normalize),
                impute=impute,
                categories=categories,
                max_levels=max_levels,
                day_first=day_first.get(series.name),
            )
            for series in features
        ]
        made.sort(key=lambda column: column.cardinality > 0)
        return cls(columns=tuple(made), roles=roles, impute=impute)

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
        _check_encoded(x, self, rows.place)
        return torch.from_numpy(x)

    def read(self, path: str, *, labelled: bool) -> Rows:
        return self.rows_of(open_table(path, self.roles.layout), labelled=labelled)

    def rows_of(self, table: Table, *, labelled: bool) -> Rows:
        """Rows of a table like the one trained on; columns in any order, others ignored.

        Raises:
            DataError: A column is missing, a cell cannot be read, or `labelled` and the target is not there.
        """
        roles, place = self.roles, table.place
        missing = [column.name for column in self.columns if column.name not in table.frame.columns]
        if missing:
            found = near_column(missing[0], table.frame.columns)
            raise place.error(f"columns of the training data are missing: {', '.join(missing[:8])}; add them; {found}")
        inputs = [table.kept(self._input(column, table)) for column in self.columns]
        if self.impute == "error":
            refuse_missing(inputs, place)
        count = table.frame.height
        return Rows(
            inputs=pl.DataFrame(inputs),
            target=self._target(table, labelled=labelled),
            numbers=np.arange(count, dtype=np.int64) if place.rows is None else place.rows,
            lines=place.lines,
            origin=table.origin,
            group=_optional(table.frame, roles.group),
            time=self._time(table) if labelled else None,
            notes=(*table.notes, *self._mended(inputs)),
            shelf=table.shelf,
        )

    def _input(self, column: Encoder, table: Table) -> pl.Series:
        """A column as the kind that it had in training, its dates read in the order that they had."""
        layout = self.roles.layout
        if isinstance(column, DateEncoder):
            first = layout.day_first if column.day_first is None else column.day_first
            layout = replace(layout, day_first=first, year_first=column.day_first is None)
        found = conform(table.frame[column.name], column.kind, table.place, layout)
        if found.dates is not None and found.dates.ambiguous and layout.day_first is None:
            message = "dates with day or month first, and training had another form; write them as 2026-11-30"
            raise table.place.error(message, column=column.name)
        return found.series

    def _mended(self, inputs: Sequence[pl.Series]) -> tuple[str, ...]:
        """A line on cells that are filled, and one on categories that training has not seen."""
        missing = [f"{series.name} {series.null_count()}" for series in inputs if series.null_count()]
        pairs = zip(self.columns, inputs, strict=True)
        unseen = [(c.name, c.unseen(series)) for c, series in pairs if isinstance(c, CategoryEncoder)]
        notes = [f"missing cells, filled as in training: {', '.join(missing)}"] if missing else []
        if any(count for _, count in unseen):
            shown = ", ".join(f"{name} {count}" for name, count in unseen if count)
            notes.append(f"values that training has not seen, taken for none of its categories: {shown}")
        return tuple(notes)

    def _target(self, table: Table, *, labelled: bool) -> pl.Series | None:
        if labelled:
            return read_target(table, table.column(self.roles.target, "target").name)
        return _optional(table.frame, self.roles.target)

    def _time(self, table: Table) -> pl.Series | None:
        """What orders the rows, which intervals ask for; None where it is absent or incomplete."""
        times = _optional(table.frame, self.roles.time)
        return None if times is None else as_order(times, table.place, self.roles.layout)

    def state(self) -> dict[str, Any]:
        columns = [{"encoder": type(column).__name__, **asdict(column)} for column in self.columns]
        return {"kind": "table", "columns": columns, "roles": asdict(self.roles), "impute": self.impute}

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        roles = dict(state["roles"])
        layout = Layout(**roles.pop("layout"))
        columns = []
        for entry in state["columns"]:
            arguments = dict(entry)
            columns.append(ENCODERS[arguments.pop("encoder")].restore(arguments))
        return cls(columns=tuple(columns), roles=Roles(**roles, layout=layout), impute=state["impute"])

    def module(self) -> nn.Module | None:
        """Raw columns `(n, columns)` with NaN where missing to `(n, features)`; None with categories or dates."""
        scalers = [column.affine() for column in self.columns]
        numeric = [scaler for scaler in scalers if scaler is not None]
        return NumericInputs(numeric) if len(numeric) == len(scalers) else None


@final
class NumericInputs(nn.Module):
    """Fills and scales raw numbers inside an exported graph.

    Args:
        columns: `(fill, centre, scale)` of each column.
    """

    def __init__(self, columns: Sequence[tuple[float, float, float]]) -> None:
        super().__init__()
        values = torch.tensor(columns, dtype=torch.float64)
        for name, column in zip(("fill", "centre", "scale"), values.T, strict=True):
            self.register_buffer(name, column.clone())

    def forward(self, x: Tensor) -> Tensor:
        """Raw `(n, columns)` to float32 `(n, columns)`; computed in float64 as in training."""
        fill, centre, scale = self.get_buffer("fill"), self.get_buffer("centre"), self.get_buffer("scale")
        wide = x.to(torch.float64)
        return ((torch.where(torch.isnan(wide), fill, wide) - centre) / scale).to(torch.float32)


def refuse_missing(columns: Sequence[pl.Series], place: Place) -> None:
    """Stop at the first missing cell, as data.impute=error asks for."""
    for series in columns:
        wrong = first_true(series.is_null())
        if wrong is not None:
            message = (
                f"the cell is empty ({series.null_count()} are) and data.impute=error; fill it, or use data.impute=auto"
            )
            raise place.error(message, position=wrong, column=series.name)


def _optional(frame: Columns, name: str | None) -> pl.Series | None:
    """A column that may be absent or incomplete; only a complete one is of use."""
    if name is None or name not in frame.columns:
        return None
    series = frame[name]
    return None if series.null_count() else series


def _check_encoded(x: NDArray[np.float32], preprocess: TablePreprocess, place: Place) -> None:
    """Scaling has not thrown a value out of float32."""
    if np.isfinite(x).all():
        return
    row, column = (int(index[0]) for index in np.nonzero(~np.isfinite(x)))
    message = "scaled by the training rows' spread the value does not fit into float32; correct the cell"
    raise place.error(message, position=row, column=preprocess.features[column])
