"""From a source to tensors: read, leave rows out, infer the target, split, fit on train, encode.

Without Lightning, so that checks start fast. Rows that are left out once all are read, such as duplicates, leave in
`_reduced`; those with missing cells have left before, in `TableSource.complete_rows`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import final

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from litmus.data.columns.kinds import as_text
from litmus.data.encoding.base import Preprocess
from litmus.data.encoding.bin_edges import bin_edges
from litmus.data.encoding.target import TargetCoder, TargetScale, are_skewed
from litmus.data.files.disk_store import CELL, MB
from litmus.data.rare_classes import without_rare
from litmus.data.rows import Rows
from litmus.data.sources.base import Source
from litmus.data.split import TEST, UNUSED, VAL, assign, positions_of
from litmus.data.tensors import Split
from litmus.errors import DataError, quote
from litmus.task import kind_of
from litmus.task.spec import DataSpec

ENSEMBLE_ROWS = 20_000
"""Training rows up to which an ensemble is the default; with more, its arithmetic is most of a step. A convention."""


@final
@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What a run needs of its data: the last step before training.

    Args:
        spec: What model, task and report need to know.
        splits: Tensors by split name; no `test` where there are no test rows.
        preprocess: Fitted on train.
        coder: Labels to codes and back.
        rows: All rows that were split, before encoding.
        assignment: `(n,)` int8 as `rows`: 0 train, 1 val, 2 test, -1 unused.
        class_counts: Rows of each class by split name; empty lists in regression.
        notes: What was inferred or changed, a line each.
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
    kind: str | None = None,
    positive: object = None,
    grades: Sequence[object] | None = None,
    seed: int = 42,
    fold: int | None = None,
) -> Prepared:
    """Reads a source and makes its tensors.

    Args:
        source: Where rows come from.
        kind: Kind of target; None or "auto": inferred.
        positive: Positive label of a binary task; None: inferred.
        grades: Labels of an ordinal task, lowest first; None: inferred.
        seed: Decides the split and the sample of `max_rows`.
        fold: Which of `source.folds` is held out; None: the first.

    Raises:
        DataError: Data that training cannot or should not go on with.
    """
    read, notes = _reduced(source, source.read(), seed)
    rows = read
    if rows.target is None:
        raise DataError("there is no target to learn", file=rows.origin.path)
    rows, coder = _classes(source, rows, partial(TargetCoder.infer, kind=kind, positive=positive, grades=grades))
    notes += rows.notes[len(read.notes) :]
    return _encode(source, rows, coder, _assigned(source, rows, coder, seed, fold), fold=fold, notes=notes)


def redealt(source: Source, prepared: Prepared, seed: int) -> Prepared | None:
    """The same rows with other ones in val, drawn from those of train by the source's rule; test stays as it is.

    What was val before is train, so that no row is in val both times.

    Returns:
        None where the rows have one split only: in time, with a val that is fixed, or on disk.

    Raises:
        DataError: There are too few rows or groups for another val.
    """
    rows, codes = prepared.rows, prepared.assignment
    fixed = rows.split is not None and bool(np.any(rows.split == "val"))
    if fixed or source.split == "time" or rows.store is not None:
        return None
    used = np.flatnonzero(codes != UNUSED).astype(np.int64)
    rows, codes = rows.take(used), codes[used]
    given = np.full(len(rows), "", dtype="<U5") if rows.split is None else rows.split.astype("<U5")
    given[codes == TEST], given[codes == VAL] = "test", "train"
    free = int(np.sum(given == ""))
    assignment = assign(
        replace(rows, split=given),
        rule=source.split,
        val_fraction=float(np.sum(codes == VAL)) / max(free, 1),
        test_fraction=0.0,
        seed=seed,
        numeric=prepared.coder.numeric,
    )
    return _encode(source, rows, prepared.coder, assignment)


def _encode(
    source: Source,
    rows: Rows,
    coder: TargetCoder,
    assignment: NDArray[np.int8],
    *,
    fold: int | None = None,
    notes: tuple[str, ...] = (),
) -> Prepared:
    """Tensors of rows whose splits are known, with preprocessing fitted on train."""
    assert rows.target is not None  # noqa: S101 - rows keep theirs
    y = coder.encode(rows.target, location=rows.location)
    positions = positions_of(assignment)
    counts = _class_counts(y, coder, positions)
    notes += (coder.note, *_check_classes(rows, coder, counts), _split_note(source, coder, positions, fold))
    preprocess = source.fit(rows.take(positions["train"]))
    target = y[torch.from_numpy(positions["train"])]
    scale = _target_scale(source, coder, target)
    splits = _splits(rows, preprocess, scale.to_loss_unit(y), positions)
    spec = _spec(source, preprocess, coder, splits, scale)
    if source.normalize_target == "auto" and coder.numeric and are_skewed(target):
        spec = replace(spec, skewed_up_to=float(target.max()))
    notes += (*_scale_note(source, scale), *_store_note(rows, splits["train"]))
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


def _coder(rows: Rows, infer: Callable[..., TargetCoder]) -> TargetCoder:
    """Kind of target and classes, inferred without the rows that the source fixes as test."""
    inputs = rows.inputs if isinstance(rows.inputs, pl.DataFrame) and rows.store is None else None
    if rows.split is not None:
        others = np.flatnonzero(rows.split != "test").astype(np.int64)
        inputs = None if inputs is None else inputs[others]
        rows = replace(rows, inputs=np.empty(len(rows)), store=None).take(others)  # inputs may be large
    assert rows.target is not None  # noqa: S101 - the caller has looked
    return infer(rows.target, location=rows.location, inputs=inputs)


def _classes(source: Source, rows: Rows, infer: Callable[..., TargetCoder]) -> tuple[Rows, TargetCoder]:
    """The rows of classes that can be learned and scored, and the coder of their target."""
    assert rows.target is not None  # noqa: S101 - the caller has looked
    coder = _coder(rows, infer)
    if coder.numeric:
        return rows, coder
    rule = "error" if source.strict else source.rare_classes
    if rule == "auto" and kind_of(coder.kind).ordered:
        rule = "drop"  # a class of all others has no place among grades
    common = without_rare(rows, rule)
    if common.rows is rows:
        return rows, coder
    coder = _coder(common.rows, infer)
    return common.rows, replace(coder, dropped=common.dropped, merged=common.merged, other=common.other)


def _target_scale(source: Source, coder: TargetCoder, train: Tensor) -> TargetScale:
    """The unit in which the loss sees the target, from the training targets `(n,)`."""
    if not coder.numeric or source.normalize_target is False:
        return TargetScale()
    scale = TargetScale.fit(train)
    return TargetScale() if source.normalize_target == "auto" and scale.is_moderate else scale


def _scale_note(source: Source, scale: TargetScale) -> tuple[str, ...]:
    """A line on a target that is standardised although nobody asked for it."""
    if source.normalize_target != "auto" or scale == TargetScale():
        return ()
    unit = f"mean {scale.mean:.4g}, SD {scale.sd:.4g}"
    return (f"target standardised for the loss ({unit}); scores keep its unit (data.normalize_target=false)",)


def _assigned(source: Source, rows: Rows, coder: TargetCoder, seed: int, fold: int | None) -> NDArray[np.int8]:
    return assign(
        rows,
        rule=source.split,
        val_fraction=source.val_fraction,
        test_fraction=source.test_fraction,
        seed=seed,
        numeric=coder.numeric,
        fold=fold or 0,
        folds=source.folds,
        gap=getattr(source, "gap", 0),
    )


def _reduced(source: Source, rows: Rows, seed: int) -> tuple[Rows, tuple[str, ...]]:
    """Rows without duplicates and at most `max_rows` of them, where the source asks for it, and notes on that."""
    notes = rows.notes
    if source.num_workers:
        notes += (f"data.num_workers={source.num_workers} is not used: the data lives in memory and is sliced there",)
    if source.dedupe:
        if rows.store is not None:
            message = "data.dedupe compares whole rows, which takes more memory than data.memory allows; raise it"
            raise DataError(message, file=rows.origin.path)
        first = _first_of_each(rows)
        notes += (f"dedupe: {len(rows) - len(first)} of {len(rows)} rows repeat an earlier one and are left out",)
        rows = rows.take(first)
    if source.max_rows is not None and len(rows) > source.max_rows:
        notes += (f"max_rows: a random {source.max_rows} of {len(rows)} rows",)
        if rows.store is not None and isinstance(rows.inputs, pl.DataFrame):
            fits = source.max_rows * rows.inputs.width * CELL <= rows.store.limit
            rows = replace(rows, store=None if fits else rows.store)
        rows = rows.take(_sample(rows, source.max_rows, seed))
    return rows, notes


def _first_of_each(rows: Rows) -> NDArray[np.int64]:
    """Positions of the rows that equal no earlier one in inputs and target."""
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
    """Positions of a random `size` of the rows, sorted; classes keep their shares where the target has few values."""
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


def _class_counts(y: Tensor, coder: TargetCoder, positions: Mapping[str, NDArray[np.int64]]) -> dict[str, list[int]]:
    if coder.numeric:
        return {name: [] for name in positions}
    width = len(coder.classes)
    return {
        name: torch.bincount(y[torch.from_numpy(index)], minlength=width).tolist() for name, index in positions.items()
    }


def _check_classes(rows: Rows, coder: TargetCoder, counts: Mapping[str, list[int]]) -> tuple[str, ...]:
    """A line for each class that a split lacks; raises DataError if that split is train."""
    notes = []
    for code, label in enumerate(coder.classes):
        if counts["train"][code] == 0:
            elsewhere = ", ".join(f"{split[code]} in {name}" for name, split in counts.items() if split[code])
            raise DataError(
                f"class {quote(label)} has no row in train ({elsewhere or 'all its rows are unused'}); "
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
    rule = "random" if source.split == "stratified" and coder.numeric else source.split
    which = f", fold {fold or 0} of {source.folds}" if source.folds else ""
    return f"split: {rule}{which}: {sizes} rows"


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
            window=None if rows.store is None else rows.store.window(x[0].nbytes),
        )
        for name, index in ((name, torch.from_numpy(index)) for name, index in positions.items())
    }


def _encoded(rows: Rows, preprocess: Preprocess, index: NDArray[np.int64]) -> Tensor:
    """The rows at the positions `index` (n,) as `(n, *in_shape)`, on disk if there is a disk store."""
    x, start = None, 0
    for piece in rows.pieces(index):
        part = preprocess.encode(piece)
        if len(part) == len(index) and rows.store is None:
            return part
        if x is None:
            shape = (len(index), *part.shape[1:])
            x = part.new_empty(shape) if rows.store is None else rows.store.tensor(shape, part.dtype)
        x[start : start + len(part)] = part
        start += len(part)
    assert x is not None  # noqa: S101 - every split has rows
    return x


def _store_note(rows: Rows, train: Split) -> tuple[str, ...]:
    """A line on rows that are kept on disk because they exceed the memory that they may take."""
    if rows.store is None or train.window is None:
        return ()
    limit, window = rows.store.limit / MB, min(train.window, len(train))
    note = f"rows: {len(rows):,}, more than {limit:,.0f} MB (data.memory) hold: kept in {rows.store.folder}, read in "
    note += f"pieces of {window:,} rows, about {window * train.x[0].nbytes / MB:,.1f} MB at a time"
    looked_at = rows.store.sample(rows.width)
    return (note + (f"; data checks: a random {looked_at:,} rows" if looked_at < len(rows) else ""),)


def _codes(values: pl.Series | None) -> Tensor | None:
    """Dense ranks from 0 `(n,)` int64: codes of groups, order of times."""
    return None if values is None else torch.from_numpy(values.rank("dense").to_numpy().astype(np.int64) - 1)


def _spec(
    source: Source, preprocess: Preprocess, coder: TargetCoder, splits: Mapping[str, Split], scale: TargetScale
) -> DataSpec:
    first = preprocess.finish(splits["train"].x[:1])
    cardinalities = tuple(getattr(preprocess, "cardinalities", ()))
    ensemble_size = source.ensemble_size if len(splits["train"]) <= ENSEMBLE_ROWS else 1
    numbers = first.shape[-1] - len(cardinalities)
    spec = DataSpec(
        task=coder.kind,
        input=preprocess.input,
        in_shape=tuple(first.shape[1:]),
        target=coder.name,
        classes=coder.classes,
        target_mean=scale.mean,
        target_sd=scale.sd,
        sizes={name: len(split) for name, split in splits.items()},
        ensemble_size=ensemble_size,
        bin_edges=bin_edges(splits["train"].x, numbers) if ensemble_size > 1 else (),
    )
    return replace(
        spec,
        features=tuple(getattr(preprocess, "features", ())),
        cardinalities=cardinalities,
        vocab_size=getattr(preprocess, "vocab_size", None),
    )
