"""All rows of a source as they were read and typed, before any split."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from litmus.data.cell_reading import Reading
from litmus.data.files.disk_store import DiskStore
from litmus.data.location import Location

PIECE = 65_536  # rows encoded at a time: few enough for the processor's cache, many enough for vectorised code
LEAST_PIECE = 4096
Inputs = pl.DataFrame | NDArray[Any] | list[str]


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where rows came from, for provenance and the test ledger.

    Args:
        path: File or folder as the user gave it; the source's name for bundled and synthetic data.
        sha256: Digest of the content in hexadecimal digits.
        rows: Number of rows read, before anything was dropped.
    """

    path: str
    sha256: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class Rows:
    """All rows of a source before any split; every field has the same length n.

    Args:
        inputs: Table columns; images `(n, channels, height, width)` in uint8, uint16 or float32; or n texts.
        target: Labels or numbers, named as the target's column; None for rows to predict.
        numbers: `(n,)` int64, the source's row numbers, counted from 0.
        split: `(n,)` of "train", "val", "test" where the source or a column fixes it, "" elsewhere; None: nowhere.
        group: `(n,)`; rows of one group stay in one split.
        time: `(n,)`, sortable; rows are split in its order.
        weight: `(n,)` float64 >= 0, each row's weight in the loss only.
        names: A readable name for each row, such as a file's path below the folder.
        lines: `(n,)` int64, the line of the file on which each row begins, counted from 1; None without lines.
        test_path: The file or folder of the test rows, where they have one of their own.
        notes: What was inferred or changed, a line each.
        readings: What was assumed about columns of the table, by their names.
        store: Holds the inputs on disk; None: they are in memory.
    """

    inputs: Inputs
    target: pl.Series | None
    numbers: NDArray[np.int64]
    origin: Origin
    split: NDArray[np.str_] | None = None
    group: pl.Series | None = None
    time: pl.Series | None = None
    weight: NDArray[np.float64] | None = None
    names: tuple[str, ...] | None = None
    lines: NDArray[np.int64] | None = None
    test_path: str | None = None
    notes: tuple[str, ...] = ()
    readings: Mapping[str, Reading] = field(default_factory=dict)
    store: DiskStore | None = None

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def location(self) -> Location:
        """Where the rows are, for messages."""
        other = None if self.test_path is None or self.split is None else (self.test_path, self.split == "test")
        return Location(file=self.origin.path, rows=self.numbers, lines=self.lines, names=self.names, other=other)

    def pieces(self, index: NDArray[np.int64]) -> Iterator["Rows"]:
        """The rows at the positions `index` (m,), in that order, in pieces that are in memory."""
        rows, size = replace(self, store=None), PIECE
        if self.store is not None and isinstance(self.inputs, pl.DataFrame):
            size = min(max(self.store.window(8 * self.inputs.width), LEAST_PIECE), PIECE)
        elif self.store is not None and isinstance(self.inputs, np.ndarray):
            size = min(self.store.window(self.inputs[0].nbytes), PIECE)
        return (rows.take(index[start : start + size]) for start in range(0, len(index), size))

    def take(self, index: NDArray[np.int64]) -> "Rows":
        """The rows at the positions `index` (m,), in that order."""
        return Rows(
            inputs=self._inputs(index),
            target=None if self.target is None else self.target[index],
            numbers=self.numbers[index],
            origin=self.origin,
            split=None if self.split is None else self.split[index],
            group=None if self.group is None else self.group[index],
            time=None if self.time is None else self.time[index],
            weight=None if self.weight is None else self.weight[index],
            names=None if self.names is None else tuple(self.names[i] for i in index),
            lines=None if self.lines is None else self.lines[index],
            test_path=self.test_path,
            notes=self.notes,
            readings=self.readings,
            store=self.store,
        )

    def _inputs(self, index: NDArray[np.int64]) -> Inputs:
        inputs, store = self.inputs, self.store
        if isinstance(inputs, list):
            return [inputs[i] for i in index]
        if isinstance(inputs, pl.DataFrame) and store is not None:
            return pl.DataFrame([store.keep(series[index]) for series in inputs])
        if isinstance(inputs, np.ndarray) and store is not None:
            return store.take(inputs, index)
        return inputs[index]

    @property
    def width(self) -> int:
        """Number of values of a row: cells of a table, pixel values of an image; 1 for a text."""
        if isinstance(self.inputs, pl.DataFrame):
            return self.inputs.width
        return int(np.prod(self.inputs.shape[1:])) if isinstance(self.inputs, np.ndarray) else 1


def with_test_rows(rows: Rows, test: Rows) -> Rows:
    """The rows, followed by rows of another file, all of which are test."""
    split = np.asarray([""] * len(rows) if rows.split is None else rows.split, dtype="<U5")
    split[split == "test"] = "train"
    return Rows(
        inputs=_both(rows.inputs, test.inputs),
        target=_stacked(rows.target, test.target),
        numbers=np.concatenate((rows.numbers, test.numbers)),
        origin=replace(rows.origin, rows=rows.origin.rows + test.origin.rows),
        split=np.concatenate((split, np.full(len(test), "test"))),
        group=_stacked(rows.group, test.group),
        time=_stacked(rows.time, test.time),
        weight=None if rows.weight is None or test.weight is None else np.concatenate((rows.weight, test.weight)),
        lines=None if rows.lines is None or test.lines is None else np.concatenate((rows.lines, test.lines)),
        test_path=test.origin.path,
        store=rows.store or test.store,
        notes=(*rows.notes, f"test: all {len(test)} rows of {test.origin.path}", *_of_test(rows, test)),
        readings=rows.readings,
    )


def _of_test(rows: Rows, test: Rows) -> tuple[str, ...]:
    """What was made of the test rows alone, a line each."""
    return tuple(f"test: {note}" for note in test.notes if note not in rows.notes)


def _both(first: Inputs, second: Inputs) -> Inputs:
    """Table columns or texts of both, one after the other."""
    if isinstance(first, list) and isinstance(second, list):
        return first + second
    assert isinstance(first, pl.DataFrame)  # noqa: S101 - what tables hold
    assert isinstance(second, pl.DataFrame)  # noqa: S101
    return pl.concat([first, second])


def _stacked(first: pl.Series | None, second: pl.Series | None) -> pl.Series | None:
    """One series of both; as text where their types differ."""
    if first is None or second is None:
        return None
    if first.dtype != second.dtype:
        first, second = first.cast(pl.String), second.cast(pl.String)
    return pl.concat([first, second.alias(first.name)])
