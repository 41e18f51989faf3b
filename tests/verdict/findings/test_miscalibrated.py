"""The probabilities are off."""

from litmus.evidence import Calibration, Estimate
from litmus.verdict import judge

GOOD = [[190, 10], [12, 188]]


def test_probabilities_that_are_off_are_information(make):
    calibration = Calibration(
        ece=Estimate(value=0.15, low=0.12, high=0.18), slope=Estimate(value=0.4, low=0.3, high=0.5)
    )
    verdict = judge(make["classes"](GOOD, calibration=calibration))
    assert verdict.verdict == "adequate"
    assert [(one.name, one.severity) for one in verdict.findings] == [("miscalibrated", "info")]
    assert verdict.findings[0].overrides == ("task.calibrate=temperature",)
