"""What makes a score a lie."""

import pytest

from litmus.evidence import Column, Estimate, FeatureLeak, GroupLeak, Twins
from litmus.verdict import Settings, judge

GOOD = [[190, 10], [12, 188]]
COLUMNS = tuple(Column(name=name, kind="number") for name in ("age", "income", "approved_at", "visits"))


def twins(**changes):
    given = {"split": "test", "exact": 120, "near": 0, "n": 400, "within_train": 0.2, "expected": 0.0}
    return Twins(**{**given, **changes})


def named(evidence, **more):
    return [one.name for one in judge(evidence, **more).findings if one.alarms]


def test_twins_across_the_split_veto_a_good_score(make):
    evidence = make["classes"](GOOD, data={"twins": (twins(score_with=0.99, score_without=0.8),)})
    verdict = judge(evidence)
    assert verdict.verdict == "inadequate"
    assert verdict.try_first.name == "train_test_leakage"
    assert verdict.try_first.overrides == ("data.dedupe=true",)
    assert "30 % of the 400 test rows have a twin in train" in verdict.findings[0].summary


@pytest.mark.parametrize(
    "natural",
    [twins(exact=120, expected=0.31), twins(exact=3), twins(exact=0), twins(exact=2, n=30, expected=0.02)],
)
def test_twins_that_chance_explains_or_that_cannot_move_a_score_are_silent(make, natural):
    assert named(make["classes"](GOOD, data={"twins": (natural,)})) == []


def test_many_twins_within_train_excuse_nothing(make):
    assert named(make["classes"](GOOD, data={"twins": (twins(within_train=0.6),)})) == ["train_test_leakage"]


def test_near_copies_are_not_cured_by_dropping_equal_rows(make):
    evidence = make["classes"](GOOD, data={"twins": (twins(exact=0, near=200),)})
    assert judge(evidence).findings[0].overrides == ()
    assert "after the split" in judge(evidence).findings[0].evidence["advice"]


def test_a_named_group_across_the_split_is_a_leak(make):
    leak = GroupLeak(column="customer id", split="test", shared=0.71, values=90, inferred=False)
    verdict = judge(make["classes"](GOOD, data={"groups": (leak,)}))
    assert verdict.verdict == "inadequate"
    assert verdict.try_first.overrides == ("data.split=group", "data.group=customer id")
    assert "71 % of the test rows share their customer id with train" in verdict.findings[0].summary


def test_an_inferred_group_is_a_leak_only_where_its_targets_are_alike(make):
    alike = GroupLeak(
        column="patient",
        split="test",
        shared=0.7,
        values=90,
        inferred=True,
        agreement=Estimate(value=0.5, low=0.4, high=0.6),
    )
    unlike = GroupLeak(
        column="ward",
        split="test",
        shared=0.9,
        values=9,
        inferred=True,
        agreement=Estimate(value=0.0, low=-0.1, high=0.1),
    )
    assert named(make["classes"](GOOD, data={"groups": (alike,)})) == ["train_test_leakage"]
    assert named(make["classes"](GOOD, data={"groups": (unlike,)})) == []


def leak(**changes):
    given = {"column": "approved_at", "score": 0.99, "next_best": 0.62, "without": 0.7, "full": 0.99}
    return FeatureLeak(**{**given, **changes})


def test_a_column_that_gives_the_answer_vetoes(make):
    evidence = make["classes"](
        GOOD, data={"leaks": (leak(),), "columns": COLUMNS}, config={"data.drop_columns": ["row id"]}
    )
    verdict = judge(evidence)
    assert verdict.verdict == "inadequate"
    assert verdict.try_first.overrides == ("data.drop_columns=[row id,approved_at]",)


