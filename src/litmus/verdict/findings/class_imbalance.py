"""The rare class is hardly found."""

from litmus.evidence import Evidence, Score
from litmus.verdict import quantities
from litmus.verdict.applicable import imbalanced
from litmus.verdict.context import Context, Judgement, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.overrides import assign
from litmus.verdict.tried import MOVED
from litmus.verdict.wording import name_from_data, percent

POOR = 0.5
"""Recall of the rare class below which it counts as missed."""
FEWEST = 10
"""Held-out rows of a class, from which its recall is told; as few rows are an alarm of their own."""
EVENT = 0.05
"""Share below which a class is what the table is about, so that missing it is a fault whatever else is known."""
SERVES = 0.33
"""Share of what precision and recall miss in all that a better threshold must take away. A convention."""
RARE = 0.2
"""Share of rows below which a class is rare."""


def judge(evidence: Evidence, context: Context) -> Judgement:
    """A rare class is hardly found, whether accuracy shows it or not."""
    rare = rarest(evidence)
    missed_altogether = _never_found(evidence) if rare is None or not _is_missed(evidence, rare[0]) else None
    if missed_altogether is not None and context.lags:
        rare = missed_altogether
    if rare is None:
        return None
    label, share = rare
    recall = evidence.per_class.get(evidence.scored, {}).get(label, {}).get("recall")
    accuracy = evidence.scores.get(evidence.scored, {}).get("accuracy")
    balanced = evidence.scores.get(evidence.scored, {}).get("balanced_accuracy")
    missed = recall is not None and recall.value is not None and recall.value < POOR
    poor = missed or (balanced is not None and balanced.value is not None and balanced.value < 0.7)
    tried = quantities.trial(evidence, "balanced", finding="class_imbalance")
    if not poor and not (imbalanced(evidence) and quantities.moves(tried)):
        return None
    value = None if recall is None else recall.value
    text = f"The recall of {name_from_data(label)} ({percent(share)} of the rows) is {percent(value)}"
    paradox = _hidden_by_accuracy(accuracy)
    if accuracy is not None and accuracy.value is not None:
        text += f"; accuracy is {percent(accuracy.value)}, with the baseline {percent(accuracy.baseline)}"
    chosen = label in evidence.task.classes[-1:] and share >= EVENT
    serves = _threshold_serves(evidence, context) if chosen else None
    overrides = _rebalance(evidence, label, serves=serves is not False)
    # a class may be beyond all models: a reference, a trial or, of two classes, the threshold shows that it is not
    known = context.lags or context.best_reference is None or quantities.moves(tried)
    possible = known or (_binary(evidence) and serves is not False)
    overrides = overrides if possible else ()
    severity = context.severity(tried, sure=True) if possible else "info"
    if possible and severity == "info" and _open_to_a_decision(evidence, context) and not quantities.refutes(tried):
        severity = "error"
    if severity == "info" and label in _never_predicted(evidence):
        severity = "warning"  # it stands whether or not weights help
        overrides = () if quantities.refutes(tried) else overrides
    if _is_hardly_seen(evidence, label) and not quantities.moves(tried):
        severity = "info"
    return make_finding(
        "class_imbalance",
        severity,
        f"{text}.",
        overrides=overrides,
        tried=tried,
        label=label,
        share=share,
        recall=value,
        accuracy=accuracy.value if accuracy else None,
        majority_accuracy=None if accuracy is None else accuracy.baseline,
        balanced_accuracy=balanced.value if balanced else None,
        paradox=paradox,
    )


def _is_missed(evidence: Evidence, label: str) -> bool:
    return _recall(evidence, label) < POOR


def _is_hardly_seen(evidence: Evidence, label: str) -> bool:
    """Whether so few held-out rows are of the class that its recall may as well be good."""
    recall = evidence.per_class.get(evidence.scored, {}).get(label, {}).get("recall")
    open_ = recall is not None and recall.high is not None and recall.high >= POOR
    return open_ and 0 < quantities.class_rows(evidence, evidence.scored).get(label, 0) < FEWEST


def _never_found(evidence: Evidence) -> tuple[str, float] | None:
    """The most frequent of several classes that is never predicted, and its share."""
    counts = evidence.data.class_counts.get("train", {})
    found = max(_never_predicted(evidence), key=lambda label: counts.get(label, 0), default=None)
    return None if found is None else (found, counts.get(found, 0) / max(sum(counts.values()), 1))


def _never_predicted(evidence: Evidence) -> list[str]:
    """Those of several classes that are predicted of no row, on train nor on the scored rows."""
    matrices = [evidence.confusion.get(split, ()) for split in ("train", evidence.scored)]
    labels = evidence.task.classes
    if len(labels) < 3 or any(len(matrix) != len(labels) for matrix in matrices):
        return []
    return [label for k, label in enumerate(labels) if not any(row[k] for matrix in matrices for row in matrix)]


