"""The probabilities are off."""

from litmus.evidence import Evidence
from litmus.verdict.context import Context, Judgement, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.overrides import assign
from litmus.verdict.wording import percent


def judge(evidence: Evidence, _context: Context) -> Judgement:
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
    return make_finding(
        "miscalibrated",
        "info",
        f"{text}{f'; the model is {lean}' if off else ''}.",
        overrides=(assign("task.calibrate", "temperature"),),
        ece=calibration.ece.value,
        ece_low=calibration.ece.low,
        slope=slope.value if slope else None,
    )


MISCALIBRATED = Diagnosis(
    name="miscalibrated",
    stage=84,
    about="training",
    headline="the probabilities are off",
    symptom=True,
    says="probabilities are off",
    suggests="`task.calibrate=temperature`",
    judge=judge,
)
