"""From a source to tensors: read, infer, split, fit on train, encode; without Lightning, so that checks start fast."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, final

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from litmus.data.base import SPLITS, DataSpec, Preprocess, Rows, Source, Split, TaskKind
from litmus.data.shelf import CELL, MB
from litmus.data.split import assign
from litmus.data.target import TargetCoder, as_text
from litmus.errors import DataError, quote


@final
@dataclass(frozen=True, kw_only=True)
class Prepared:
    """All that a run needs of its data.

    Args:
        spec: Facts for model, task and report.
        splits: Tensors by split name; no `test` where there are no test rows.
        preprocess: Fitted on train.
        coder: Labels to codes and back.
        rows: All rows that were split, before encoding.
        assignment: `(n,)` int8 as `rows`: 0 train, 1 val, 2 test, -1 unused.
        class_counts: Rows of each class by split name; empty lists in regression.
        notes: What was inferred or mended, a line each.
    """

    spec: DataSpec
    splits: Mapping[str, Split]
    preprocess: Preprocess
    coder: TargetCoder
    rows: Rows
    assignment: NDArray[np.int8]
    class_counts: Mapping[str, list[int]]
    notes: tuple[str, ...]


def prepare(
    source: Source,
    *,
    kind: TaskKind | Literal["auto"] | None = None,
    positive: object = None,
    seed: int = 42,
    fold: int | None = None,
) -> Prepared:
    """Read a source and make its tensors.

    Args:
        source: Where rows come from.
        kind: Kind of target; None or "auto": inferred.
        positive: Positive label of a binary task; None: inferred.
        seed: Decides the split and the sample of `max_rows`.
        fold: Which of `source.folds` is held out; None: the first.

    Raises:
        DataError: Anything in the data that training cannot or should not go on with.
    """
    rows, notes = _reduced(source, source.read(), seed)
    if rows.target is None:
        raise DataError("there is no target to learn", file=rows.origin.path)
    coder = _coder(rows, kind, positive)
    y = coder.encode(rows.target, place=rows.place)
    assignment = _assigned(source, rows, coder, seed, fold)
    positions = _positions(assignment)
    counts = _class_counts(y, coder, positions)
    notes += (coder.note, *_check_classes(rows, coder, counts), _split_note(source, coder, positions, fold))
    preprocess = source.fit(rows.take(positions["train"]))
    mean, sd = _target_scale(source, coder, y[torch.from_numpy(positions["train"])])
    splits = _splits(rows, preprocess, _in_loss_unit(y, mean, sd), positions)
    spec = _spec(preprocess, coder, splits, (mean, sd))
    notes += _held_note(rows, splits["train"])
    return Prepared(
        spec=spec,
        splits=splits,
        preprocess=preprocess,
        coder=coder,
        rows=rows,
        assignment=assignment,
        class_counts=counts,
        notes=tuple(note for note in notes if note),
    )


def _coder(rows: Rows, kind: TaskKind | Literal["auto"] | None, positive: object) -> TargetCoder:
    """Kind of target and classes as the rows say that are not test: no official test row may change the task."""
    if rows.split is not None:
        known = np.flatnonzero(rows.split != "test").astype(np.int64)
        rows = replace(rows, inputs=np.empty(len(rows)), shelf=None).take(known)  # inputs may be large
    assert rows.target is not None  # noqa: S101 - the caller has looked
    return TargetCoder.infer(rows.target, kind=kind, positive=positive, place=rows.place)


def _assigned(source: Source, rows: Rows, coder: TargetCoder, seed: int, fold: int | None) -> NDArray[np.int8]:
    return assign(
        rows,
        rule=source.split,
        val_fraction=source.val_fraction,
        test_fraction=source.test_fraction,
        seed=seed,
        kind=coder.kind,
        fold=fold or 0,
        folds=source.folds,
        gap=getattr(source, "gap", 0),
    )


def _reduced(source: Source, rows: Rows, seed: int) -> tuple[Rows, tuple[str, ...]]:
    """Rows without repeats and at most `max_rows` of them, where the source says so."""
    notes = rows.notes
    if source.num_workers:
        notes += (f"data.num_workers={source.num_workers} is not used: the data lives in memory and is sliced there",)
    if source.dedupe:
        if rows.shelf is not None:
            message = "data.dedupe compares whole rows, which takes more memory than data.memory allows; raise it"
            raise DataError(message, file=rows.origin.path)
        first = _first_of_each(rows)
        notes += (f"dedupe: {len(rows) - len(first)} of {len(rows)} rows repeat an earlier one and are left out",)
        rows = rows.take(first)
    if source.max_rows is not None and len(rows) > source.max_rows:
        notes += (f"max_rows: a random {source.max_rows} of {len(rows)} rows",)
        if rows.shelf is not None and isinstance(rows.inputs, pl.DataFrame):
            held = source.max_rows * rows.inputs.width * CELL <= rows.shelf.limit
            rows = replace(rows, shelf=None if held else rows.shelf)
        rows = rows.take(_sample(rows, source.max_rows, seed))
    return rows, notes


def _first_of_each(rows: Rows) -> NDArray[np.int64]:
    """Positions of the rows whose inputs and target do not appear earlier."""
    target = pl.Series("target", [""] * len(rows)) if rows.target is None else as_text(rows.target).alias("target")
    if isinstance(rows.inputs, pl.DataFrame):
        frame = rows.inputs.select(pl.all().name.prefix("input:"))
    elif isinstance(rows.inputs, list):
        frame = pl.DataFrame({"input": rows.inputs})
    else:
        frame = pl.DataFrame({"input": [np.ascontiguousarray(row).tobytes() for row in rows.inputs]})
    frame = frame.with_columns(target).with_row_index("position")
    kept = frame.unique(subset=frame.columns[1:], keep="first", maintain_order=True)
    return kept["position"].to_numpy().astype(np.int64)


def _sample(rows: Rows, size: int, seed: int) -> NDArray[np.int64]:
    """A random `size` of the rows in their order, with each class's share kept where the target has few values."""
    rng = np.random.default_rng([seed, 0x5A3B1E])
    shuffled = rng.permutation(len(rows))
    if rows.target is None or rows.target.n_unique() > size // 10:
        return np.sort(shuffled[:size])
    codes = rows.target.rank("dense").to_numpy()[shuffled]
    order = np.argsort(codes, kind="stable")
    rank_within = np.empty(len(rows))
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    sizes = np.diff(np.append(starts, len(rows)))
    rank_within[order] = (np.arange(len(rows)) - np.repeat(starts, sizes) + 0.5) / np.repeat(sizes, sizes)
    return np.sort(shuffled[np.argsort(rank_within, kind="stable")[:size]])


