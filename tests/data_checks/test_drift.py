"""New rows beside the training rows."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from litmus.data_checks.drift import Profile, compare, profile

COLUMNS = ["income", "age", "city", "day"]


def table(n, seed):
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "income": rng.gamma(3, 500, size=n),
            "age": rng.integers(18, 80, size=n),
            "city": rng.choice(["Bonn", "Graz", "Bern"], size=n, p=[0.5, 0.3, 0.2]),
            "day": [date(2020, 1, 1) + timedelta(days=int(d)) for d in rng.integers(0, 300, size=n)],
        }
    )


TRAIN = table(2000, 0)
KNOWN = profile(TRAIN, COLUMNS)


def test_rows_of_the_same_kind_are_silent():
    found = [compare(KNOWN, table(n, seed)) for n in (30, 100, 1000) for seed in range(1, 21)]
    assert all(not one.moved and not one.units and not one.unseen and not one.seen for one in found)


@pytest.mark.parametrize("factor", [10.0, 1000.0, 0.1])
def test_another_unit_is_told_from_a_shift(factor):
    found = compare(KNOWN, table(200, 1).with_columns(pl.col("income") * factor))
    assert found.units == {"income": factor}
    moved = compare(KNOWN, table(200, 1).with_columns(pl.col("age") + 25))
    assert moved.units == {}
    assert [one.column for one in moved.moved] == ["age"]


def test_unseen_levels_are_counted_and_dates_are_exempt():
    later = table(100, 1).with_columns(pl.col("city").str.replace("Bonn", "Köln"), pl.col("day") + timedelta(days=3000))
    found = compare(KNOWN, later)
    assert set(found.unseen) == {"city"}
    assert 0.3 < found.unseen["city"] < 0.7
    assert [one.column for one in found.moved] == ["city"]


def test_levels_under_other_names_are_told_from_levels_that_moved():
    answers = np.random.default_rng(3).choice(["no", "yes"], size=2300, p=[0.9, 0.1])
    known = profile(pl.DataFrame({"dmi": answers[:2000]}), ["dmi"])
    new = pl.DataFrame({"dmi": answers[2000:]})
    swapped = new.with_columns(pl.col("dmi").replace({"no": "yes", "yes": "no"}))
    assert compare(known, new).renamed == ()
    assert compare(known, swapped).renamed == ("dmi",)
    assert compare(known, new.with_columns(pl.col("dmi").str.replace("yes", "Y"))).renamed == ("dmi",)
    half = pl.DataFrame({"dmi": np.random.default_rng(4).choice(["no", "yes"], size=300)})
    assert compare(known, half).renamed == ()


def test_a_new_level_beside_all_others_has_replaced_none():
    grown = table(300, 1).with_columns(city=pl.Series(["Köln"] * 60 + table(300, 1)["city"].to_list()[60:]))
    assert compare(KNOWN, grown).renamed == ()


def test_rows_that_were_trained_on_are_counted():
    new = pl.concat([table(90, 1), TRAIN[:10]])
    assert compare(KNOWN, new).seen == 10


def test_few_rows_are_not_compared():
    assert compare(KNOWN, table(29, 1).with_columns(pl.col("income") * 1000)) is None


def test_empty_columns_and_columns_of_one_value_do_no_harm():
    odd = table(100, 1).with_columns(pl.lit(None, dtype=pl.Float64).alias("income"), pl.lit(40).alias("age"))
    assert [one.column for one in compare(KNOWN, odd).moved] == ["age"]
    assert compare(profile(odd, COLUMNS), TRAIN).moved[0].column == "age"


def test_a_profile_survives_its_state():
    assert Profile.restore(KNOWN.state()) == KNOWN
