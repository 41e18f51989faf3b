"""The held-out half: cases written without sight of how a verdict is reached."""

from cases.case import Case
from cases.third.controls import third_controls
from cases.third.faults import third_setting_faults
from cases.third.leaks import third_leaks
from cases.third.rows import third_data_faults


def third_cases() -> list[Case]:
    """Every case of the held-out half."""
    return [*third_controls(), *third_setting_faults(), *third_leaks(), *third_data_faults()]
