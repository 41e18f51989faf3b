"""The finding about the loss: one that does not fit the output, the classes, or the target."""

import math

from litmus.evidence import Evidence, Unknown
from litmus.verdict import reading
from litmus.verdict.findings.context import Context, Judgement, found, gravest
from litmus.verdict.overrides import assign, ours
from litmus.verdict.words import figure

CLASS_LOSSES = frozenset({"bce", "cross_entropy", "focal", "bcewithlogitsloss", "crossentropyloss"})
FEW_NUMBERS = 50
TOLD_APART = 0.6
"""R2 of a reference from which codes without an order show beyond doubt."""
UNORDERED = 0.2
"""Share of random relabellings that fit as well as the given codes, from which their order means nothing."""


def find_wrong_loss(evidence: Evidence, context: Context) -> Judgement:
    """The loss does not fit output or target: squashed twice, bounded, tilted, ruled by outliers, or unordered."""
    looks = (_squashed(evidence, context), _weighted(evidence, context), _outliers(evidence))
    unordered = _unordered(evidence, context)
    return gravest(*looks, unordered) or unordered


def _squashed(evidence: Evidence, context: Context) -> Judgement:
    """An output activation before a loss that takes raw outputs, or bounds that the target does not keep."""
    output, data = evidence.model.output_activation, evidence.data
    if output in {"none", "", "identity"}:
        return None
    tried = reading.trial(evidence, "raw_output", finding="wrong_loss")
    if reading.is_regression(evidence):
        if _within(evidence, output):
            return None
        span = "" if data.target_low is None else f" from {figure(data.target_low)} to {figure(data.target_high)}"
        why = f"The output passes a {output}, but the target{span} does not keep to its bounds."
    elif evidence.task.loss.lower() in CLASS_LOSSES or not evidence.task.loss:
        why = f"The output passes a {output} before a loss that applies one itself, so that it is squashed twice."
    else:
        return None
    suffers = context.lags or reading.stuck(evidence) or context.rival is None
    return found(
        "wrong_loss",
        context.severity(tried, sure=suffers),
        why,
        overrides=(assign("model.output_activation", "none"),) if ours(evidence) else (),
        tried=tried,
        output_activation=output,
        loss=evidence.task.loss,
        target_low=data.target_low,
        target_high=data.target_high,
    )


def _within(evidence: Evidence, output: str) -> bool:
    """Whether a regression target keeps to the bounds of the output's activation; a standardised one never does."""
    low, high = evidence.data.target_low, evidence.data.target_high
    if output == "softmax" or reading.setting(evidence, "data.normalize_target") is True:
        return False
    if low is None or high is None:
        return not reading.stuck(evidence)
    bottom, top = {"tanh": (-1.0, 1.0), "relu": (0.0, math.inf)}.get(output, (0.0, 1.0))
    return bottom <= low and high <= top


def _weighted(evidence: Evidence, context: Context) -> Judgement:
    """A weight of the positive class far from what its share asks for, which makes decisions one-sided."""
    weight = reading.number(evidence, "loss.pos_weight")
    counts = evidence.data.class_counts.get("train", {})
    negative, positive = (counts.get(label, 0) for label in (*evidence.task.classes, "", "")[:2])
    if weight <= 0 or not negative or not positive:
        return None
    factor = weight * positive / negative
    if 1 / 5 <= factor <= 5 or not context.wanting:
        return None
    return found(
        "wrong_loss",
        context.severity(reading.trial(evidence, "unweighted", finding="wrong_loss"), sure=True),
        f"loss.pos_weight={figure(weight)} counts the positive class {figure(factor)} times as much as the other one.",
        overrides=(assign("loss.pos_weight", None),),
        pos_weight=weight,
        factor=factor,
    )


def _unordered(evidence: Evidence, context: Context) -> Judgement:
    """Regression on class numbers whose order means nothing; counts, ratings and grades are ordered."""
    data = evidence.data
    few = data.target_whole and 3 <= (data.target_distinct or 0) <= FEW_NUMBERS
    if not reading.is_regression(evidence) or not few:
        return None
    if data.target_order is None:
        reason = f"whether the target's {data.target_distinct} whole numbers are labels without an order was not tested"
        return Unknown(name="wrong_loss", reason=reason)
    if data.target_order < UNORDERED:
        return None
    # where numbers are told apart well, those with an order are confused with their neighbours alone
    told_apart = context.rival is not None and (reading.level(evidence, context.rival) or 0.0) >= TOLD_APART
    return found(
        "wrong_loss",
        "error" if (context.wanting or told_apart) and (data.target_distinct or 0) >= 4 else "info",
        f"The target's {data.target_distinct} whole numbers look like class labels without an order.",
        overrides=(assign("task", "multiclass"), assign("loss", "auto")),
        distinct=data.target_distinct,
        target_order=data.target_order,
    )


def _outliers(evidence: Evidence) -> Judgement:
    """Squared error ruled by a few targets, where a trial with a robust loss did better."""
    tail = evidence.data.target_tail
    tried = reading.trial(evidence, "robust_loss", finding="wrong_loss")
    if not reading.ruled_by_outliers(evidence):
        return None
    return found(
        "wrong_loss",
        "error" if reading.moves(tried) else "info",
        f"Squared error is ruled by outliers: the farthest target is {figure(tail)} robust deviations from the median.",
        overrides=(assign("loss", "huber"),),
        tried=tried,
        target_tail=tail,
    )
