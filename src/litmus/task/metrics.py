"""The metrics, over whole splits and over many epochs at once.

Everything takes `Answers` with a leading dimension of epochs: a curve of a thousand epochs costs one call, not a
thousand. torchmetrics computes what it can compute sample-wise; the ranking and probability scores, for which it has no
batched form, stand here. What several of them need is computed once. Tests hold all to scikit-learn.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torchmetrics.functional import mean_absolute_error, mean_squared_error, r2_score
from torchmetrics.functional.classification import (
    binary_accuracy,
    binary_f1_score,
    binary_precision,
    binary_recall,
    multiclass_accuracy,
    multiclass_f1_score,
    multiclass_precision,
    multiclass_recall,
)

from litmus.task.base import Answers

ECE_BINS = 15


def _classes(answers: Answers) -> int:
    return _prob(answers).shape[-1]


def _prob(answers: Answers) -> Tensor:
    if answers.prob is None:
        msg = "classification metrics need probabilities"
        raise TypeError(msg)
    return answers.prob.double()


def _once(answers: Answers, key: str | int, compute: Callable[[], Any]) -> Any:
    """What `compute` gives for these answers, kept for the next metric that needs it."""
    if key not in answers.kept:
        answers.kept[key] = compute()
    return answers.kept[key]


def confusion(answers: Answers) -> Tensor:
    """`(E, classes, classes)` int64 counts, rows true, columns predicted."""
    counts: Tensor = _once(answers, "confusion", lambda: _confusion(answers))
    return counts


def _confusion(answers: Answers) -> Tensor:
    k = _classes(answers)
    epochs = torch.arange(len(answers.pred)).unsqueeze(1) * (k * k)
    cells = (epochs + answers.target * k + answers.pred).flatten()
    return torch.bincount(cells, minlength=len(answers.pred) * k * k).view(-1, k, k)


def _binary(function: Callable[..., Tensor], answers: Answers) -> Tensor:
    """torchmetrics' binary label metric as `(E,)`, of the positive class (code 1)."""
    found = function(answers.pred, answers.target, multidim_average="samplewise", validate_args=False)
    return found.double().reshape(-1)


def _multiclass(function: Callable[..., Tensor], average: str, answers: Answers) -> Tensor:
    """torchmetrics' multiclass label metric as `(E,)`, with its average: "macro", "micro" or "weighted"."""
    options = {"num_classes": _classes(answers), "average": average, "multidim_average": "samplewise"}
    return function(answers.pred, answers.target, validate_args=False, **options).double()


accuracy = partial(_binary, binary_accuracy)
precision = partial(_binary, binary_precision)
recall = partial(_binary, binary_recall)
f1 = partial(_binary, binary_f1_score)
multiclass_micro_accuracy = partial(_multiclass, multiclass_accuracy, "micro")
macro_precision = partial(_multiclass, multiclass_precision, "macro")
macro_recall = partial(_multiclass, multiclass_recall, "macro")
macro_f1 = partial(_multiclass, multiclass_f1_score, "macro")


def balanced_accuracy(answers: Answers) -> Tensor:
    """Mean recall over the classes that occur.

    Source: Brodersen et al. 2010, "The balanced accuracy and its posterior distribution".
    """
    counts = confusion(answers).double()
    occurs = counts.sum(-1) > 0
    recalls = counts.diagonal(dim1=-2, dim2=-1) / counts.sum(-1).clamp(min=1)
    return recalls.sum(-1) / occurs.sum(-1)


def mcc(answers: Answers) -> Tensor:
    """Matthews correlation; 0 where a margin is empty, as scikit-learn has it.

    Source: Gorodkin 2004, equation 8 (the R_K statistic).
    """
    counts = confusion(answers).double()
    true, predicted, n = counts.sum(-1), counts.sum(-2), counts.sum((-2, -1))
    covariance = counts.diagonal(dim1=-2, dim2=-1).sum(-1) * n - (true * predicted).sum(-1)
    spread = (n**2 - (true**2).sum(-1)) * (n**2 - (predicted**2).sum(-1))
    return torch.where(spread > 0, covariance / spread.clamp(min=1).sqrt(), torch.zeros_like(n))


class _Ranking(NamedTuple):
    """Rows `(E, n)` by ascending score; ties are told by where they begin.

    Args:
        hits: 1 for rows of the class, else 0.
        first: Rows with a lower score.
        below: Rows of the class with a lower score.
        known: `(E,)`, whether all scores are.
    """

    hits: Tensor
    first: Tensor
    below: Tensor
    known: Tensor


def _ranking(answers: Answers, code: int) -> _Ranking:
    """One class against the rest; both areas need it, so that a sort is done once for the two."""
    ranking: _Ranking = _once(
        answers, code, lambda: _rank(_prob(answers)[..., code].contiguous(), answers.target == code)
    )
    return ranking


def _rank(score: Tensor, positive: Tensor) -> _Ranking:
    """Of probabilities `score` and `positive`, both `(E, n)`.

    Numbers from 0 to 1 are in the order of their bits read as integers, and leave two of them free: with what is sorted
    along in the lowest, a sort does it, at a third of the cost of finding the order and gathering by it twice.
    """
    keys = score.contiguous().view(torch.int64).mul(2).bitwise_or_(positive)
    keys.numpy().sort(-1)  # in a quarter of torch's time
    hits, scores = keys & 1, keys >> 1
    begins = torch.ones_like(scores, dtype=torch.bool)
    torch.ne(scores[..., 1:], scores[..., :-1], out=begins[..., 1:])
    first = torch.where(begins, torch.arange(score.shape[-1]), 0).cummax(-1).values
    below = (hits.cumsum(-1) - hits).gather(-1, first)
    return _Ranking(hits, first, below, keys[..., 0] >= 0)  # NaN's bits run over into the sign


