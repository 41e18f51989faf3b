import numpy as np
import polars as pl
import pytest

from litmus.data.rows import Origin, Rows
from litmus.data_checks.groups import group_leaks, looks_like_entity, target_agreement

RNG = np.random.default_rng(0)
N = 600
CUSTOMER = RNG.integers(150, size=N)
EFFECT = RNG.normal(size=150)


def rows(group=None, **columns):
    return Rows(
        inputs=pl.DataFrame(columns),
        target=None,
        numbers=np.arange(N),
        origin=Origin(path="x", sha256="0", rows=N),
        group=group,
    )


SPLIT = {"train": np.arange(400), "val": np.arange(400, 500), "test": np.arange(500, 600)}


def leaks(table, target=None, kinds=None):
    target = (RNG.random(N) < 0.5).astype(float) if target is None else target
    return group_leaks(table, target, SPLIT, kinds=kinds or {}, classified=len(np.unique(target)) < 10)


@pytest.mark.parametrize(
    "name", ["customer_id", "CustomerID", "customerId", "customer", "patient no", "user", "subject-key", "session_id"]
)
def test_names_of_people_and_things_are_known(name):
    assert looks_like_entity(name)


@pytest.mark.parametrize(
    "name", ["age", "customer_age", "city", "paid", "identity", "user_rating", "width", "no", "humid"]
)
def test_other_names_are_not(name):
    assert not looks_like_entity(name)


def test_a_repeated_customer_is_inferred_with_what_is_shared():
    found = leaks(rows(customer_id=[f"C{c}" for c in CUSTOMER], x=RNG.normal(size=N)))
    assert [(leak.column, leak.split, leak.inferred) for leak in found] == [
        ("customer_id", "val", True),
        ("customer_id", "test", True),
    ]
    known = set(CUSTOMER[:400])
    assert found[0].shared == pytest.approx(np.mean([c in known for c in CUSTOMER[400:500]]))
    assert found[0].values == len(set(CUSTOMER))


def test_agreement_shows_where_targets_hang_on_the_group_and_only_there():
    alike = (EFFECT[CUSTOMER] + 0.3 * RNG.normal(size=N) > 0).astype(float)
    assert leaks(rows(customer_id=CUSTOMER), alike)[0].agreement.low > 0.3
    assert leaks(rows(customer_id=CUSTOMER))[0].agreement.low <= 0
    numbers = EFFECT[CUSTOMER] + 0.5 * RNG.normal(size=N)
    assert leaks(rows(customer_id=CUSTOMER), numbers)[0].agreement.value > 0.5


def test_agreement_of_random_groups_covers_nothing():
    lows = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        found = target_agreement(rng.integers(80, size=300), (rng.random(300) < 0.4).astype(float), classified=True)
        lows.append(found.low <= 0 <= found.high)
    assert np.mean(lows) >= 0.9


def test_a_kind_of_identifier_is_a_group_whatever_its_name():
    assert leaks(rows(tag=[f"t{c}" for c in CUSTOMER]), kinds={"tag": "id"})
    assert not leaks(rows(tag=[f"t{c}" for c in CUSTOMER]), kinds={"tag": "category"})


@pytest.mark.parametrize(
    "column",
    [
        {"customer_id": np.arange(N)},
        {"customer": RNG.integers(4, size=N)},
        {"age": RNG.integers(18, 90, N)},
        {"user": np.where(RNG.random(N) < 0.5, 0, np.arange(N))},
    ],
    ids=["never repeated", "a category", "a number", "one value for half of the rows"],
)
def test_healthy_columns_are_no_groups(column):
    assert leaks(rows(**column)) == ()


def test_the_named_group_is_looked_at_first_and_missing_cells_share_nothing():
    held = pl.Series("household", [str(c) if c % 2 else None for c in CUSTOMER])
    found = leaks(rows(group=held, x=RNG.normal(size=N)))
    assert found[0].column == "household"
    assert not found[0].inferred
    assert found[0].shared < 0.6


def test_groups_that_are_split_apart_leak_nothing():
    whole = np.concatenate(
        [np.repeat(np.arange(100), 4), 500 + np.repeat(np.arange(50), 2), 900 + np.repeat(np.arange(50), 2)]
    )
    assert leaks(rows(customer_id=whole)) == ()


def test_target_agreement_needs_repeated_values():
    assert target_agreement(np.arange(50), np.ones(50), classified=True) is None
    assert target_agreement(np.zeros(50, dtype=int), np.ones(50), classified=True) is None


