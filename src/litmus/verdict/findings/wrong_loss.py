"""The loss does not fit the output or the target."""

import math
from collections.abc import Iterator

from litmus.evidence import Evidence, Unknown
from litmus.verdict import quantities
from litmus.verdict.candidate import Candidate
from litmus.verdict.context import Context, Judgement, gravest, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.family import p_above
from litmus.verdict.overrides import assign, ours
from litmus.verdict.wording import figure, listing, percent, points

CLASS_LOSSES = frozenset({"bce", "cross_entropy", "focal", "bcewithlogitsloss", "crossentropyloss"})
"""Losses that take raw outputs and squash them themselves."""
FEW_NUMBERS = 50
"""Distinct whole numbers up to which a target may be labels."""
TOLD_APART = 0.6
"""R2 of a reference from which codes without an order show beyond doubt."""
UNORDERED = 0.2
"""Share of random relabellings that fit as well as the given codes, from which their order means nothing."""
HALF = 0.5
"""The same share from which a practical margin of R2 is enough for another order to be the better one."""
ORDERED = 0.05
"""The same share below which numbers surely have an order, whatever another one would gain: of 153 columns of whole
numbers in packaged tables three such, a rating, a count and months, gained .12 to .42. The usual level."""
RENUMBERED = 0.1
"""Points of R2 that codes in another order must gain, from which the given order means nothing. A convention."""
SWAPPED = 0.05
"""Share of targets that surely belong to other rows, from which a robust loss hides the cause."""
ROBUST = ("huber", "l1")
"""Losses that are tried where a few targets rule a squared one."""


def judge(evidence: Evidence, context: Context) -> Judgement:
    """The loss does not fit output or target: squashed twice, bounded, tilted, ruled by outliers, or unordered."""
    looks = (_squashed(evidence, context), _weighted(evidence, context), _outliers(evidence))
    unordered = _unordered(evidence, context)
    return gravest(*looks, unordered) or unordered


def _squashed(evidence: Evidence, context: Context) -> Judgement:
    """An output activation before a loss that takes raw outputs, or bounds that the target does not keep."""
    output, data = evidence.model.output_activation, evidence.data
    if output in {"none", "", "identity"}:
        return None
    tried = quantities.trial(evidence, "raw_output", finding="wrong_loss")
    suffers = context.lags or quantities.stuck(evidence) or context.best_reference is None
    judged = bool(evidence.task.loss) or quantities.is_regression(evidence)  # a user's own steps do not show their loss
    if quantities.is_regression(evidence):
        if _within(evidence, output):
            return None
        span = "" if data.target_low is None else f" from {figure(data.target_low)} to {figure(data.target_high)}"
        why = f"The output passes a {output}, but the target{span} does not keep to its bounds."
    elif not judged and suffers:
        why = f"The output passes a {output}: unless the module's own loss takes probabilities, it is squashed twice."
    elif evidence.task.loss.lower() in CLASS_LOSSES:
        why = f"The output passes a {output} before a loss that applies one itself, so that it is squashed twice."
    else:
        return None
    return make_finding(
        "wrong_loss",
        context.severity(tried, sure=suffers) if judged else "info",
        why,
        overrides=(assign("model.output_activation", "none"),) if ours(evidence) else (),
        tried=tried,
        output_activation=output,
        loss=evidence.task.loss,
        target_low=data.target_low,
        target_high=data.target_high,
        # no scale of the target, rate or start brings predictions beyond the bounds
        fact=True if suffers and quantities.is_regression(evidence) else None,
    )


def _within(evidence: Evidence, output: str) -> bool:
    """Whether a regression target keeps to the bounds of the output's activation; a standardised one never does."""
    low, high = evidence.data.target_low, evidence.data.target_high
    if output == "softmax" or quantities.standardised_target(evidence):
        return False
    if low is None or high is None:
        return not quantities.stuck(evidence)
    bottom, top = {"tanh": (-1.0, 1.0), "relu": (0.0, math.inf)}.get(output, (0.0, 1.0))
    return bottom <= low and high <= top


def _weighted(evidence: Evidence, context: Context) -> Judgement:
    """A weight of the positive class far from what its share asks for, which makes decisions one-sided."""
    weight = evidence.settings.loss.pos_weight or 0
    counts = evidence.data.class_counts.get("train", {})
    negative, positive = (counts.get(label, 0) for label in (*evidence.task.classes, "", "")[:2])
    if weight <= 0 or not negative or not positive:
        return None
    factor = weight * positive / negative
    if 1 / 5 <= factor <= 5 or not context.wanting:
        return None
    return make_finding(
        "wrong_loss",
        context.severity(quantities.trial(evidence, "unweighted", finding="wrong_loss"), sure=True),
        f"loss.pos_weight={figure(weight)} counts the positive class {figure(factor)} times as much as the other one.",
        overrides=(assign("loss.pos_weight", None),),
        pos_weight=weight,
        factor=factor,
    )