def _positions(assignment: NDArray[np.int8]) -> dict[str, NDArray[np.int64]]:
    """Positions of each split's rows, for the splits that have any."""
    found = {name: np.flatnonzero(assignment == code).astype(np.int64) for code, name in enumerate(SPLITS)}
    return {name: index for name, index in found.items() if len(index)}


def _class_counts(y: Tensor, coder: TargetCoder, positions: Mapping[str, NDArray[np.int64]]) -> dict[str, list[int]]:
    if coder.kind == "regression":
        return {name: [] for name in positions}
    width = len(coder.classes)
    return {
        name: torch.bincount(y[torch.from_numpy(index)], minlength=width).tolist() for name, index in positions.items()
    }


def _check_classes(rows: Rows, coder: TargetCoder, counts: Mapping[str, list[int]]) -> tuple[str, ...]:
    """Every class is in train; a line for each split that lacks one."""
    notes = []
    for code, label in enumerate(coder.classes):
        if counts["train"][code] == 0:
            held = ", ".join(f"{split[code]} in {name}" for name, split in counts.items() if split[code])
            raise DataError(
                f"class {quote(label)} has no row in train ({held or 'all its rows are unused'}); "
                "choose another data.split, or leave its rows out",
                file=rows.origin.path,
                column=coder.name,
            )
        missing = [name for name, split in counts.items() if split[code] == 0]
        if missing:
            notes.append(f"class {quote(label)} has no row in {' and '.join(missing)}, so it is not scored there")
    return (
        tuple(notes[:3])
        if len(notes) <= 3
        else (*notes[:2], f"and {len(notes) - 2} more classes are missing from a split")
    )


