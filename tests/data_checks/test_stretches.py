"""Persons that no column names."""

import numpy as np
import polars as pl
import pytest

from litmus.data_checks.stretches import stretches

RNG = np.random.default_rng(0)
PERSONS, EACH = 60, 5
PERSON = np.repeat(np.arange(PERSONS), EACH)
N = len(PERSON)
TRAITS = {name: RNG.integers(levels, size=PERSONS)[PERSON] for name, levels in (("sex", 2), ("town", 6), ("job", 9))}


def found(numbers=None, **columns):
    return stretches(pl.DataFrame({"x": RNG.normal(size=N), **columns}), np.arange(N) if numbers is None else numbers)


def apart(places):
    """Share of pairs of rows of one person that were parted."""
    return np.mean(places[1:][PERSON[1:] == PERSON[:-1]] != places[:-1][PERSON[1:] == PERSON[:-1]])


def test_a_clock_that_starts_again_tells_persons_apart():
    places = found(year=np.tile(np.arange(2001, 2001 + EACH), PERSONS))
    assert (places == PERSON).all()


def test_traits_that_change_together_tell_persons_apart():
    places = found(**TRAITS)
    assert apart(places) == 0
    assert places.max() + 1 > 0.8 * PERSONS


def test_the_file_order_counts_and_not_the_rows_at_hand():
    order = RNG.permutation(N)
    columns = {name: values[order] for name, values in TRAITS.items()}
    assert (found(numbers=order, **columns)[np.argsort(order)] == found(**TRAITS)).all()


@pytest.mark.parametrize("shuffled", [TRAITS, {"year": np.tile(np.arange(2001, 2001 + EACH), PERSONS)}, {}])
def test_a_file_in_no_order_has_none(shuffled):
    order = np.random.default_rng(1).permutation(N)
    assert found(**{name: values[order] for name, values in shuffled.items()}) is None


def test_stretches_that_a_column_names_are_none():
    names = np.array([f"P{RNG.integers(10**6)}" for _ in range(PERSONS)])[PERSON]
    assert found(**TRAITS, name=names) is None


def test_a_sorted_file_has_none():
    assert found(age=np.sort(RNG.integers(18, 60, size=N)), score=np.sort(RNG.integers(9, size=N))) is None


def test_larger_parts_of_a_file_and_a_setting_within_them_are_no_stretches():
    parts = np.repeat(RNG.permutation(12), N // 12)
    setting = np.repeat(RNG.integers(4, size=N // 5), 5)
    assert found(part=[f"P{part}" for part in parts], setting=setting) is None


def test_the_cells_of_a_crossed_design_are_no_persons():
    month, latitude = (np.repeat(np.arange(12), 4)[:, None], np.tile(np.arange(4), 12)[:, None])
    columns = {"month": month, "latitude": 10 * latitude, "hour": np.arange(8)[None]}
    cells = {name: np.broadcast_to(values, (48, 8)).ravel() for name, values in columns.items()}
    frame = pl.DataFrame(cells)
    assert stretches(frame, np.arange(len(frame))) is None
    some = np.sort(RNG.permutation(48)[:30])  # no design: many of its cells are missing
    part = frame.filter(pl.Series(np.isin(np.repeat(np.arange(48), 8), some)))
    assert stretches(part, np.arange(len(part))) is not None
