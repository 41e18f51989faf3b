"""Many labels look wrong."""

from litmus.evidence import Estimate, Evidence
from litmus.verdict import quantities
from litmus.verdict.context import Context, Judgement, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.family import p_above
from litmus.verdict.verdict import Severity
from litmus.verdict.wording import listing, name_from_data, percent

CLEAR_NOISE, CLEAR_WITHIN = 0.06, 0.1
"""Shares of wrong labels that must be certain for an alarm, of all rows and of those taken for one class. On 231
columns of two values in tables that packages ship 2 and 2 go beyond; of those with a fifth of all labels flipped, a
fifth."""
COARSE = 0.5
"""Share of rows with a duplicate by chance, from which equal rows with other labels are natural."""
MUCH_NOISE, MUCH_WITHIN = 0.1, 0.15
"""Shares of wrong labels that must be certain for an error, of all rows and of those taken for one class. With less,
natural overlap looks alike in some tables: of 79 columns as packages ship them 3 had an alarm, with bounds of .14."""
SOME_NOISE = 0.07
"""Share of wrong labels from which they are a warning."""


def judge(evidence: Evidence, _context: Context) -> Judgement:
    """Labels are contradicted where a reference is surest as often as elsewhere, as overlapping classes never are.

    Numbers are drawn from all targets, whatever a reference predicts for the row. No setting is suggested: label
    smoothing moved the scores of nine planted cases by .003 on average.
    """
    noise = evidence.data.noise
    judged = None if noise is None else noise.within or noise.share
    if noise is None or judged is None or noise.share.value is None or not quantities.labels_in_doubt(evidence):
        return None
    share, rows = noise.share.value, listing((str(row) for row in noise.rows), 10)
    whose = f"rows of class {name_from_data(noise.label)} look wrongly labelled" if noise.label else "labels look wrong"
    if quantities.is_regression(evidence):
        whose = "targets look like those of other rows"
    limits = (CLEAR_NOISE, MUCH_NOISE) if noise.within is None else (CLEAR_WITHIN, MUCH_WITHIN)
    return make_finding(
        "label_noise",
        _severity(evidence, judged, *limits),
        f"About {percent(judged.value)} of the {whose}; look at rows {rows}.",
        share=share,
        low=noise.share.low,
        rows=list(noise.rows[:10]),
        n=noise.n,
        label=noise.label,
        p_value=p_above(noise.share, 0.0),
    )


def _severity(evidence: Evidence, share: Estimate, clear: float, much: float) -> Severity:
    """An alarm where enough labels are surely wrong; none where many rows are alike, whose labels differ by nature."""
    coarse, sure = any(twins.expected >= COARSE for twins in evidence.data.twins), share.low or 0.0
    if coarse or sure < clear or (share.value or 0.0) <= SOME_NOISE:
        return "info"
    return "error" if sure >= much else "warning"


LABEL_NOISE = Diagnosis(
    name="label_noise",
    stage=70,
    about="data",
    headline="many labels look wrong",
    explains=("overfitting", "miscalibrated", "train_val_inconsistent", "class_imbalance", "bad_threshold"),
    leaves_doubt=True,
    remedy="correcting the labels of the rows listed",
    says="labels are contradicted where predictions are surest as often as elsewhere, or targets belong to other rows",
    suggests="look at them",
    judge=judge,
)