def test_a_column_whose_values_decide_what_is_measured_is_a_group_whatever_its_name():
    rng = np.random.default_rng(4)
    where = rng.integers(40, size=600)
    own, level = rng.normal(size=(40, 4)), rng.normal(size=40)
    measured = own[where] + rng.normal(scale=0.1, size=(600, 4))
    columns = {f"m{j}": measured[:, j] for j in range(4)} | {"free": rng.normal(size=600)}
    frame = {"spot": [f"S{one:02d}" for one in where], **columns}
    kinds = {"spot": "category", **dict.fromkeys(columns, "number")}
    target = level[where] + rng.normal(scale=0.2, size=600)
    found = group_leaks(rows(**frame), target, SPLIT, kinds=kinds, classified=False)
    assert {leak.column for leak in found} == {"spot"}
    coded = frame | {"spot": where + 4100.0}
    found = group_leaks(rows(**coded), target, SPLIT, kinds=kinds | {"spot": "number"}, classified=False)
    assert {leak.column for leak in found} == {"spot"}
    assert found[0].agreement.low > 0.05
    loose = frame | {name: rng.normal(size=600) for name in columns}
    assert group_leaks(rows(**loose), target, SPLIT, kinds=kinds, classified=False) == ()


ORDER = RNG.permutation(N)
YEARS = np.tile(np.arange(1990, 2005), 40)[ORDER]
CODES = np.repeat(np.arange(40), 15)[ORDER]
STATES = [f"S{code}" for code in CODES]


def units(**columns):
    return [(leak.column, leak.moment) for leak in leaks(rows(**columns)) if leak.split == "test"]


def test_a_unit_that_is_observed_once_at_each_moment_is_a_group():
    assert units(state=STATES, year=YEARS) == [("state", "year")]
    assert units(state=STATES, wave=YEARS) == [("state", "wave")]
    kept = pl.Series("state", STATES).replace({f"S{j}": f"S{j + 20}" for j in range(20)})  # twice at each moment
    assert units(state=kept, year=YEARS) == []


def test_numbers_are_units_only_over_time_and_months_never():
    assert units(code=CODES, year=YEARS) == [("code", "year")]
    assert units(code=CODES, dose=YEARS) == []
    assert units(month=[f"M{j}" for j in CODES], year=YEARS) == []


def test_a_unit_whose_other_numbers_stay_the_same_is_of_a_panel_too():
    traits = {f"trait_{j}": RNG.normal(size=40)[CODES] for j in range(3)}
    kinds = dict.fromkeys(traits, "number")
    for name, when, moment in (("year", YEARS, "year"), ("dose", RNG.permutation(N), None)):
        found = leaks(rows(code=CODES, **{name: when}, **traits), kinds=kinds)
        assert {(leak.column, leak.moment) for leak in found} == {("code", moment)}


def test_what_three_numbers_never_differ_within_is_what_rows_belong_to():
    site = RNG.integers(40, size=N)
    own = {name: RNG.normal(size=40)[site] for name in ("north", "east", "height")}
    measured = {f"metal {j}": RNG.normal(size=N) for j in range(8)}

    def owners(**columns):
        found = leaks(rows(**columns), kinds=dict.fromkeys(columns, "number"))
        return {(leak.column, leak.own) for leak in found}

    assert owners(site=site, **own, **measured) == {("site", ("north", "east", "height"))}
    assert owners(site=site, north=own["north"], east=own["east"], **measured) == set()
    assert owners(size=site, log=np.log1p(site), square=site**2, cube=site**3, **measured) == set()


def test_the_units_of_a_panel_whose_column_is_an_identifier_have_their_moment():
    found = leaks(rows(code=CODES, year=YEARS), kinds={"code": "id"})
    assert {(leak.column, leak.moment) for leak in found} == {("code", "year")}
    assert {leak.moment for leak in leaks(rows(patient=CODES, year=YEARS), kinds={"patient": "id"})} == {None}


def test_an_identifier_of_places_is_known_by_their_numbers_and_one_of_persons_by_its_name():
    own = {name: RNG.normal(size=40)[CODES] for name in ("north", "east", "height")}
    columns = {**own, **{f"metal {j}": RNG.normal(size=N) for j in range(8)}}
    kinds = {**dict.fromkeys(columns, "number"), "townid": "id", "person_id": "id"}
    for name, known_by in (("townid", ("north", "east", "height")), ("person_id", ())):
        assert {leak.own for leak in leaks(rows(**{name: CODES}, **columns), kinds=kinds)} == {known_by}
    assert {leak.own for leak in leaks(rows(townid=CODES), kinds=kinds)} == {()}


def test_what_the_target_never_differs_within_is_a_group_whatever_its_name():
    person = RNG.permutation(np.repeat(np.arange(150), 4))
    income, seen = RNG.normal(size=150)[person], RNG.normal(size=N)

    def deciding(target, **columns):
        return {(leak.column, leak.own) for leak in leaks(rows(**columns, seen=seen), target)}

    assert deciding(income, nr_of_questionnaire=person) == {("nr_of_questionnaire", ("target",))}
    assert deciding((income > 0) * 1.0, nr_of_questionnaire=person) == {("nr_of_questionnaire", ("target",))}
    assert deciding(income + 0.5 * seen, nr_of_questionnaire=person) == set()  # it differs from row to row
    assert deciding(person**2.0, years_of_work=person) == set()  # a number that the target is made from
    assert deciding(income, rating=person % 5) == set()