def _unordered(evidence: Evidence, context: Context) -> Judgement:
    """Regression on class numbers whose order means nothing; counts, ratings and grades are ordered."""
    data = evidence.data
    few = data.target_whole and 3 <= (data.target_distinct or 0) <= FEW_NUMBERS
    if not quantities.is_regression(evidence) or not few:
        return None
    better = data.target_renumbered
    # where most other orders fit the confusions better as well, the two signs agree
    least = quantities.MARGIN if (data.target_order or 0.0) >= HALF else RENUMBERED
    ordered = data.target_order is not None and data.target_order < ORDERED
    gains = better is not None and (better.low or 0.0) > 0 and (better.value or 0.0) >= least
    misnumbered = gains and not ordered
    if data.target_order is None and not misnumbered:
        reason = f"whether the target's {data.target_distinct} whole numbers are labels without an order was not tested"
        return Unknown(name="wrong_loss", reason=reason)
    if not misnumbered and (data.target_order or 0.0) < UNORDERED:
        return None
    # where numbers are told apart well, those with an order are confused with their neighbours alone
    told_apart = (
        context.best_reference is not None and (quantities.level(evidence, context.best_reference) or 0.0) >= TOLD_APART
    )
    also = (
        f": in another order {points('r2', better.value)} more of them is explained" if misnumbered and better else ""
    )
    refuted = better is not None and (better.low or 0.0) <= 0  # no other order is surely the better one
    sure = misnumbered or (told_apart and not refuted and (data.target_distinct or 0) >= 4)
    return make_finding(
        "wrong_loss",
        "error" if sure else "info",
        f"The target's {data.target_distinct} whole numbers look like class labels without an order{also}.",
        overrides=(assign("task", "multiclass"), assign("loss", "auto")),
        distinct=data.target_distinct,
        target_order=data.target_order,
        renumbered=better.value if better else None,
        fact=True if sure else None,
        p_value=p_above(better, 0.0) if misnumbered else None,
    )


def _outliers(evidence: Evidence) -> Judgement:
    """Squared error ruled by a few targets, where a trial with a robust loss did better."""
    tail = evidence.data.target_tail
    tried = quantities.trial(evidence, "robust_loss", finding="wrong_loss")
    if (apart := evidence.data.target_apart) is not None:
        return make_finding(
            "wrong_loss",
            "error" if evidence.task.loss.lower() in quantities.SQUARED else "warning",
            f"{apart.count} targets lie {figure(apart.gap)} times as far out as all others and make"
            f" {percent(apart.squares)} of the squared error: another unit, or slips? Look at rows"
            f" {listing((str(row) for row in apart.rows), 5)}.",
            overrides=(assign("loss", "huber"),),
            count=apart.count,
            share=apart.share,
            gap=apart.gap,
            rows=apart.rows,
        )
    if not quantities.ruled_by_outliers(evidence):
        return None
    noise = evidence.data.noise
    # a robust loss is spared what targets of other rows cost, and cures nothing
    swapped = noise is not None and (noise.share.low or 0.0) >= SWAPPED
    better = None if swapped else quantities.robust(evidence)
    also = f"; trees fitted by absolute error save {percent(better.value)} of it" if better else ""
    return make_finding(
        "wrong_loss",
        "error" if better or (quantities.moves(tried) and not swapped) else "info",
        f"Squared error is ruled by outliers: the farthest target is {figure(tail)} robust deviations from the"
        f" median{also}.",
        overrides=(assign("loss", "huber"),),
        tried=tried,
        target_tail=tail,
        saved=better.value if better else None,
        p_value=p_above(better, 0.0),
    )


def candidates(evidence: Evidence) -> Iterator[Candidate]:
    """A robust loss where outliers rule a squared one, and raw outputs where an activation squashes them."""
    if quantities.scored_by_mae(evidence) and quantities.ruled_by_outliers(evidence):
        yield from (Candidate("robust_loss", (assign("loss", name),), "wrong_loss", turn=70) for name in ROBUST)
    if ours(evidence) and (evidence.settings.model.output_activation or "none") != "none":
        yield Candidate("raw_output", (assign("model.output_activation", "none"),), "wrong_loss", turn=110)


WRONG_LOSS = Diagnosis(
    name="wrong_loss",
    stage=60,
    about="training",
    headline="the loss does not fit the output or the target",
    explains=("lr_too_low", "vanishing_gradients", "symptoms"),
    tilts_decisions=True,
    candidates=candidates,
    says="the loss does not fit the target or the output",
    suggests="`loss=...`, `model.output_activation=none`",
    judge=judge,
)
