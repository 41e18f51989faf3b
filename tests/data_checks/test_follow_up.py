"""How long rows were followed until an event."""

import numpy as np
import pytest

from litmus.data_checks.follow_up import follow_up_times
from litmus.data_checks.leaks import Feature
from litmus.task.spec import DataSpec

DAYS = np.random.default_rng(0).integers(0, 900, 200).astype(float)


def times(target, columns, classes=("0", "1")):
    kind = "binary" if classes else "regression"
    spec = DataSpec(task=kind, input="table", in_shape=(len(columns),), target=target, classes=classes)
    return follow_up_times(
        spec, [Feature(name=name, train=values, val=values, ordered=True) for name, values in columns.items()]
    )


@pytest.mark.parametrize("target", ["death", "DEATH_EVENT", "status", "cens", "died"])
@pytest.mark.parametrize("name", ["time", "futime", "follow.up", "TIME1", "survival_months", "days"])
def test_the_time_until_an_event_is_known_by_its_name(target, name):
    assert times(target, {name: DAYS, "age": DAYS}) == (name,)


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("srvstat", "srv"),
        ("fstat", "lenfol"),
        ("fail", "duration"),
        ("rec.s", "rec"),
        ("prstat", "prtime"),
        ("relapse_event", "relapse"),
    ],
)
def test_the_time_until_an_event_may_be_called_as_the_event_is(target, name):
    assert times(target, {name: DAYS, "age": DAYS, "sr": DAYS}) == (name,)


@pytest.mark.parametrize(
    ("target", "columns"),
    [
        ("estate", {"e": DAYS}),
        ("default", {"months": DAYS}),
        ("death", {"time": DAYS - 400}),
        ("death", {"time": DAYS % 5}),
        ("death", {"lifetime_value": DAYS, "age": DAYS}),
        ("eventual_class", {"time": DAYS}),
    ],
)
def test_other_targets_and_columns_are_left_alone(target, columns):
    assert times(target, columns) == ()


def test_a_number_is_no_event():
    assert times("death", {"time": DAYS}, classes=()) == ()