@pytest.mark.parametrize(
    "fine",
    [
        (leak(score=0.9),),
        (leak(next_best=0.97),),
        (leak(without=0.97),),
        (leak(next_best=0.875, without=None),),
        (leak(column="a", next_best=0.985), leak(column="b", next_best=0.985)),
    ],
)
def test_strong_columns_among_their_like_are_no_leak(make, fine):
    assert named(make["classes"](GOOD, data={"leaks": fine, "columns": COLUMNS})) == []


def test_the_only_column_is_no_leak(make):
    data = {"leaks": (leak(next_best=0.0, without=0.0),), "columns": (Column(name="approved_at", kind="number"),)}
    assert named(make["numbers"](0.99, data=data)) == []


def test_an_id_that_says_something_is_a_leak_on_less_evidence(make):
    columns = (*COLUMNS[:3], Column(name="visits", kind="id"))
    data = {"leaks": (leak(column="visits", score=0.85, next_best=0.6, without=None),), "columns": columns}
    assert named(make["classes"](GOOD, data=data)) == ["target_leakage"]


def test_what_the_user_accepts_stays_visible_and_loses_its_vote(make):
    evidence = make["classes"](GOOD, data={"leaks": (leak(),), "columns": COLUMNS})
    verdict = judge(evidence, settings=Settings(accept=["target_leakage:approved_at"]))
    assert verdict.verdict == "adequate"
    assert [(one.name, one.accepted) for one in verdict.findings] == [("target_leakage", True)]
    assert judge(evidence, settings=Settings(accept=["target_leakage:age"])).verdict == "inadequate"


def test_a_perfect_column_on_a_handful_of_rows_proves_nothing(make):
    evidence = make["classes"]([[8, 0], [0, 8]], data={"leaks": (leak(score=1.0, without=None),), "columns": COLUMNS})
    assert "target_leakage" not in named(evidence)


def test_a_column_far_ahead_is_a_leak_where_no_model_was_tried_without_it(make):
    evidence = make["classes"](GOOD, data={"leaks": (leak(without=None),), "columns": COLUMNS})
    assert named(evidence) == ["target_leakage"]


def test_a_group_leak_is_not_hidden_by_a_few_twins(make):
    few = twins(exact=0, near=14, n=400, expected=0.005)
    alike = Estimate(value=0.5, low=0.4, high=0.6)
    group = GroupLeak(column="farm", split="test", shared=1.0, values=60, inferred=True, agreement=alike)
    verdict = judge(make["classes"](GOOD, data={"twins": (few,), "groups": (group,)}))
    assert verdict.try_first.overrides == ("data.split=group", "data.group=farm")


def number_leak(**changes):
    given = {"column": "age", "score": 0.955, "next_best": 0.0, "without": -0.1, "full": 0.965}
    return FeatureLeak(**{**given, **changes})


def test_one_quantity_that_physics_makes_decide_is_no_leak(make):
    assert named(make["numbers"](0.96, data={"columns": COLUMNS, "leaks": (number_leak(),)})) == []


def test_a_column_without_which_a_good_reference_errs_many_times_as_much_is_a_leak(make):
    sold = number_leak(score=0.998, next_best=0.6, without=0.9, full=0.992)
    assert named(make["numbers"](0.99, data={"columns": COLUMNS, "leaks": (sold,)})) == ["target_leakage"]
    kept = number_leak(score=0.998, next_best=0.6, without=0.985, full=0.992)
    assert named(make["numbers"](0.99, data={"columns": COLUMNS, "leaks": (kept,)})) == []


def test_what_gains_on_rows_known_by_heart_is_a_consequence_of_the_leak(make):
    tried = make["trial"]("lr_ladder", ("optimizer.lr=0.01",), gain=0.05, half=0.02)
    evidence = make["classes"](GOOD, data={"twins": (twins(),)}, trials=(tried,), references={"boosted_trees": 0.99})
    found = {one.name: one.consequence_of for one in judge(evidence).findings}
    assert found["train_test_leakage"] is None
    assert found["lr_too_low"] == "train_test_leakage"
