"""Predictions that any tool made, read from a table of true values and predictions, and scored as our own are."""

from dataclasses import dataclass, replace
from typing import final

import numpy as np
import polars as pl
import torch
from torch import Tensor

from litmus.data.base import DataSpec, Origin
from litmus.data.place import Place, first_true
from litmus.data.reading import Table, read_table
from litmus.data.target import TargetCoder, as_text
from litmus.data.target_column import read_target
from litmus.errors import quote
from litmus.task import auto
from litmus.task.base import Predictions, Task

OF_RANKS = ("auroc", "average_precision")
OF_PROBABILITIES = ("log_loss", "brier", "ece")


@final
@dataclass(frozen=True, kw_only=True)
class Foreign:
    """What a table of predictions says.

    Args:
        predictions: As of a test split.
        task: Kind of target, inferred from the labels.
        trivial: What the best constant rule says, from the same rows.
        origin: The file.
        note: How the kind of target was found, in one line.
        left_out: Metrics that cannot be computed from it.
        reason: Why.
    """

    predictions: Predictions
    task: Task
    trivial: Tensor
    origin: Origin
    note: str
    left_out: tuple[str, ...] = ()
    reason: str = ""


def read_foreign(path: str, *, target: str, pred: str, score: str | None = None) -> Foreign:
    """The predictions in a CSV or Parquet file.

    Args:
        path: The file.
        target: Column of true labels or numbers.
        pred: Column of predicted labels or numbers.
        score: Column of scores of the positive class, higher where it is likelier; taken for probabilities if all of
            them lie in [0, 1].

    Raises:
        DataError: A column is missing, a cell is empty, or the two columns do not speak of the same thing.
    """
    table = read_table(path)
    for name, key in ((target, "target"), (pred, "pred"), (score, "score")):
        if name is not None:
            table.column(name, key)
    truth, said = read_target(table, target), _complete(table, pred).alias(target)
    coder = _coder(truth, said, table.place, pred=pred)
    spec = DataSpec(task=coder.kind, input="table", in_shape=(0,), target=target, classes=coder.classes)
    task = auto(spec=spec)
    target_n, pred_n = coder.encode(truth, place=table.place), replace(coder, name=pred).encode(said, place=table.place)
    prob, left_out, reason = _probabilities(table, coder, pred_n, score)
    rows = torch.arange(len(target_n))
    predictions = Predictions(split="test", rows=rows, target=target_n, pred=pred_n, prob=prob)
    return Foreign(
        predictions=predictions,
        task=task,
        trivial=task.trivial(target_n),
        origin=table.origin,
        note=coder.note,
        left_out=left_out,
        reason=reason,
    )


def _complete(table: Table, name: str) -> pl.Series:
    series = table.frame[name]
    if series.dtype == pl.String:
        series = series.str.strip_chars()
        series = series.set(series == "", None)
    wrong = first_true(series.is_null())
    if wrong is not None:
        message = "the cell is empty; every row needs a value here, or leave the row out"
        raise table.place.error(message, position=wrong, column=name)
    return series


def _coder(truth: pl.Series, said: pl.Series, place: Place, *, pred: str) -> TargetCoder:
    """The kind of target that both columns speak of, with the labels of both."""
    twice = pl.concat([truth, truth])  # a label that occurs once can be judged, though it could not be learned
    coder = TargetCoder.infer(twice)
    labels = as_text(said)
    strange = (
        [] if coder.kind == "regression" else [x for x in labels.unique(maintain_order=True) if x not in coder.classes]
    )
    numbers = _numbers([*coder.classes, *strange])
    quantities = numbers is not None and any(value != round(value) for value in numbers)
    if coder.kind == "binary" and numbers is not None and quantities and all(0 <= value <= 1 for value in numbers):
        message = f"{strange[0]} is a probability, not a label; give it as score={pred}, and labels as pred=<column>"
        raise place.error(message, position=first_true(labels == strange[0]), column=pred)
    if coder.kind == "regression" or quantities:
        return TargetCoder.infer(truth, kind="regression", place=place)
    if strange:
        _check_spelling(coder, labels, strange, place, pred=pred)
        coder = replace(coder, kind="multiclass", classes=_in_order([*coder.classes, *strange]))
    return replace(coder, note=_note(coder, strange))


def _check_spelling(coder: TargetCoder, labels: pl.Series, strange: list[str], place: Place, *, pred: str) -> None:
    """A predicted label that never occurs may be one that does, spelled otherwise."""
    folded = {label.casefold(): label for label in coder.classes}
    for label in strange:
        if label.casefold() in folded:
            message = (
                f"{quote(label)} is {quote(folded[label.casefold()])} in column {quote(coder.name)}; spell them alike"
            )
            raise place.error(message, position=first_true(labels == label), column=pred)


def _in_order(labels: list[str]) -> tuple[str, ...]:
    """Numbers by value, anything else by letters."""
    return tuple(sorted(labels)) if _numbers(labels) is None else tuple(sorted(labels, key=float))


def _note(coder: TargetCoder, strange: list[str]) -> str:
    kind = f"target {coder.name!r}: {len(coder.classes)} classes -> {coder.kind}"
    if coder.kind == "binary":
        return f"{kind}; positive class {coder.classes[1]!r}"
    return f"{kind}; {quote(strange[0])} is predicted and never true" if strange else kind


def _numbers(labels: list[str]) -> list[float] | None:
    try:
        return [float(label) for label in labels]
    except ValueError:
        return None


def _probabilities(
    table: Table, coder: TargetCoder, pred: Tensor, score: str | None
) -> tuple[Tensor | None, tuple[str, ...], str]:
    """Class probabilities `(n, classes)`, or a stand-in where there are none; metrics it cannot tell, and why."""
    if score is not None and coder.kind != "binary":
        message = f"score={score} is for two classes, and the target is {coder.kind}; leave it out"
        raise table.place.error(message, column=score)
    if coder.kind == "regression":
        return None, (), ""
    if score is None:
        hard = torch.nn.functional.one_hot(pred, len(coder.classes)).double()
        binary = "; give them as score=<column>" if coder.kind == "binary" else ""
        return hard, (*OF_RANKS, *OF_PROBABILITIES), f"need scores{binary}"
    values = _scores(table, score)
    if values.min() >= 0 and values.max() <= 1:
        return torch.stack([1 - values, values], 1), (), ""
    rank = torch.from_numpy(pl.Series(values.numpy()).rank("dense").to_numpy().astype(np.float64))
    ranked = rank / (rank.max() + 1)
    reason = f"need probabilities, and {score} goes from {float(values.min()):g} to {float(values.max()):g}"
    return torch.stack([1 - ranked, ranked], 1), OF_PROBABILITIES, reason


def _scores(table: Table, name: str) -> Tensor:
    series = _complete(table, name)
    values = series.cast(pl.Float64, strict=False)
    wrong = first_true(values.is_null() | ~values.is_finite())
    if wrong is not None:
        message = f"{quote(series[wrong])} is no finite number, which a score must be; correct it"
        raise table.place.error(message, position=wrong, column=name)
    return torch.from_numpy(values.to_numpy(writable=True))
