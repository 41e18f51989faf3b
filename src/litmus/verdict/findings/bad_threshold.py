"""The decision threshold does not serve the goal."""

from litmus.evidence import Estimate, Evidence
from litmus.metrics import Metric, measure
from litmus.verdict import quantities
from litmus.verdict.context import Context, Judgement, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.family import p_above
from litmus.verdict.overrides import assign, is_set
from litmus.verdict.verdict import Severity
from litmus.verdict.wording import figure, percent

USUAL = 0.5
"""The threshold where nobody chose one."""


def _for_nothing(evidence: Evidence) -> float:
    """What calling every row positive gains of F1 on val, which no knowledge of the rows is needed for.

    Where the smaller class is frequent and the signal weak, the best threshold for F1 does little else.
    """
    counts, current = quantities.class_rows(evidence, "val"), evidence.scores.get("val", {}).get("f1")
    if evidence.task.threshold_goal is not None or current is None or not any(counts.values()):
        return 0.0
    share = counts.get(evidence.task.classes[-1], 0) / sum(counts.values())
    return max(0.0, 2 * share / (1 + share) - (current.value or 0.0))


def judge(evidence: Evidence, context: Context) -> Judgement:
    """Another threshold serves the stated goal better on held-out rows, beyond noise and a practical margin."""
    gain, best, used = evidence.threshold_gain, evidence.threshold_best, evidence.task.threshold
    if not quantities.has_positive(evidence) or gain is None or gain.value is None or best is None or used is None:
        return None
    if is_set(evidence, assign("task.threshold", "tuned")):
        return None  # what was chosen on val is not chosen there again
    free = _for_nothing(evidence) if used == USUAL else 0.0
    found, gain = gain, Estimate(value=gain.value - free, low=(gain.low or 0.0) - free, high=(gain.high or 0.0) - free)
    sure, stated = (gain.low or 0.0) > 0, evidence.task.threshold_goal is not None
    # a model that orders rows as well as a reference and decides clearly worse has the wrong threshold, and so has one
    # that misses a stated goal for which nobody has chosen it
    primary = measure(evidence.task.primary)
    decides_worse = context.lags and isinstance(primary, Metric) and primary.needs == "predictions"
    shown = context.ranks_well and context.wanting and (decides_worse or stated)
    if (gain.value or 0.0) < quantities.MARGIN or not (sure or shown) or abs(best - used) < 0.01:
        return None
    # F1 asks for a lower threshold the weaker the signal is (Lipton, Elkan and Naryanaswamy 2014): where nobody chose
    # one nor asked for F1, this says nothing of the threshold
    alarms = shown or stated or used != USUAL
    goal = evidence.task.threshold_goal or "F1"
    large = (gain.value or 0.0) >= 0.1 and (gain.low or 0.0) >= quantities.MARGIN
    return make_finding(
        "bad_threshold",
        _severity(context, alarms=alarms, large=large),
        f"A threshold of {figure(best)} instead of {figure(used)} gains {percent(found.value)} of {goal} on val.",
        overrides=(assign("task.threshold", float(f"{best:.4g}")),),
        threshold=used,
        best=best,
        gain=found.value,
        low=found.low,
        goal=goal,
        ranks_well=context.ranks_well,
        p_value=p_above(gain, 0.0) if sure else None,
    )


def _severity(context: Context, *, alarms: bool, large: bool) -> Severity:
    if not alarms:
        return "info"
    if context.wanting or (large and context.standing.limited):
        return "error"
    return "warning" if large else "info"


BAD_THRESHOLD = Diagnosis(
    name="bad_threshold",
    stage=81,
    about="decision",
    headline="the decision threshold does not serve the goal",
    symptom=True,
    needs_reference=True,
    tried=False,
    says="another threshold serves the goal better; silent once it is tuned",
    suggests="`task.threshold=...`",
    judge=judge,
)
