"""The metrics, over whole splits and over many epochs at once.

Everything takes `Answers` with a leading dimension of epochs: a curve of a thousand epochs costs one call, not a
thousand. torchmetrics computes what it can compute sample-wise; the ranking and probability scores, for which it has no
batched form, stand here and are held to torchmetrics and scikit-learn by tests.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

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
    if answers.prob is None:
        msg = "classification metrics need probabilities"
        raise TypeError(msg)
    return answers.prob.shape[-1]


def _prob(answers: Answers) -> Tensor:
    if answers.prob is None:
        msg = "classification metrics need probabilities"
        raise TypeError(msg)
    return answers.prob.double()


def binary(function: Callable[..., Tensor]) -> Callable[[Answers], Tensor]:
    """torchmetrics' binary label metric as `(E,)`, of the positive class (code 1)."""

    def compute(answers: Answers) -> Tensor:
        return (
            function(answers.pred, answers.target, multidim_average="samplewise", validate_args=False)
            .double()
            .reshape(-1)
        )

    return compute


def multiclass(function: Callable[..., Tensor], average: str) -> Callable[[Answers], Tensor]:
    """torchmetrics' multiclass label metric as `(E,)`, with its average: "macro", "micro" or "weighted"."""

    def compute(answers: Answers) -> Tensor:
        return function(
            answers.pred,
            answers.target,
            num_classes=_classes(answers),
            average=average,
            multidim_average="samplewise",
            validate_args=False,
        ).double()

    return compute


accuracy = binary(binary_accuracy)
precision = binary(binary_precision)
recall = binary(binary_recall)
f1 = binary(binary_f1_score)
multiclass_micro_accuracy = multiclass(multiclass_accuracy, "micro")
macro_precision = multiclass(multiclass_precision, "macro")
macro_recall = multiclass(multiclass_recall, "macro")
macro_f1 = multiclass(multiclass_f1_score, "macro")


def confusion(answers: Answers) -> Tensor:
    """`(E, classes, classes)` int64 counts, rows true, columns predicted."""
    k = _classes(answers)
    epochs = torch.arange(len(answers.pred)).unsqueeze(1) * (k * k)
    cells = (epochs + answers.target * k + answers.pred).flatten()
    return torch.bincount(cells, minlength=len(answers.pred) * k * k).view(-1, k, k)


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
    """Rows `(..., n)` by ascending score, and for each the places `first` up to `end` of those that tie with it."""

    hits: Tensor
    first: Tensor
    end: Tensor
    known: Tensor


def _ranking(answers: Answers, code: int) -> _Ranking:
    """One class against the rest; both areas need it, so that a sort is done once for the two."""
    if code not in answers.rankings:
        answers.rankings[code] = _rank(_prob(answers)[..., code].contiguous(), answers.target == code)
    ranking: _Ranking = answers.rankings[code]
    return ranking


def _rank(score: Tensor, positive: Tensor) -> _Ranking:
    """Of `score` and `positive`, both `(..., n)`."""
    order = torch.from_numpy(score.numpy().argsort(-1))  # in half of torch's time
    ordered, hits = score.gather(-1, order), positive.gather(-1, order)
    begins, place, n = torch.ones_like(hits), torch.arange(score.shape[-1]), score.shape[-1]
    torch.ne(ordered[..., 1:], ordered[..., :-1], out=begins[..., 1:])
    first = torch.where(begins, place, 0).cummax(-1).values
    end = torch.where(begins.roll(-1, -1), place + 1, n).flip(-1).cummin(-1).values.flip(-1)
    return _Ranking(hits.double(), first, end, ~ordered.isnan().any(-1))


def _auroc(ranking: _Ranking) -> Tensor:
    """Area under the ROC curve by mean ranks; NaN where a class is missing.

    Source: Hanley & McNeil 1982 (the Mann-Whitney form).
    """
    hits, n = ranking.hits, ranking.hits.shape[-1]
    positives = hits.sum(-1)
    rank_sum = ((ranking.first + ranking.end + 1).double() / 2 * hits).sum(-1)
    pairs = positives * (n - positives)
    area = (rank_sum - positives * (positives + 1) / 2) / pairs.clamp(min=1)
    return torch.where((pairs > 0) & ranking.known, area, torch.nan)


def _average_precision(ranking: _Ranking) -> Tensor:
    """Step-wise area under the precision-recall curve; NaN without positives.

    Source: scikit-learn's definition, the sum of (R_k - R_{k-1}) P_k over distinct scores.
    """
    hits, first = ranking.hits, ranking.first
    # where a tie begins all of it is above the threshold
    at_least = hits.flip(-1).cumsum(-1).flip(-1).gather(-1, first)
    precision_at = at_least / (hits.shape[-1] - first)
    positives = hits.sum(-1)
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


def _regression(function: Callable[..., Tensor]) -> Callable[[Answers], Tensor]:
    """torchmetrics' regression metric with epochs as outputs, after a shift that keeps large means from cancelling."""

    def compute(answers: Answers) -> Tensor:
        shift = answers.target.double().mean(-1, keepdim=True)
        pred, target = (answers.pred.double() - shift).T, (answers.target.double() - shift).T
        return function(pred.contiguous(), target.contiguous()).reshape(-1)

    return compute


def _r2(pred: Tensor, target: Tensor) -> Tensor:
    if len(target) < 2:
        return torch.full((target.shape[1],), torch.nan, dtype=torch.float64)
    value = r2_score(pred, target, multioutput="raw_values").reshape(-1)
    return torch.where(target.var(0) > 0, value, torch.nan)


mse = _regression(lambda pred, target: mean_squared_error(pred, target, num_outputs=pred.shape[1]))
rmse = _regression(lambda pred, target: mean_squared_error(pred, target, squared=False, num_outputs=pred.shape[1]))
mae = _regression(lambda pred, target: mean_absolute_error(pred, target, num_outputs=pred.shape[1]))
r2 = _regression(_r2)
