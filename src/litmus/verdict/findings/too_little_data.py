"""There are too few rows to tell."""

from litmus.evidence import Evidence
from litmus.verdict import quantities
from litmus.verdict.context import Context, Judgement, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.overrides import assign
from litmus.verdict.wording import listing, metric, percent, points

FEWEST = 10
"""Held-out rows of a class below which next to nothing is known of it."""
FEW = 50
"""Held-out rows below which the number of rows is what is wrong, and not a criterion that happens to be near."""


def judge(evidence: Evidence, context: Context) -> Judgement:
    """Intervals so wide that a criterion stays open, a class with next to no held-out rows, or more rows still help.

    An alarm is what leaves next to nothing known: few rows in all, or of a class. A criterion near its threshold is
    open on many rows too, which the verdict says by itself.
    """
    standing = context.standing
    if context.hopeless or standing.failed:
        return None  # there were rows enough to see that
    wide = [item for item in standing.unsettled if item.low is not None and item.high is not None]
    widest = max(wide, key=lambda item: (item.high or 0) - (item.low or 0), default=None)
    half = ((widest.high or 0.0) - (widest.low or 0.0)) / 2 if widest else 0.0
    scarce = _scarce(evidence, context)
    rising = evidence.data.more_rows
    grows = rising is not None and (rising.low or 0.0) > 0 and (rising.value or 0.0) >= quantities.MARGIN
    if half <= 0.1 and not scarce and not (grows and context.wanting):
        return None
    n = quantities.primary(evidence).n or evidence.data.sizes.get(evidence.scored, 0)
    if scarce:
        why = f"{listing(scarce)} {'has' if len(scarce) == 1 else 'have'} fewer than {FEWEST} {evidence.scored} rows"
    elif half > 0.1 and widest is not None:
        why = f"{metric(widest.name)} is known to ± {points(widest.name, half)} only from {n} {evidence.scored} rows"
    else:
        why = f"the last doubling of the training rows still gained {percent(rising.value if rising else None)}"
    foldable = evidence.settings.data.folds is None and evidence.data.split_rule not in {"time", "column"}
    return make_finding(
        "too_little_data",
        "warning" if scarce or (half > 0.1 and n < FEW) else "info",
        f"Too few rows to tell: {why}.",
        overrides=(assign("data.folds", 5),) if foldable else (),
        half_width=half or None,
        n=n,
        scarce_classes=scarce or None,
        rows_needed=standing.rows_needed(),
        more_rows=rising.value if rising else None,
    )


def _scarce(evidence: Evidence, context: Context) -> list[str]:
    """Classes with so few held-out rows that next to nothing is known of them.

    Their recall may be good or bad, or what is asked of the positive class is met by chance as well as not.
    """
    positive = evidence.task.classes[-1] if quantities.has_positive(evidence) and evidence.task.classes else None
    unsure = any(item.votes and item.status == "open" for item in context.standing.criteria)
    labels = evidence.per_class.get(evidence.scored, {})
    unclear = []
    for label, count in quantities.class_rows(evidence, evidence.scored).items():
        recall = labels.get(label, {}).get("recall")
        known = recall is not None and recall.low is not None and recall.high is not None
        settled = known and recall is not None and ((recall.low or 0.0) >= 0.5 or (recall.high or 0.0) < 0.5)
        if count < FEWEST and (not settled or (label == positive and unsure)):
            unclear.append(label)
    return unclear


TOO_LITTLE_DATA = Diagnosis(
    name="too_little_data",
    stage=70,
    about="data",
    headline="there are too few rows to tell",
    explains=("overfitting", "seed_unstable", "miscalibrated"),
    leaves_doubt=True,
    of_rows="too few to tell",
    remedy="more rows",
    says="too few rows to tell",
    suggests="`data.folds=5`, more rows",
    judge=judge,
)
