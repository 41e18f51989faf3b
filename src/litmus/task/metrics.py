"""The metrics, over whole splits and over many epochs at once.

Everything takes `Answers` with a leading dimension of epochs: a curve of a thousand epochs costs one call, not a
thousand. torchmetrics counts hits and misses, once for all metrics of labels, and errors of numbers; the ranking and
probability scores, for which it has no batched form, stand here. Tests hold all to scikit-learn.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.linalg import vecdot
from torchmetrics.functional import mean_absolute_error, mean_squared_error, r2_score
from torchmetrics.functional.classification import multilabel_stat_scores

from litmus.task.base import Answers

ECE_BINS = 15


def _prob(answers: Answers) -> Tensor:
    if answers.prob is None:
        msg = "classification metrics need probabilities"
        raise TypeError(msg)
    return answers.prob.double()


def _once(answers: Answers, key: str, compute: Callable[[Answers], Any]) -> Any:
    """What `compute` gives for these answers, kept for the next metric that needs it."""
    if key not in answers.kept:
        answers.kept[key] = compute(answers)
    return answers.kept[key]


def confusion(answers: Answers) -> Tensor:
    """`(E, classes, classes)` int64 counts, rows true, columns predicted."""
    k = _prob(answers).shape[-1]
    epochs = torch.arange(len(answers.pred)).unsqueeze(1) * (k * k)
    cells = (epochs + answers.target * k + answers.pred).flatten()
    return torch.bincount(cells, minlength=len(answers.pred) * k * k).view(-1, k, k)


def _each_class(answers: Answers, codes: Tensor) -> Tensor:
    """Whether rows with these codes `(E, n)` are of each class, `(E, classes, n)`; of two, of the positive one only."""
    k = _prob(answers).shape[-1]
    return codes.unsqueeze(-2) == torch.arange(1 if k == 2 else 0, k).unsqueeze(-1)


class _Counts(NamedTuple):
    """Rows of each class against the rest, `(E, classes)` float64.

    Args:
        tp: Of the class, and taken for it.
        fp: Of others, taken for it.
        fn: Of the class, taken for others.
    """

    tp: Tensor
    fp: Tensor
    fn: Tensor


def _counts(answers: Answers) -> _Counts:
    counts: _Counts = _once(answers, "counts", _count)
    return counts


def _count(answers: Answers) -> _Counts:
    pred, target = (_each_class(answers, codes) for codes in (answers.pred, answers.target))
    labels = pred.shape[0] * pred.shape[1]  # to torchmetrics a class of an epoch is a label
    found = multilabel_stat_scores(
        *(pred.flatten(0, 1).unsqueeze(0), target.flatten(0, 1).unsqueeze(0), labels),
        average="none",
        validate_args=False,
    )
    tp, fp, tn, fn, _ = found.double().view(*pred.shape[:2], 5).unbind(-1)
    if pred.shape[1] > 1:
        return _Counts(tp, fp, fn)
    # of two classes, what is rightly not taken for one is a hit of the other
    return _Counts(torch.cat([tn, tp], -1), torch.cat([fn, fp], -1), torch.cat([fp, fn], -1))


def _over_classes(value: Callable[[_Counts], tuple[Tensor, Tensor]], answers: Answers) -> Tensor:
    """A quotient of counts: the positive class's, or the mean over the classes that occur or are predicted."""
    counts = _counts(answers)
    part, whole = value(counts)
    quotient = part / whole.clamp(min=1)
    if quotient.shape[-1] == 2:
        return quotient[..., 1]
    seen = counts.tp + counts.fp + counts.fn > 0
    return quotient.sum(-1) / seen.sum(-1).clamp(min=1)


precision = partial(_over_classes, lambda counts: (counts.tp, counts.tp + counts.fp))
recall = partial(_over_classes, lambda counts: (counts.tp, counts.tp + counts.fn))
f1 = partial(_over_classes, lambda counts: (2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn))


def accuracy(answers: Answers) -> Tensor:
    """Share of the rows that are right."""
    counts = _counts(answers)
    return counts.tp.sum(-1) / (counts.tp + counts.fn).sum(-1)


def balanced_accuracy(answers: Answers) -> Tensor:
    """Mean recall over the classes that occur.

    Source: Brodersen et al. 2010, "The balanced accuracy and its posterior distribution".
    """
    counts = _counts(answers)
    rows = counts.tp + counts.fn
    return (counts.tp / rows.clamp(min=1)).sum(-1) / (rows > 0).sum(-1)


def mcc(answers: Answers) -> Tensor:
    """Matthews correlation; 0 where a margin is empty, as scikit-learn has it.

    Source: Gorodkin 2004, equation 8 (the R_K statistic).
    """
    counts = _counts(answers)
    true, predicted = counts.tp + counts.fn, counts.tp + counts.fp
    n = true.sum(-1)
    covariance = counts.tp.sum(-1) * n - (true * predicted).sum(-1)
    spread = (n**2 - true.square().sum(-1)) * (n**2 - predicted.square().sum(-1))
    return torch.where(spread > 0, covariance / spread.clamp(min=1).sqrt(), torch.zeros_like(n))


class _Ranking(NamedTuple):
    """Rows by ascending score, `(..., n)` float64; of tied ones each is told where they begin.

    Args:
        score: In order; NaN, where there is any, first.
        hit: 1 for rows of the class, else 0.
        first: Rows with a lower score; `(n,)` where no scores are tied.
        below: Rows of the class with a lower score.
        n: How many rows.
    """

    score: Tensor
    hit: Tensor
    first: Tensor
    below: Tensor
    n: int


