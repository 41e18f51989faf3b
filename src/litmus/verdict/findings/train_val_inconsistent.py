"""The validation rows are easier than the training rows."""

from litmus.evidence import Evidence
from litmus.verdict import quantities
from litmus.verdict.context import Context, Judgement, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.wording import metric, points


def judge(evidence: Evidence, _context: Context) -> Judgement:
    """Val is better than train beyond noise with dropout off: the splits differ, not the model."""
    train, val = quantities.primary(evidence, "train"), quantities.primary(evidence, "val")
    if train.value is None or val.value is None or train.high is None or val.low is None:
        return None
    dropout = evidence.settings.model.dropout > 0
    if dropout or val.low - train.high < 0.01 or val.value - train.value < 0.05:
        return None
    name = evidence.task.primary
    return make_finding(
        "train_val_inconsistent",
        "warning" if val.low - train.high > 0.03 else "info",
        f"{metric(name).capitalize()} is {points(name, val.value)} on val, only {points(name, train.value)} on train.",
        train=train.value,
        val=val.value,
        train_high=train.high,
        val_low=val.low,
    )


TRAIN_VAL_INCONSISTENT = Diagnosis(
    name="train_val_inconsistent",
    stage=82,
    about="training",
    headline="the validation rows are easier than the training rows",
    symptom=True,
    leaves_doubt=True,
    of_rows="which are easier than the training rows",
    remedy="checking how the rows were split",
    says="val beats train by more than noise",
    suggests="look at the split",
    judge=judge,
)
