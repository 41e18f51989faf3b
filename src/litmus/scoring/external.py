"""Predictions that any tool made, read from a table of true values and predictions, and scored as our own are."""

from dataclasses import dataclass, replace
from typing import final

import numpy as np
import polars as pl
import torch
from torch import Tensor

from litmus.data.columns.kinds import as_text
from litmus.data.columns.target_column import read_target, refuse_missing_target
from litmus.data.encoding.target import MOST_CLASSES, TargetCoder
from litmus.data.files.readers import read_table
from litmus.data.files.table import Table
from litmus.data.location import Location, first_true
from litmus.data.rows import Origin
from litmus.errors import quote
from litmus.metrics import Metric, measures
from litmus.metrics.answers import Predictions
from litmus.task import auto
from litmus.task.base import Task
from litmus.task.spec import DataSpec


@final
@dataclass(frozen=True, kw_only=True)
class External:
    """What a table of predictions says.

    Args:
        predictions: As of a test split.
        task: Kind of target, inferred from the labels.
        prior: What the best constant rule says, from the same rows.
        origin: The file.
        note: How the kind of target was found, in one line.
        left_out: Metrics that cannot be computed from it.
        reason: Why.
    """

    predictions: Predictions
    task: Task
    prior: Tensor
    origin: Origin
    note: str
    left_out: tuple[str, ...] = ()
    reason: str = ""


def read_external(path: str, *, target: str, pred: str, score: str | None = None) -> External:
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
    return external_of(read_table(path), target=target, pred=pred, score=score)


def external_of(table: Table, *, target: str, pred: str, score: str | None = None) -> External:
    """The predictions in a table that is read already; arguments and errors as in `read_external`."""
    for name, key in ((target, "target"), (pred, "pred"), (score, "score")):
        if name is not None:
            table.column(name, key)
    truth = refuse_missing_target(read_target(table, target).values, table.location)
    predicted = _complete(table, pred).alias(target)
    coder = _coder(truth, predicted, table.location, pred=pred)
    spec = DataSpec(task=coder.kind, input="table", in_shape=(0,), target=target, classes=coder.classes)
    task = auto(spec=spec)
    target_n, pred_n = (
        coder.encode(truth, location=table.location),
        replace(coder, name=pred).encode(predicted, location=table.location),
    )
    prob, left_out, reason = _probabilities(table, coder, pred_n, score)
    rows = torch.arange(len(target_n))
    predictions = Predictions(split="test", rows=rows, target=target_n, pred=pred_n, prob=prob)
    return External(
        predictions=predictions,
        task=task,
        prior=task.prior(target_n),
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
        raise table.location.error(message, position=wrong, column=name)
    return series


def _coder(truth: pl.Series, predicted: pl.Series, location: Location, *, pred: str) -> TargetCoder:
    """The kind of target that both columns speak of, with the labels of both."""
    twice = pl.concat([truth, truth])  # a label that occurs once can be judged, though it could not be learned
    whole = _are_few_whole(truth) and _are_few_whole(predicted)  # a regression would predict fractions
    coder = TargetCoder.infer(twice, kind="multiclass" if whole and truth.n_unique() > 2 else None)
    labels = as_text(predicted)
    strange = [] if coder.numeric else [x for x in labels.unique(maintain_order=True) if x not in coder.classes]
    numbers = _numbers([*coder.classes, *strange])
    quantities = numbers is not None and any(value != round(value) for value in numbers)
    if coder.has_positive and numbers is not None and quantities and all(0 <= value <= 1 for value in numbers):
        message = f"{strange[0]} is a probability, not a label; give it as score={pred}, and labels as pred=<column>"
        raise location.error(message, position=first_true(labels == strange[0]), column=pred)
    if coder.numeric or quantities:
        return TargetCoder.infer(truth, kind="regression", location=location)
    if strange:
        _check_spelling(coder, labels, strange, location, pred=pred)
        coder = replace(coder, kind="multiclass", classes=_in_order([*coder.classes, *strange]))
    return replace(coder, note=_note(coder, strange))


def _are_few_whole(values: pl.Series) -> bool:
    numbers = as_text(values).cast(pl.Float64, strict=False)
    return not numbers.null_count() and numbers.n_unique() <= MOST_CLASSES and bool((numbers == numbers.round(0)).all())


def _check_spelling(
    coder: TargetCoder, labels: pl.Series, strange: list[str], location: Location, *, pred: str
) -> None:
    """A predicted label that never occurs may be one that does, spelled otherwise."""
    folded = {label.casefold(): label for label in coder.classes}
    for label in strange:
        if label.casefold() in folded:
            message = (
                f"{quote(label)} is {quote(folded[label.casefold()])} in column {quote(coder.name)}; spell them alike"
            )
            raise location.error(message, position=first_true(labels == label), column=pred)


def _in_order(labels: list[str]) -> tuple[str, ...]:
    """Numbers by value, anything else by letters."""
    return tuple(sorted(labels)) if _numbers(labels) is None else tuple(sorted(labels, key=float))


def _note(coder: TargetCoder, strange: list[str]) -> str:
    kind = f"target {coder.name!r}: {len(coder.classes)} classes -> {coder.kind}"
    if coder.has_positive:
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
    if score is not None and not coder.has_positive:
        message = f"score={score} is for two classes, and the target is {coder.kind}; leave it out"
        raise table.location.error(message, column=score)
    if coder.numeric:
        return None, (), ""
    if score is None:
        hard = torch.nn.functional.one_hot(pred, len(coder.classes)).double()
        binary = "; give them as score=<column>" if coder.has_positive else ""
        return hard, _needing("ranks", "probabilities"), f"need scores{binary}"
    values = _scores(table, score)
    if values.min() >= 0 and values.max() <= 1:
        return torch.stack([1 - values, values], 1), (), ""
    rank = torch.from_numpy(pl.Series(values.numpy()).rank("dense").to_numpy().astype(np.float64))
    ranked = rank / (rank.max() + 1)
    reason = f"need probabilities, and {score} goes from {float(values.min()):g} to {float(values.max()):g}"
    return torch.stack([1 - ranked, ranked], 1), _needing("probabilities"), reason


def _scores(table: Table, name: str) -> Tensor:
    series = _complete(table, name)
    values = series.cast(pl.Float64, strict=False)
    wrong = first_true(values.is_null() | ~values.is_finite())
    if wrong is not None:
        message = f"{quote(series[wrong])} is no finite number, which a score must be; correct it"
        raise table.location.error(message, position=wrong, column=name)
    return torch.from_numpy(values.to_numpy(writable=True))


def _needing(*what: str) -> tuple[str, ...]:
    """Names of the metrics that cannot be had without this."""
    return tuple(
        measure.name for measure in measures().values() if isinstance(measure, Metric) and measure.needs in what
    )