def _sort(score: Tensor, hit: Tensor) -> tuple[Tensor, Tensor]:
    """Probabilities `score` in ascending order, and whether each is a hit, both `(..., n)` float64.

    Numbers from 0 to 1 are in the order of their bits read as integers, and leave two of them free: with what is sorted
    along in the lowest, a sort does it, at a third of the cost of finding the order and gathering by it twice. NaN's
    bits run over into the sign, so that it comes first and stays what it is.
    """
    keys = score.contiguous().view(torch.int64).mul(2).bitwise_or_(hit)
    keys.numpy().sort(-1)  # in a quarter of torch's time
    return (keys >> 1).view(torch.float64), (keys & 1).double()


def _rankings(answers: Answers) -> _Ranking:
    """`(E, codes, n)`: of the positive class alone, or of each class against the rest."""
    ranking: _Ranking = _once(answers, "rankings", _rank)
    return ranking


def _rank(answers: Answers) -> _Ranking:
    hit = _each_class(answers, answers.target)
    score, hit = _sort(_prob(answers)[..., -hit.shape[1] :].movedim(-1, -2), hit)
    first, below = torch.arange(score.shape[-1], dtype=torch.float64), hit.cumsum(-1) - hit
    tied = score[..., 1:] == score[..., :-1]
    if tied.any():
        begins = torch.nn.functional.pad(~tied, (1, 0), value=True)
        first = torch.where(begins, first, 0.0).cummax(-1).values
        below = below.gather(-1, first.long())
    return _Ranking(score, hit, first, below, score.shape[-1])


def auroc(answers: Answers) -> Tensor:
    """Area under the ROC curve: share of pairs in order, ties by half; NaN where a class is missing.

    Source: Hanley & McNeil 1982 (the Mann-Whitney form).
    """
    ranking = _rankings(answers)
    positives = ranking.hit.sum(-1)
    pairs = positives * (ranking.n - positives)
    # pairs in order less pairs out of order, from what stands strictly below each row
    lead = vecdot(ranking.hit, ranking.first) - ranking.below.sum(-1)
    area = (pairs + lead) / (2 * pairs)
    return torch.where(ranking.score[..., 0].isnan(), torch.nan, area).mean(-1)


def average_precision(answers: Answers) -> Tensor:
    """Step-wise area under the precision-recall curve; NaN without positives.

    Source: scikit-learn's definition, the sum of (R_k - R_{k-1}) P_k over distinct scores.
    """
    ranking = _rankings(answers)
    positives = ranking.hit.sum(-1)
    # where a tie begins all of it is above the threshold
    precision_at = (positives.unsqueeze(-1) - ranking.below) / (ranking.n - ranking.first)
    area = vecdot(precision_at, ranking.hit) / positives
    return torch.where(ranking.score[..., 0].isnan(), torch.nan, area).mean(-1)


def _true(answers: Answers) -> Tensor:
    """Probability of each row's true class, `(E, n)`."""
    prob = _prob(answers)
    if prob.shape[-1] == 2:
        return torch.where(answers.target == 1, prob[..., 1], prob[..., 0])
    return prob.gather(-1, answers.target.unsqueeze(-1)).squeeze(-1)


def log_loss(answers: Answers) -> Tensor:
    """Mean negative log-probability of the true class, clipped at float64's epsilon as scikit-learn does."""
    eps = torch.finfo(torch.float64).eps
    return -_true(answers).clamp(eps, 1 - eps).log_().mean(-1)


def brier(answers: Answers) -> Tensor:
    """Mean squared error of probabilities: in [0, 1] for two classes, [0, 2] for more.

    Source: Brier 1950; halved for two classes, as is usual.
    """
    prob = _prob(answers)
    if prob.shape[-1] == 2:
        gap = prob[..., 1] - answers.target
    else:
        target = answers.target.unsqueeze(-1)
        gap = prob.scatter_add(-1, target, prob.new_full((), -1.0).expand(target.shape)).flatten(1)
    squares: Tensor = vecdot(gap, gap)
    return squares / prob.shape[1]


def ece(answers: Answers) -> Tensor:
    """Expected calibration error over 15 equal bins: of the positive class's probability, or of the top class's.

    Source: Naeini et al. 2015.
    """
    prob = _prob(answers)
    if prob.shape[-1] == 2:
        score, hit = (part[:, 0] for part in _rankings(answers)[:2])
    else:
        confidence, top = prob.max(-1)
        score, hit = _sort(confidence, top == answers.target)
    edges = torch.arange(1, ECE_BINS + 1, dtype=torch.float64) / ECE_BINS
    edges[-1] = torch.inf
    ends = torch.searchsorted(score, edges.repeat(len(score), 1), right=True)
    upto = (score - hit).cumsum(-1).gather(-1, (ends - 1).clamp(min=0)) * (ends > 0)
    return upto.diff(prepend=torch.zeros_like(upto[:, :1])).abs().sum(-1) / score.shape[-1]


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
    columns: _Columns = _once(answers, "columns", _standardise)
    return columns


def _standardise(answers: Answers) -> _Columns:
    target, mean = answers.target.double(), answers.target.double().mean(-1, keepdim=True)
    spread = (target - mean).square().mean(-1, keepdim=True).sqrt()
    unit = torch.where(spread > 0, spread, 1.0)
    pred, target = (answers.pred.double() - mean) / unit, (target - mean) / unit
    return _Columns(pred.T, target.T, unit.squeeze(-1), spread.squeeze(-1) > 0)


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
