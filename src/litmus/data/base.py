"""What every data source gives and what everything behind it may rely on: rows in, tensors and a spec out."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal, NamedTuple, Self

import numpy as np
import polars as pl
import torch
from annotated_types import Ge, Gt, Lt
from numpy.typing import NDArray
from torch import Tensor

from litmus.data.place import Place
from litmus.data.shelf import Shelf

TaskKind = Literal["binary", "multiclass", "regression"]
SplitName = Literal["train", "val", "test"]
PIECE = 65_536  # rows that are encoded at a time: few enough for the processor's cache, many enough for vectors
LEAST_PIECE = 4096
SPLITS: tuple[SplitName, ...] = ("train", "val", "test")
SplitRule = Literal["stratified", "random", "group", "stratified_group", "time", "column"]


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where rows came from, for provenance and the test ledger.

    Args:
        path: File or folder as the user gave it; the source's name for bundled and made data.
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
        target: Labels or numbers, under the target's column name; None for rows to predict.
        numbers: `(n,)` int64, the source's row numbers, counted from 0.
        split: `(n,)` of "train", "val", "test" where the source or a column fixes them, "" where free; None: all free.
        group: Rows of one group stay in one split.
        time: Sortable; rows are split in its order.
        weight: `(n,)` float64 >= 0, each row's weight in the loss and nowhere else.
        names: A readable name for each row, such as a file's path below the folder.
        lines: `(n,)` int64, the lines of the file on which rows begin, counted from 1; None where it has no lines.
        test_path: The file or folder of the rows that are test, where these have one of their own.
        notes: What was inferred or mended, a line each.
        day_first: Of the date columns where it matters, whether the day was written before the month.
        shelf: Keeps what is larger than memory; None: the inputs are in memory.
    """

    inputs: pl.DataFrame | NDArray[Any] | list[str]
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
    day_first: Mapping[str, bool] = field(default_factory=dict)
    shelf: Shelf | None = None

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def place(self) -> Place:
        """Where the rows stand, for messages."""
        other = None if self.test_path is None or self.split is None else (self.test_path, self.split == "test")
        return Place(file=self.origin.path, rows=self.numbers, lines=self.lines, names=self.names, other=other)

    def pieces(self, index: NDArray[np.int64]) -> Iterator["Rows"]:
        """The rows at the positions `index` (m,), in that order, a few at a time and in memory."""
        rows, size = replace(self, shelf=None), PIECE
        if self.shelf is not None and isinstance(self.inputs, pl.DataFrame):
            size = min(max(self.shelf.window(8 * self.inputs.width), LEAST_PIECE), PIECE)
        elif self.shelf is not None and isinstance(self.inputs, np.ndarray):
            size = min(self.shelf.window(self.inputs[0].nbytes), PIECE)
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
            day_first=self.day_first,
            shelf=self.shelf,
        )

    def _inputs(self, index: NDArray[np.int64]) -> pl.DataFrame | NDArray[Any] | list[str]:
        inputs, shelf = self.inputs, self.shelf
        if isinstance(inputs, list):
            return [inputs[i] for i in index]
        if isinstance(inputs, pl.DataFrame) and shelf is not None:
            return pl.DataFrame([shelf.keep(series[index]) for series in inputs])
        if isinstance(inputs, np.ndarray) and shelf is not None:
            return shelf.picked(inputs, index)
        return inputs[index]

    @property
    def width(self) -> int:
        """Cells of a table's row, pixel values of an image; 1 for a text."""
        if isinstance(self.inputs, pl.DataFrame):
            return self.inputs.width
        return int(np.prod(self.inputs.shape[1:])) if isinstance(self.inputs, np.ndarray) else 1


class Batch(NamedTuple):
    """What a loader yields: `x` (rows, *in_shape), `y` (rows,) int64 codes or float32, `weight` (rows,) or None."""

    x: Tensor
    y: Tensor
    weight: Tensor | None = None