def _auroc(ranking: _Ranking) -> Tensor:
    """Area under the ROC curve: share of pairs in order, ties by half; NaN where a class is missing.

    Source: Hanley & McNeil 1982 (the Mann-Whitney form).
    """
    hits, n = ranking.hits, ranking.hits.shape[-1]
    positives = hits.sum(-1)
    pairs = positives * (n - positives)
    # pairs in order less pairs out of order, from what stands strictly below each row
    lead = (ranking.first * hits).sum(-1) - ranking.below.sum(-1)
    area = (pairs + lead).double() / (2 * pairs).clamp(min=1)
    return torch.where((pairs > 0) & ranking.known, area, torch.nan)


def _average_precision(ranking: _Ranking) -> Tensor:
    """Step-wise area under the precision-recall curve; NaN without positives.

    Source: scikit-learn's definition, the sum of (R_k - R_{k-1}) P_k over distinct scores.
    """
    hits, n = ranking.hits, ranking.hits.shape[-1]
    positives = hits.sum(-1)
    # where a tie begins all of it is above the threshold
    precision_at = (positives.unsqueeze(-1) - ranking.below).double() / (n - ranking.first)
    area = (precision_at * hits).sum(-1) / positives.clamp(min=1)
    return torch.where((positives > 0) & ranking.known, area, torch.nan)


def _per_class(function: Callable[[_Ranking], Tensor], answers: Answers) -> Tensor:
    """`function` of the positive class, or its macro mean one against the rest."""
    k = _classes(answers)
    codes = [1] if k == 2 else range(k)
    return torch.stack([function(_ranking(answers, code)) for code in codes]).mean(0)


auroc = partial(_per_class, _auroc)
average_precision = partial(_per_class, _average_precision)


def log_loss(answers: Answers) -> Tensor:
    """Mean negative log-probability of the true class, clipped at float64's epsilon as scikit-learn does."""
    true = _prob(answers).gather(-1, answers.target.unsqueeze(-1)).squeeze(-1)
    eps = torch.finfo(torch.float64).eps
    return -true.clamp(eps, 1 - eps).log().mean(-1)


def brier(answers: Answers) -> Tensor:
    """Mean squared error of probabilities: in [0, 1] for two classes, [0, 2] for more.

    Source: Brier 1950; halved for two classes, as is usual.
    """
    prob = _prob(answers)
    if prob.shape[-1] == 2:
        return (prob[..., 1] - answers.target).square().mean(-1)
    target = torch.nn.functional.one_hot(answers.target, prob.shape[-1]).double()
    return (prob - target).square().sum(-1).mean(-1)


def ece(answers: Answers) -> Tensor:
    """Expected calibration error over 15 equal bins: of the positive class's probability, or of the top class's.

    Source: Naeini et al. 2015.
    """
    prob = _prob(answers)
    if prob.shape[-1] == 2:
        confidence, hit = prob[..., 1], (answers.target == 1).double()
    else:
        confidence, top = prob.max(-1)
        hit = (top == answers.target).double()
    bins = (confidence * ECE_BINS).ceil().long().sub(1).clamp(0, ECE_BINS - 1)
    gap = torch.zeros(len(prob), ECE_BINS, dtype=torch.float64).scatter_add_(-1, bins, confidence - hit)
    return gap.abs().sum(-1) / confidence.shape[-1]


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
    def make() -> _Columns:
        target, mean = answers.target.double(), answers.target.double().mean(-1, keepdim=True)
        spread = (target - mean).square().mean(-1, keepdim=True).sqrt()
        unit = torch.where(spread > 0, spread, 1.0)
        pred, target = (answers.pred.double() - mean) / unit, (target - mean) / unit
        return _Columns(pred.T.contiguous(), target.T.contiguous(), unit.squeeze(-1), spread.squeeze(-1) > 0)

    columns: _Columns = _once(answers, "columns", make)
    return columns


def mse(answers: Answers) -> Tensor:
    """Mean squared error."""
    columns = _columns(answers)
    found = mean_squared_error(columns.pred, columns.target, num_outputs=columns.pred.shape[1])
    return found.reshape(-1) * columns.unit**2


def rmse(answers: Answers) -> Tensor:
    """Root of the mean squared error."""
    return mse(answers).sqrt()


def mae(answers: Answers) -> Tensor:
    """Mean absolute error."""
    columns = _columns(answers)
    found = mean_absolute_error(columns.pred, columns.target, num_outputs=columns.pred.shape[1])
    return found.reshape(-1) * columns.unit


def r2(answers: Answers) -> Tensor:
    """Share of the target's variance that is explained; NaN where it has none."""
    columns = _columns(answers)
    if len(columns.target) < 2:
        return torch.full_like(columns.unit, torch.nan)
    found = r2_score(columns.pred, columns.target, multioutput="raw_values").reshape(-1)
    return torch.where(columns.varies, found, torch.nan)