def _hidden_by_accuracy(accuracy: Score | None) -> bool:
    """Whether accuracy looks fine though it is hardly more than the majority's: at it or just above, never below."""
    if accuracy is None or accuracy.value is None or accuracy.baseline is None:
        return False
    return accuracy.baseline <= accuracy.value < accuracy.baseline + 0.05


def _open_to_a_decision(evidence: Evidence, context: Context) -> bool:
    """Whether a class is surely missed and its first remedy not applied: how well references rank excuses nothing."""
    bad = {"recall", "precision", "worst_class_recall"}
    low = [item for item in context.standing.missed if item.name.partition("[")[0] in bad and (item.high or 0.0) < POOR]
    return bool(low) and not (_is_tuned(evidence) if _binary(evidence) else _is_weighted(evidence))


def rarest(evidence: Evidence) -> tuple[str, float] | None:
    """The rarest class and its share, if it is rare: below a fifth, or a third of an even share among many classes."""
    counts = evidence.data.class_counts.get("train") or evidence.data.class_counts.get(evidence.scored) or {}
    total, classes = sum(counts.values()), evidence.task.classes
    if total == 0 or len(classes) < 2:
        if quantities.has_positive(evidence) and imbalanced(evidence):
            return classes[-1] if classes else "1", 1 - (evidence.task.majority_share or 0.0)
        return None
    label = min(
        counts, key=lambda name: (_recall(evidence, name) if counts[name] / total < RARE else 2.0, counts[name])
    )
    share = counts[label] / total
    return (label, share) if share < (RARE if len(counts) == 2 else min(RARE, 1 / (3 * len(counts)))) else None


def _recall(evidence: Evidence, label: str) -> float:
    score = evidence.per_class.get(evidence.scored, {}).get(label, {}).get("recall")
    return 1.0 if score is None or score.value is None else score.value


def _threshold_serves(evidence: Evidence, context: Context) -> bool | None:
    """Whether the threshold that is best on val takes a good part of what precision and recall miss there.

    The best F1 may trade one for the other and meet neither. A precision that no row tells is not missed. None: nothing
    is known of other thresholds, or one was chosen already.
    """
    asked = {item.name: item.threshold for item in context.standing.criteria if item.votes and item.threshold}
    curve, gain = evidence.threshold_curve, evidence.threshold_gain
    if not _binary(evidence) or _is_tuned(evidence) or not curve or gain is None or not asked.keys() & set(MOVED):
        return None

    def missing(at: float) -> float:
        point = min(curve, key=lambda point: abs(point.threshold - at))
        known = {"recall": point.recall, "precision": point.precision}
        return sum(max(0.0, (asked.get(name) or 0.0) - value) for name, value in known.items() if value is not None)

    used, best = evidence.task.threshold or 0.5, evidence.threshold_best
    if best is None:
        return None
    return (gain.low or 0.0) > 0 and missing(best) <= (1 - SERVES) * missing(used)


def _rebalance(evidence: Evidence, label: str, *, serves: bool = True) -> tuple[str, ...]:
    """A tuned threshold first; weights, which spoil probabilities, where it is tuned already or there is none.

    Thresholds are tuned for the positive class, and finding more of it finds less of the other one. Neither is offered
    again once it is set, so that the advice ends after both.
    """
    positive = evidence.task.classes[-1] if evidence.task.classes else label
    if serves and _binary(evidence) and label == positive and not _is_tuned(evidence):
        return (assign("task.threshold", "tuned"),)
    if _is_weighted(evidence) or quantities.labels_in_doubt(evidence):
        return ()  # weights would make wrong labels of the rare class count most
    return (assign("loss.class_weight", "balanced"),)


def _is_tuned(evidence: Evidence) -> bool:
    return bool(evidence.settings.task.threshold == "tuned")


def _is_weighted(evidence: Evidence) -> bool:
    weights = evidence.settings.loss.class_weight
    return bool(weights == "balanced" or evidence.settings.loss.pos_weight is not None)


def _binary(evidence: Evidence) -> bool:
    return quantities.has_positive(evidence)


CLASS_IMBALANCE = Diagnosis(
    name="class_imbalance",
    stage=81,
    about="decision",
    headline="the rare class is hardly found",
    explains=("bad_threshold", "miscalibrated"),
    symptom=True,
    remedy="more rows of the rare class, or inputs that tell it apart",
    says="the rare class is hardly found, and something does better; whether accuracy hides it",
    suggests="`task.threshold=tuned`, then `loss.class_weight=balanced`",
    judge=judge,
)