def _split_note(
    source: Source, coder: TargetCoder, positions: Mapping[str, NDArray[np.int64]], fold: int | None
) -> str:
    sizes = ", ".join(f"{len(index):,} {name}" for name, index in positions.items())
    rule = "random" if source.split == "stratified" and coder.kind == "regression" else source.split
    which = f", fold {fold or 0} of {source.folds}" if source.folds else ""
    return f"split: {rule}{which}: {sizes} rows"


def _target_scale(source: Source, coder: TargetCoder, train: Tensor) -> tuple[float, float]:
    """Mean and SD of the training targets, or 0 and 1 where they are left as they are."""
    if coder.kind != "regression" or not source.normalize_target:
        return 0.0, 1.0
    return float(train.mean()), float(train.std(correction=0)) or 1.0


def _in_loss_unit(y: Tensor, mean: float, sd: float) -> Tensor:
    return ((y - mean) / sd).to(torch.float32) if y.is_floating_point() else y


def _splits(
    rows: Rows, preprocess: Preprocess, y: Tensor, positions: Mapping[str, NDArray[np.int64]]
) -> dict[str, Split]:
    numbers = torch.from_numpy(rows.numbers)
    weight = None if rows.weight is None else torch.from_numpy(rows.weight).to(torch.float32)
    group, time = _codes(rows.group), _codes(rows.time)
    return {
        name: Split(
            x=(x := _encoded(rows, preprocess, positions[name])),
            y=y[index],
            rows=numbers[index],
            weight=None if weight is None else weight[index],
            group=None if group is None else group[index],
            time=None if time is None else time[index],
            window=None if rows.shelf is None else rows.shelf.window(x[0].nbytes),
        )
        for name, index in ((name, torch.from_numpy(index)) for name, index in positions.items())
    }


def _encoded(rows: Rows, preprocess: Preprocess, index: NDArray[np.int64]) -> Tensor:
    """The rows at the positions `index` (n,) as `(n, *in_shape)`, on the shelf if there is one."""
    x, start = None, 0
    for piece in rows.pieces(index):
        made = preprocess.encode(piece)
        if len(made) == len(index) and rows.shelf is None:
            return made
        if x is None:
            shape = (len(index), *made.shape[1:])
            x = made.new_empty(shape) if rows.shelf is None else rows.shelf.tensor(shape, made.dtype)
        x[start : start + len(made)] = made
        start += len(made)
    assert x is not None  # noqa: S101 - every split has rows
    return x


def _held_note(rows: Rows, train: Split) -> tuple[str, ...]:
    """A line where the rows are larger than the memory that they may take."""
    if rows.shelf is None or train.window is None:
        return ()
    limit, window = rows.shelf.limit / MB, min(train.window, len(train))
    held = f"rows: {len(rows):,}, more than {limit:,.0f} MB (data.memory) hold: kept in {rows.shelf.folder}, read in "
    held += f"pieces of {window:,} rows, about {window * train.x[0].nbytes / MB:,.1f} MB at a time"
    looked_at = rows.shelf.sample(rows.width)
    return (held + (f"; data checks: a random {looked_at:,} rows" if looked_at < len(rows) else ""),)


def _codes(values: pl.Series | None) -> Tensor | None:
    """Dense ranks from 0 `(n,)` int64: codes of groups, order of times."""
    return None if values is None else torch.from_numpy(values.rank("dense").to_numpy().astype(np.int64) - 1)


def _spec(
    preprocess: Preprocess, coder: TargetCoder, splits: Mapping[str, Split], scale: tuple[float, float]
) -> DataSpec:
    first = preprocess.finish(splits["train"].x[:1])
    spec = DataSpec(
        task=coder.kind,
        input=preprocess.input,
        in_shape=tuple(first.shape[1:]),
        target=coder.name,
        classes=coder.classes,
        target_mean=scale[0],
        target_sd=scale[1],
        sizes={name: len(split) for name, split in splits.items()},
    )
    return replace(
        spec,
        features=tuple(getattr(preprocess, "features", ())),
        cardinalities=tuple(getattr(preprocess, "cardinalities", ())),
        vocab_size=getattr(preprocess, "vocab_size", None),
    )
