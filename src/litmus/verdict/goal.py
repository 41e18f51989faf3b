"""Criteria of a stated threshold goal, which replaces the defaults."""

from collections.abc import Iterator

from litmus.evidence import Evidence, Score
from litmus.statistics import Posterior
from litmus.statistics.intervals import FloatArray
from litmus.verdict.criteria import Criteria, ask
from litmus.verdict.verdict import Criterion

REACHED = 0.8
"""What F1 and balanced accuracy must reach where they are the goal."""


def judged_by(evidence: Evidence, goal: str, criteria: Criteria) -> Iterator[Criterion]:
    """The criteria that a goal stands for, but for those that are stated beside it.

    recall@R is judged on recall, and on precision given that recall: it must beat the positive class's share, which is
    the precision of calling every row positive. precision@P is judged on precision, and on a recall above 0. f1 and
    youden must reach .8 (of F1 and of balanced accuracy). cost@FN:FP must cost less than the better of calling every
    row positive and calling none so.

    Args:
        evidence: With the goal's metrics on the scored split.
        goal: As in `task.threshold_goal`.
        criteria: What else is asked.
    """
    kind, _, wanted = goal.partition("@")
    if kind == "cost":
        yield from _cost(evidence, wanted)
        return
    goals: dict[str, dict[str, tuple[float, float | None]]] = {
        "recall": {"recall": (float(wanted or 0), criteria.slack), "precision": (_prevalence(evidence), None)},
        "precision": {"precision": (float(wanted or 0), criteria.slack), "recall": (0.0, None)},
        "youden": {"balanced_accuracy": (REACHED, criteria.slack)},
        "f1": {"f1": (REACHED, criteria.slack)},
    }
    scores = evidence.scores.get(evidence.scored, {})
    for name, (threshold, slack) in goals.get(kind, {}).items():
        if name not in criteria.stated() or name == kind:
            yield ask(name, scores.get(name, Score(value=None)), threshold, slack=slack)


def _prevalence(evidence: Evidence) -> float:
    matrix = evidence.confusion.get(evidence.scored)
    if matrix and len(matrix) == 2:
        return sum(matrix[1]) / max(sum(map(sum, matrix)), 1)
    return 1 - (evidence.task.majority_share or 0.5)


def _cost(evidence: Evidence, ratio: str) -> Iterator[Criterion]:
    missed, _, alarm = ratio.partition(":")
    false_negative, false_positive = float(missed), float(alarm)
    matrix = evidence.confusion.get(evidence.scored)
    if not matrix or len(matrix) != 2:
        yield ask("cost", Score(value=None), 0.0)
        return

    def cost(cells: FloatArray) -> FloatArray:
        spent = false_negative * cells[..., 1, 0] + false_positive * cells[..., 0, 1]
        share: FloatArray = spent / cells.sum((-2, -1))
        return share

    n = sum(map(sum, matrix))
    constant = min(false_negative * sum(matrix[1]), false_positive * sum(matrix[0])) / max(n, 1)
    spent = Posterior(matrix).interval(cost)
    yield ask("cost", Score(value=spent.value, low=spent.low, high=spent.high, n=n, baseline=constant), constant)
