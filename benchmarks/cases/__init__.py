"""Healthy controls and planted faults."""

from cases.case import Case
from cases.data_faults import data_faults
from cases.faults import setting_faults
from cases.healthy import controls
from cases.third import third_cases
from cases.unseen_controls import unseen_controls
from cases.unseen_faults import unseen_setting_faults
from cases.unseen_rows import unseen_data_faults


def all_cases() -> list[Case]:
    """Every case, names unique."""
    cases = [*controls(), *setting_faults(), *data_faults()]
    cases += [*unseen_controls(), *unseen_setting_faults(), *unseen_data_faults(), *third_cases()]
    assert len({case.name for case in cases}) == len(cases)
    return cases
