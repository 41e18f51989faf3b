"""Regression scores of torchmetrics over many epochs at once, and the differences between two models."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from torchmetrics.functional import mean_absolute_error, mean_squared_error, r2_score

from litmus.metrics.answers import Answers
from litmus.metrics.sample import Sample
from litmus.statistics.intervals import Interval
from litmus.statistics.means import bootstrap_r2_difference


class _Columns(NamedTuple):
    """Predictions and targets `(n, E)`, an epoch an output of torchmetrics, in units of the spread around the mean.

    So large means do not cancel, and errors in small units are not taken for none.

    Args:
        pred: What is predicted.
        target: What is so.
        unit: `(E,)`, how large a unit is in the target's own; 1 where the target is constant.
        varies: `(E,)`, whether the target does.
    """

    pred: Tensor
    target: Tensor
    unit: Tensor
    varies: Tensor


def _columns(answers: Answers) -> _Columns:
    target, mean = answers.target.double(), answers.target.double().mean(-1, keepdim=True)
    spread = (target - mean).square().mean(-1, keepdim=True).sqrt()
    unit = torch.where(spread > 0, spread, 1.0)
    pred, target = (answers.pred.double() - mean) / unit, (target - mean) / unit
    return _Columns(pred.T, target.T, unit.squeeze(-1), spread.squeeze(-1) > 0)


def mse(answers: Answers) -> Tensor:
    """Mean squared error `(E,)`."""
    columns: _Columns = answers.once(_columns)
    error = mean_squared_error(columns.pred, columns.target, num_outputs=columns.pred.shape[1])
    return error.reshape(-1) * columns.unit**2


def rmse(answers: Answers) -> Tensor:
    """Root of the mean squared error `(E,)`."""
    return mse(answers).sqrt()


def mae(answers: Answers) -> Tensor:
    """Mean absolute error `(E,)`."""
    columns: _Columns = answers.once(_columns)
    error = mean_absolute_error(columns.pred, columns.target, num_outputs=columns.pred.shape[1])
    return error.reshape(-1) * columns.unit


def r2(answers: Answers) -> Tensor:
    """Share of the target's variance that is explained, `(E,)`; NaN where it has none."""
    columns: _Columns = answers.once(_columns)
    if len(columns.target) < 2:
        return torch.full_like(columns.unit, torch.nan)
    explained = r2_score(columns.pred, columns.target, multioutput="raw_values").reshape(-1)
    return torch.where(columns.varies, explained, torch.nan)


COMPUTED: Mapping[str, Callable[[Answers], Tensor]] = {"mse": mse, "rmse": rmse, "mae": mae, "r2": r2}


def _absolute(model: Sample, reference: Sample) -> list[Tensor]:
    target = model.predictions.target.double()
    return [(side.predictions.pred.double() - target).abs() for side in (model, reference)]


def _mse_difference(model: Sample, reference: Sample, level: float) -> Interval:
    ours, theirs = _absolute(model, reference)
    return model.paired_mean_interval(ours**2 - theirs**2, level=level)


def _rmse_difference(model: Sample, reference: Sample, level: float) -> Interval:
    total = float(sum(errors.square().mean().sqrt() for errors in _absolute(model, reference)))
    if not total:
        return Interval(0.0, 0.0, 0.0)
    squares = _mse_difference(model, reference, level)
    return Interval(squares.value / total, squares.low / total, squares.high / total)


def _mae_difference(model: Sample, reference: Sample, level: float) -> Interval:
    ours, theirs = _absolute(model, reference)
    return model.paired_mean_interval(ours - theirs, level=level)


def _r2_difference(model: Sample, reference: Sample, level: float) -> Interval:
    ours, theirs = _absolute(model, reference)
    our_pred, their_pred, target = (
        values.double().numpy()
        for values in (model.predictions.pred, reference.predictions.pred, model.predictions.target)
    )
    options = model.options(theirs**2 - ours**2)
    return bootstrap_r2_difference(our_pred, their_pred, target, level=level, **options)


DIFFERENCES: Mapping[str, Callable[[Sample, Sample, float], Interval]] = {
    "mse": _mse_difference,
    "rmse": _rmse_difference,
    "mae": _mae_difference,
    "r2": _r2_difference,
}
