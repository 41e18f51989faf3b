"""Findings about decisions: rare classes, the threshold, and whether probabilities can be believed."""

from litmus.evidence import Evidence
from litmus.verdict import reading
from litmus.verdict.asked import imbalanced
from litmus.verdict.family import p_above
from litmus.verdict.findings.context import Context, Judgement, found
from litmus.verdict.overrides import assign
from litmus.verdict.words import figure, percent

POOR = 0.5
RARE = 0.2


def find_class_imbalance(evidence: Evidence, context: Context) -> Judgement:
    """A rare class is missed while accuracy is about the majority rule's: the accuracy paradox."""
    rare = rarest(evidence)
    if rare is None:
        return None
    label, share = rare
    recall = evidence.per_class.get(evidence.scored, {}).get(label, {}).get("recall")
    accuracy = evidence.scores.get(evidence.scored, {}).get("accuracy")
    balanced = evidence.scores.get(evidence.scored, {}).get("balanced_accuracy")
    missed = recall is not None and recall.value is not None and recall.value < POOR
    poor = missed or (balanced is not None and balanced.value is not None and balanced.value < 0.7)
    tried = reading.trial(evidence, "balanced", finding="class_imbalance")
    if not poor and not (imbalanced(evidence) and reading.moves(tried)):
        return None
    value = None if recall is None else recall.value
    rule = None if accuracy is None else accuracy.baseline
    text = f"Only {percent(value)} of {label} ({percent(share)} of the rows) are found"
    if accuracy is not None and accuracy.value is not None:
        text += (
            f"; accuracy {percent(accuracy.value)} says little, always guessing the largest class has {percent(rule)}"
        )
    return found(
        "class_imbalance",
        context.severity(tried, sure=True),
        f"{text}.",
        overrides=_rebalance(evidence),
        tried=tried,
        label=label,
        share=share,
        recall=value,
        accuracy=accuracy.value if accuracy else None,
        majority_accuracy=rule,
        balanced_accuracy=balanced.value if balanced else None,
        paradox=accuracy is not None
        and accuracy.value is not None
        and rule is not None
        and accuracy.value < rule + 0.05,
    )


def rarest(evidence: Evidence) -> tuple[str, float] | None:
    """The rarest class and its share, if it is rare: below a fifth, or a third of an even share among many classes."""
    counts = evidence.data.class_counts.get("train") or evidence.data.class_counts.get(evidence.scored) or {}
    total, classes = sum(counts.values()), evidence.task.classes
    if total == 0 or len(classes) < 2:
        if evidence.task.kind == "binary" and imbalanced(evidence):
            return classes[-1] if classes else "1", 1 - (evidence.task.majority_share or 0.0)
        return None
    label = min(counts, key=lambda one: (_recall(evidence, one) if counts[one] / total < RARE else 2.0, counts[one]))
    share = counts[label] / total
    return (label, share) if share < (RARE if len(counts) == 2 else min(RARE, 1 / (3 * len(counts)))) else None


def _recall(evidence: Evidence, label: str) -> float:
    score = evidence.per_class.get(evidence.scored, {}).get(label, {}).get("recall")
    return 1.0 if score is None or score.value is None else score.value


def _rebalance(evidence: Evidence) -> tuple[str, ...]:
    """The threshold first; weights, which spoil probabilities, where that is tuned already or there is none."""
    tuned = reading.setting(evidence, "task.threshold") == "tuned"
    if _binary(evidence) and not tuned:
        return (assign("task.threshold", "tuned"),)
    weighted = reading.setting(evidence, "loss.class_weight", "none") not in {"none", None}
    return () if weighted else (assign("loss.class_weight", "balanced"),)


def _binary(evidence: Evidence) -> bool:
    return evidence.task.kind == "binary"


def find_bad_threshold(evidence: Evidence, context: Context) -> Judgement:
    """Another threshold serves the stated goal better on held-out rows, beyond noise and a practical margin."""
    gain, best, used = evidence.threshold_gain, evidence.threshold_best, evidence.task.threshold
    if not _binary(evidence) or gain is None or gain.value is None or best is None or used is None:
        return None
    sure = (gain.low or 0.0) > 0
    # a model that orders rows as well as a reference and decides clearly worse has the wrong threshold, and so has one
    # that misses a stated goal for which nobody has chosen it
    chosen = evidence.task.threshold_goal is None or reading.setting(evidence, "task.threshold") == "tuned"
    shown = context.ranks_well and context.wanting and (context.lags or not chosen)
    if gain.value < reading.MARGIN or not (sure or shown) or abs(best - used) < 0.01:
        return None
    goal = evidence.task.threshold_goal or "F1"
    large = gain.value >= 0.1 and (gain.low or 0.0) >= reading.MARGIN
    return found(
        "bad_threshold",
        "error" if context.wanting else "warning" if large else "info",
        f"A threshold of {figure(best)} instead of {figure(used)} gains {percent(gain.value)} of {goal} on val.",
        overrides=(assign("task.threshold", float(f"{best:.4g}")),),
        threshold=used,
        best=best,
        gain=gain.value,
        low=gain.low,
        goal=goal,
        ranks_well=context.ranks_well,
        p_value=p_above(gain, 0.0) if sure else None,
    )


def find_miscalibrated(evidence: Evidence, _context: Context) -> Judgement:
    """Probabilities are off by more than noise: a calibration error or slope beyond its interval."""
    calibration = evidence.calibration
    if calibration is None:
        return None
    slope = calibration.slope
    bent = slope is not None and slope.low is not None and slope.high is not None and not slope.low <= 1 <= slope.high
    off = slope is not None and slope.value is not None and abs(slope.value - 1) > 0.2 and bent
    wrong = (calibration.ece.low or 0.0) > 0.05
    if not off and not wrong:
        return None
    lean = "too sure" if slope is not None and (slope.value or 1.0) < 1 else "not sure enough"
    text = f"Probabilities are off by {percent(calibration.ece.value)} on average"
    return found(
        "miscalibrated",
        "info",
        f"{text}{f'; the model is {lean}' if off else ''}.",
        overrides=(assign("task.calibrate", "temperature"),),
        ece=calibration.ece.value,
        ece_low=calibration.ece.low,
        slope=slope.value if slope else None,
    )
