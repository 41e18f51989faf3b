"""A trained model on labelled rows: those of any file like the one trained on, or its own test split once more."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from omegaconf.errors import OmegaConfBaseException
from torch import Tensor

from litmus.config import RunConfig, to_plain
from litmus.data.module import DataModule
from litmus.data.rare_classes import without_labels
from litmus.data.rows import Origin, Rows
from litmus.data.tensors import SPLITS
from litmus.errors import CheckpointError, ConfigError, DataError, RunError
from litmus.metrics.answers import Predictions
from litmus.run.kept_rows import KeptRows
from litmus.run.predictor import Predictor
from litmus.run.training import prepare_data

REMEDY = "give labelled rows by data.path=<file>"


@final
@dataclass(frozen=True, kw_only=True)
class Labelled:
    """Rows with their true values.

    Args:
        rows: As read.
        data: The run's data where `rows` are its own test split; None for any other file.
        trained_on: Whether `rows` are of the very file that the model was trained on, training rows included.
    """

    rows: Rows
    data: DataModule | None = None
    trained_on: bool = False

    @property
    def origin(self) -> Origin:
        return self.rows.origin


def read_labelled(predictor: Predictor, path: str, checkpoint: Path) -> Labelled:
    """The rows of a file like the one trained on.

    Raises:
        DataError: The file, a column, a cell or the target is missing or cannot be read.
    """
    rows = without_labels(predictor.preprocess.read(path, labelled=True), predictor.coder.dropped)
    return Labelled(rows=rows, trained_on=rows.origin.sha256 == _trained_on(checkpoint))


def own_test(predictor: Predictor, checkpoint: Path) -> Labelled:
    """The test split that the run held back, read from its source again.

    Raises:
        CheckpointError: The source is gone or has changed, or the run held nothing back.
    """
    data = own_data(predictor, checkpoint)
    if "test" not in data.splits:
        raise CheckpointError(f"{checkpoint}: its run held no test rows back; {REMEDY}")
    return Labelled(rows=data.rows.take(_positions(data, "test")), data=data)


def predict_labelled(predictor: Predictor, labelled: Labelled) -> Predictions:
    """What the model says of the rows, beside what is true.

    Raises:
        DataError: A label that training has not seen, or a cell that cannot be read.
        RunError: The model's outputs are not finite.
    """
    if labelled.data is not None:
        found = predictor.predict(labelled.data.splits["test"], "test")
    else:
        found = _predict_rows(predictor, labelled.rows)
    broken = (~(found.pred.unsqueeze(1) if found.prob is None else found.prob).isfinite().all(1)).nonzero()
    if len(broken):
        row = int(found.rows[int(broken[0])])
        raise RunError(f"row {row}: the model's output is not finite; its training diverged, use another checkpoint")
    return found


def predict_same(other: Predictor, predictor: Predictor, labelled: Labelled) -> Predictions:
    """What another model says of the same rows, in the classes of `predictor`.

    Raises:
        InputError: It was trained for another target, or on columns that these rows lack.
    """
    _check_target(other, predictor)
    rows = labelled.rows
    if isinstance(rows.inputs, pl.DataFrame):
        rows = _read_again(other, rows) if Path(rows.origin.path).is_file() else _with_columns(other, rows)
    return _in_classes(_predict_rows(other, rows), other, predictor)


def seen_by(other: Predictor, labelled: Labelled) -> int | None:
    """How many of the own test rows the other model was trained or tuned on; None where that is not known."""
    if labelled.data is None:
        return None
    try:
        data = prepare_data(RunConfig(to_plain(other.config)))
    except (DataError, ConfigError, OmegaConfBaseException):
        return None
    if data.origin.sha256 != labelled.origin.sha256:
        return None
    used = np.concatenate([data.rows.numbers[_positions(data, name)] for name in ("train", "val")])
    return int(np.isin(labelled.rows.numbers, used).sum())


def run_of(checkpoint: Path) -> Path | None:
    """The run directory that a checkpoint file lies in; None where it has left its run."""
    directory = checkpoint.parent.parent
    inside = checkpoint.absolute().parent.name == "checkpoints" and (directory / "config.yaml").is_file()
    return directory if inside else None


def own_data(predictor: Predictor, checkpoint: Path, *, rows: KeptRows | None = None) -> DataModule:
    """The rows and splits of the run, read from their source again.

    Args:
        predictor: The run's.
        checkpoint: Where it comes from.
        rows: Of the run before, which has perhaps the same; None: they are read.

    Raises:
        CheckpointError: The source is gone or has changed.
    """
    data = _read_own(predictor, checkpoint, rows or KeptRows())
    known = _trained_on(checkpoint)
    if (known or data.origin.sha256) != data.origin.sha256 or dict(data.spec.sizes) != dict(predictor.spec.sizes):
        message = "has changed since training, so its splits cannot be made again"
        raise CheckpointError(f"{data.origin.path}: {message}; restore it, or {REMEDY}")
    return data


def _read_own(predictor: Predictor, checkpoint: Path, rows: KeptRows) -> DataModule:
    try:
        return rows.prepare(RunConfig(to_plain(predictor.config)), kind=predictor.spec.task)
    except (DataError, ConfigError) as error:
        raise CheckpointError(f"the data of {checkpoint} cannot be read again: {error}; {REMEDY}") from error
    except OmegaConfBaseException as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(f"the config in {checkpoint} cannot be resolved here: {reason}; {REMEDY}") from error


def _trained_on(checkpoint: Path) -> str | None:
    """SHA-256 of the data trained on, from the run's provenance; None where the file has left its run."""
    directory = run_of(checkpoint)
    if directory is None:
        return None
    try:
        text = (directory / "provenance.json").read_text(encoding="utf-8")
        return str(json.loads(text)["data"]["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _positions(data: DataModule, name: str) -> NDArray[np.int64]:
    return np.flatnonzero(data.assignment == SPLITS.index(name)).astype(np.int64)


def _predict_rows(predictor: Predictor, rows: Rows) -> Predictions:
    if rows.target is None:
        raise DataError("the rows have no target to score against", file=rows.origin.path)
    target = predictor.coder.encode(rows.target, location=rows.location)
    pred, prob = predictor.predict_rows(rows)
    return Predictions(
        split="test",
        rows=torch.from_numpy(rows.numbers),
        target=target,
        pred=pred,
        prob=prob,
        group=_ranks(rows.group),
        time=_ranks(rows.time),
    )


def _ranks(values: pl.Series | None) -> Tensor | None:
    return None if values is None else torch.from_numpy(values.rank("dense").to_numpy().astype(np.int64) - 1)


def _read_again(other: Predictor, rows: Rows) -> Rows:
    """The same rows from their file, with the columns that the other model takes."""
    again = other.preprocess.read(rows.origin.path, labelled=True)
    if again.origin.sha256 != rows.origin.sha256 or not np.isin(rows.numbers, again.numbers).all():
        raise CheckpointError(f"against: the rows cannot be found again in {rows.origin.path}; {REMEDY}")
    return again.take(np.searchsorted(again.numbers, rows.numbers).astype(np.int64))


def _with_columns(other: Predictor, rows: Rows) -> Rows:
    assert isinstance(rows.inputs, pl.DataFrame)  # noqa: S101  # the caller has looked
    columns = [column.name for column in getattr(other.preprocess, "columns", ())]
    lacking = [name for name in columns if name not in rows.inputs.columns]
    if lacking:
        raise CheckpointError(f"against: that model takes columns that these rows lack: {', '.join(lacking[:4])}")
    return rows


def _check_target(other: Predictor, predictor: Predictor) -> None:
    ours, theirs = predictor.spec, other.spec
    if (ours.task, ours.target, set(ours.classes)) != (theirs.task, theirs.target, set(theirs.classes)):
        predicted = [
            f"{s.target!r} ({s.task}{', ' if s.classes else ''}{', '.join(s.classes[:4])})" for s in (theirs, ours)
        ]
        raise CheckpointError(
            f"against: that model predicts {predicted[0]}, this one {predicted[1]}; compare models of one target"
        )
    if ours.input != theirs.input:
        raise CheckpointError(
            f"against: that model takes a {theirs.input}, this one a {ours.input}; they share no rows"
        )


def _in_classes(predicted: Predictions, other: Predictor, predictor: Predictor) -> Predictions:
    """The predictions with codes and probabilities in the order of `predictor`'s classes."""
    ours, theirs = predictor.spec.classes, other.spec.classes
    if ours == theirs or predicted.prob is None:
        return predicted
    order = torch.tensor([theirs.index(label) for label in ours])
    codes = torch.tensor([ours.index(label) for label in theirs])
    return replace(predicted, target=codes[predicted.target], pred=codes[predicted.pred], prob=predicted.prob[:, order])