@dataclass(frozen=True, kw_only=True)
class Split:
    """One split as tensors on the CPU.

    Args:
        x: `(n, *in_shape)`: float32 for tables, uint8 or float32 for images, int64 token ids for text.
        y: `(n,)` int64 class codes, or float32 in the loss's unit (standardised with `normalize_target`).
        rows: `(n,)` int64 source row numbers.
        weight: `(n,)` float32 or None.
        group: `(n,)` int64 group codes or None.
        time: `(n,)` int64 rank in time or None.
        window: Rows of `x` to hold at a time where it is a file larger than memory; None: `x` is in memory.
    """

    x: Tensor
    y: Tensor
    rows: Tensor
    weight: Tensor | None = None
    group: Tensor | None = None
    time: Tensor | None = None
    window: int | None = None

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True, kw_only=True)
class DataSpec:
    """The facts of the data that model, task, evaluation and report need; plain types, stored in the checkpoint.

    Args:
        task: Kind of target.
        input: Kind of input.
        in_shape: Shape of one row of `x`: `(features,)`, `(channels, height, width)` or `(tokens,)`.
        target: The target's name.
        classes: Labels as text in code order; in binary tasks `(negative, positive)`, so that code 1 is positive.
        features: One name per column of `x` in tables; empty otherwise.
        cardinalities: Sizes of the embedded categories, which are the last columns of `x`; code 0 is "unseen".
        vocab_size: Number of token ids in texts (0 pads), else None.
        target_mean: What was subtracted from a regression target (0 without `normalize_target`).
        target_sd: What a regression target was divided by (1 without `normalize_target`).
        sizes: Rows per split.
    """

    task: TaskKind
    input: Literal["table", "image", "text"]
    in_shape: tuple[int, ...]
    target: str
    classes: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    cardinalities: tuple[int, ...] = ()
    vocab_size: int | None = None
    target_mean: float = 0.0
    target_sd: float = 1.0
    sizes: Mapping[str, int] = field(default_factory=dict)


class Preprocess(ABC):
    """Turns inputs into the model's tensor; fitted on the training split only, stored with the model."""

    input: Literal["table", "image", "text"]

    @abstractmethod
    def encode(self, rows: Rows) -> Tensor:
        """`rows.inputs` as `(n, *in_shape)` on the CPU, once for all rows; raises DataError naming row and column."""

    def finish(self, x: Tensor) -> Tensor:
        """What is cheaper or smaller to do per batch on the device, such as uint8 pixels to normalised floats."""
        return x

    @abstractmethod
    def read(self, path: str, *, labelled: bool) -> Rows:
        """Rows of a new file or folder like the one trained on; the target is read when it is there.

        Raises:
            DataError: The file cannot be read, a column is missing, or `labelled` and the target is missing.
        """

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Plain types and tensors only, with `kind` naming the class; `restore(state)` gives an equal object."""

    @classmethod
    @abstractmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """The object whose `state()` this is."""

    def module(self) -> "torch.nn.Module | None":
        """The numeric part as a module for export: raw float columns or pixels to `x`; None where there is text."""
        return None


@dataclass(frozen=True, kw_only=True)
class Source(ABC):
    """Where rows come from and how they are split and batched.

    Args:
        batch_size: Rows a batch; null: the whole training split.
        shuffle: Shuffle the training rows anew each epoch.
        num_workers: Processes that prepare batches; 0 is right for data held in memory.
        split: Rule that assigns rows to splits; rows that the source fixes are left as they are.
        val_fraction: Share of all free rows.
        test_fraction: Share of all free rows; ignored where the source has a test split of its own.
        folds: k-fold cross-validation over the rows that are not test; null: one split.
        normalize: Scaling of numeric inputs, fitted on train.
        normalize_target: Standardise a regression target for the loss; predictions are scaled back.
        dedupe: Keep one of each set of identical rows.
        max_rows: Use a random sample of at most so many rows.
        checks: What data checks do with what they find: report, stop the run, or not run.
    """

    batch_size: Annotated[int, Ge(1)] | None = 32
    shuffle: bool = True
    num_workers: Annotated[int, Ge(0)] = 0
    split: SplitRule = "stratified"
    val_fraction: Annotated[float, Gt(0), Lt(1)] = 0.2
    test_fraction: Annotated[float, Ge(0), Lt(1)] = 0.2
    folds: Annotated[int, Ge(2)] | None = None
    normalize: Literal["none", "standard", "minmax"] = "standard"
    normalize_target: bool = False
    dedupe: bool = False
    max_rows: Annotated[int, Ge(10)] | None = None
    checks: Literal["report", "stop", "off"] = "report"

    @abstractmethod
    def read(self) -> Rows:
        """All rows, checked strictly; raises DataError that names file, row, column, value and remedy."""

    @abstractmethod
    def fit(self, train: Rows) -> Preprocess:
        """The preprocessing learned from the training rows alone."""

    def augment(self, x: Tensor) -> Tensor:
        """A random variant of a finished training batch `(rows, *in_shape)` on its device; identity by default."""
        return x
