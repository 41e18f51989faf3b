"""Rows or groups are on both sides of the split, so that the score is too good."""

from dataclasses import replace

import pytest

from litmus.evidence import Column, Estimate, FeatureLeak, GroupLeak, HonestSplit, LabelNoise, Score, Twins
from litmus.verdict import Settings, judge

GOOD = [[190, 10], [12, 188]]


def twins(**changes):
    given = {"split": "test", "exact": 120, "near": 0, "n": 400, "within_train": 0.2, "expected": 0.0}
    return Twins(**{**given, **changes})


def test_twins_across_the_split_veto_a_good_score(make):
    evidence = make["classes"](GOOD, data={"twins": (twins(score_with=0.99, score_without=0.8),)})
    verdict = judge(evidence)
    assert verdict.verdict == "inadequate"
    assert verdict.try_first.name == "train_test_leakage"
    assert verdict.try_first.overrides == ("data.dedupe=true",)
    assert "30 % of the 400 test rows have a duplicate in train" in verdict.findings[0].summary


def named(evidence, **more):
    return [one.name for one in judge(evidence, **more).findings if one.alarms]


@pytest.mark.parametrize(
    "natural",
    [twins(exact=120, expected=0.31), twins(exact=3), twins(exact=0), twins(exact=2, n=30, expected=0.02)],
)
def test_twins_that_chance_explains_or_that_cannot_move_a_score_are_silent(make, natural):
    assert named(make["classes"](GOOD, data={"twins": (natural,)})) == []


@pytest.mark.parametrize(("other", "alarms"), [(0.6, []), (0.9, ["train_test_leakage"])])
def test_a_few_duplicates_must_flatter_on_both_held_out_splits(make, other, alarms):
    few = twins(exact=36, expected=0.045, score_with=0.9, score_without=0.6)
    both = (few, replace(few, split="val", score_with=other))
    assert named(make["classes"](GOOD, data={"twins": both})) == alarms


@pytest.mark.parametrize(("same", "alarms"), [(0.2, []), (0.9, ["train_test_leakage"]), (None, ["train_test_leakage"])])
def test_equal_inputs_with_other_targets_are_no_copies(make, same, alarms):
    found = twins(same_target=same, score_with=0.9, score_without=0.8)
    assert named(make["classes"](GOOD, data={"twins": (found,)})) == alarms


def test_many_twins_within_train_excuse_nothing(make):
    assert named(make["classes"](GOOD, data={"twins": (twins(within_train=0.6),)})) == ["train_test_leakage"]


def test_a_group_that_near_duplicates_come_from_is_what_to_keep_apart(make):
    leak = GroupLeak(column="customer id", split="test", shared=0.71, values=90, inferred=False)
    near = twins(exact=0, near=200)
    first = judge(make["classes"](GOOD, data={"twins": (near,), "groups": (leak,)})).findings[0]
    assert first.overrides == ("data.split=group", "data.group=customer id")
    copies = judge(make["classes"](GOOD, data={"twins": (twins(),), "groups": (leak,)})).findings[0]
    assert copies.overrides == ("data.dedupe=true",)


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


def leak(**changes):
    given = {"column": "approved_at", "score": 0.99, "next_best": 0.62, "without": 0.7, "full": 0.99}
    return FeatureLeak(**{**given, **changes})


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


def test_a_group_leak_is_not_hidden_by_a_few_twins(make):
    few = twins(exact=0, near=14, n=400, expected=0.005)
    alike = Estimate(value=0.5, low=0.4, high=0.6)
    group = GroupLeak(column="farm", split="test", shared=1.0, values=60, inferred=True, agreement=alike)
    verdict = judge(make["classes"](GOOD, data={"twins": (few,), "groups": (group,)}))
    assert verdict.try_first.overrides == ("data.split=group", "data.group=farm")


def test_what_gains_on_rows_known_by_heart_is_a_consequence_of_the_leak(make):
    tried = make["trial"]("lr_ladder", ("optimizer.lr=0.01",), gain=0.05, half=0.02)
    evidence = make["classes"](GOOD, data={"twins": (twins(),)}, trials=(tried,), references={"boosted_trees": 0.99})
    found = {one.name: one.consequence_of for one in judge(evidence).findings}
    assert found["train_test_leakage"] is None
    assert found["lr_too_low"] == "train_test_leakage"


def honest(kind="group", column="customer", lost=0.2, **changes):
    given = {"groups": 90, "by_chance": 0.9, "honest": 0.9 - lost}
    return HonestSplit(
        kind=kind, column=column, lost=Estimate(value=lost, low=lost - 0.02, high=lost + 0.02), **{**given, **changes}
    )


def shared(**changes):
    given = {"column": "customer", "split": "test", "shared": 0.8, "values": 90, "inferred": True}
    agreement = Estimate(value=0.5, low=0.4, high=0.6)
    return GroupLeak(**{**given, "agreement": agreement, **changes})


def severities(make, **data):
    verdict = judge(make["classes"]([[190, 10], [12, 188]], data=data))
    return [one.severity for one in verdict.findings if one.name == "train_test_leakage"]


@pytest.mark.parametrize("inferred", [True, False])
def test_a_shared_id_is_an_error_only_where_an_honest_split_scores_lower(make, inferred):
    leak = shared(inferred=inferred)
    assert severities(make, groups=(leak,), honest=(honest(),)) == ["error"]
    assert severities(make, groups=(leak,), honest=(honest(lost=0.01),)) == ["info"]


def test_a_shared_id_flatters_no_score_that_shows_no_signal(make):
    leak = shared()
    evidence = make["classes"](
        [[101, 99], [99, 101]],
        references={"boosted_trees": 0.5},
        data={"groups": (leak,), "honest": (honest(lost=0.06, by_chance=0.56, honest=0.5),)},
    )
    verdict = judge(evidence)
    assert [one.name for one in verdict.findings if one.alarms] == ["no_better_than_baseline"]


@pytest.mark.parametrize(
    ("by_chance", "alike", "severity"), [(0.65, 0.9, "error"), (0.9, 0.9, "info"), (0.65, 0.4, "info")]
)
def test_a_trial_with_a_weak_reference_does_not_acquit_groups_of_one_target(make, by_chance, alike, severity):
    leak = shared(agreement=Estimate(value=alike, low=alike - 0.05, high=alike + 0.05))
    tried = honest(lost=0.01, by_chance=by_chance, honest=by_chance - 0.01)
    evidence = make["classes"](
        [[190, 10], [12, 188]],
        data={"groups": (leak,), "honest": (tried,)},
        references={"linear": 0.65, "boosted_trees": 0.94},
    )
    found = [one.severity for one in judge(evidence).findings if one.name == "train_test_leakage"]
    assert found == [severity]


def test_the_finding_names_both_scores(make):
    evidence = make["classes"]([[190, 10], [12, 188]], data={"groups": (shared(),), "honest": (honest(),)})
    assert "90 % by chance, 70 % with whole groups apart" in judge(evidence).findings[0].summary


@pytest.mark.parametrize(
    ("kind", "column", "overrides"),
    [
        ("near", "", ()),
        ("stretch", "", ()),
        ("block", "", ("data.split=time",)),
        ("time", "day", ("data.split=time", "data.time=day")),
    ],
)
def test_rows_that_know_each_other_without_an_id_are_an_error_where_it_flatters(make, kind, column, overrides):
    found = honest(kind=kind, column=column)
    verdict = judge(make["classes"]([[190, 10], [12, 188]], data={"honest": (found,)}))
    assert verdict.verdict == "inadequate"
    assert verdict.findings[0].overrides == overrides
    assert severities(make, honest=(honest(kind=kind, column=column, lost=0.03),)) == []


def test_whether_a_panel_is_predicted_for_new_units_is_asked_where_they_are_harder(make):
    panel = shared(column="state", moment="year")
    evidence = make["classes"]([[190, 10], [12, 188]], data={"groups": (panel,), "honest": (honest(column="state"),)})
    verdict = judge(evidence)
    assert verdict.verdict == "undetermined"
    assert verdict.findings[0].choices == (
        ("data.split=group", "data.group=state"),
        ("verdict.accept=[train_test_leakage:state]",),
    )
    assert "comes back once for each year" in verdict.summary
    accepted = Settings(accept=["train_test_leakage:state"])
    assert judge(evidence, settings=accepted).verdict == "adequate"
    assert severities(make, groups=(panel,), honest=(honest(column="state", lost=0.05),)) == []
    assert severities(make, groups=(panel,), honest=(honest(column="state", lost=0.08),)) == ["question"]
    assert severities(make, groups=(panel,)) == []


def test_what_rows_belong_to_by_their_numbers_is_asked_about_as_a_panel_is(make):
    places = shared(column="site", own=("north", "east", "height"))
    verdict = judge(make["classes"](GOOD, data={"groups": (places,), "honest": (honest(column="site"),)}))
    assert verdict.verdict == "undetermined"
    assert "Each site comes back with much the same north, east, height: a reference" in verdict.summary
    assert severities(make, groups=(places,), honest=(honest(column="site", lost=0.03),)) == []


def test_whether_a_file_without_dates_is_in_the_order_of_time_is_asked(make):
    later = honest(kind="time", column="", lost=0.4)
    verdict = judge(make["classes"]([[190, 10], [12, 188]], data={"honest": (later,)}))
    (finding,) = [one for one in verdict.findings if one.alarms]
    assert verdict.verdict == "undetermined"
    assert (finding.severity, finding.choices[0]) == ("question", ("data.split=time",))
    accepted = Settings(accept=["train_test_leakage"])
    evidence = make["classes"]([[190, 10], [12, 188]], data={"honest": (later,)})
    assert judge(evidence, settings=accepted).verdict == "adequate"
    blocks = honest(kind="block", column="", lost=0.2)
    assert severities(make, honest=(later, blocks)) == ["error"]


def test_whether_later_years_are_predicted_is_asked(make):
    later = honest(kind="time", column="year", lost=0.4)
    year = Column(name="year", kind="number")
    verdict = judge(make["classes"]([[190, 10], [12, 188]], data={"honest": (later,), "columns": (year,)}))
    assert verdict.verdict == "undetermined"
    assert verdict.findings[0].choices == (
        ("data.split=time", "data.time=year"),
        ("verdict.accept=[train_test_leakage:year]",),
    )
    assert "do you predict only for values of year that the file covers?" in verdict.summary


def test_a_score_that_is_lower_on_later_rows_is_in_doubt(make):
    later = honest(kind="time", column="day", lost=0.15)
    assert judge(make["classes"]([[190, 10], [12, 188]], data={"honest": (later,)})).verdict == "undetermined"


def test_a_little_less_on_later_rows_is_no_leak(make):
    assert severities(make, honest=(honest(kind="time", column="day", lost=0.15),)) == ["warning"]
    assert severities(make, honest=(honest(kind="time", column="day", lost=0.08),)) == []
    assert severities(make, honest=(honest(kind="block", lost=0.08),)) == []
    assert severities(make, honest=(honest(kind="near", lost=0.08),)) == ["error"]


def test_equal_rows_that_flatter_no_reference_are_alike_by_nature(make):
    many = twins(expected=0.11)
    assert severities(make, twins=(many,)) == ["error"]
    assert severities(make, twins=(many,), honest=(honest(kind="copy", lost=0.01),)) == ["info"]
    assert severities(make, twins=(many,), honest=(honest(kind="copy", lost=0.2),)) == ["error"]


def test_equal_rows_that_are_predicted_better_are_not_acquitted_by_a_reference_that_knows_little(make):
    many = replace(twins(expected=0.11), score_with=0.95, score_without=0.7)
    tried = honest(kind="copy", lost=0.03)
    weak = replace(tried, by_chance=0.6, honest=0.57)
    assert severities(make, twins=(many,), honest=(tried,)) == ["info"]
    assert severities(make, twins=(many,), honest=(weak,)) == ["error"]
    alike = replace(many, score_with=0.9, score_without=0.9)
    assert severities(make, twins=(alike,), honest=(weak,)) == ["info"]


def test_twins_of_coarse_columns_are_no_leak_unless_they_flatter(make):
    coarse = {"split": "test", "exact": 380, "near": 0, "n": 400, "within_train": 0.9, "expected": 0.86}
    assert severities(make, twins=(Twins(**coarse),)) == ["info"]
    assert severities(make, twins=(Twins(**coarse, score_with=0.95, score_without=0.9),)) == ["info"]
    assert severities(make, twins=(Twins(**coarse, score_with=0.95, score_without=0.7),)) == ["error"]


def test_many_near_rows_are_no_leak_where_they_are_predicted_no_better(make):
    near = {"split": "test", "exact": 10, "near": 60, "n": 400, "within_train": 0.1, "expected": 0.02}
    assert severities(make, twins=(Twins(**near, score_with=0.8, score_without=0.82),)) == ["info"]
    assert severities(make, twins=(Twins(**near, score_with=0.84, score_without=0.82),)) == ["info"]
    assert severities(make, twins=(Twins(**near, score_with=0.94, score_without=0.82),)) == ["error"]
    assert severities(make, twins=(Twins(**near),)) == ["error"]


def test_many_near_rows_on_which_everything_is_right_as_on_all_others_are_no_leak(make):
    near = {"split": "test", "exact": 0, "near": 90, "n": 400, "within_train": 0.0, "expected": 0.005}
    assert severities(make, twins=(Twins(**near, score_with=0.9999, score_without=0.9998),)) == ["info"]


@pytest.mark.parametrize(
    ("rest", "lost", "severity"), [(0.943, 0.004, "info"), (0.9, 0.004, "error"), (0.943, 0.02, "error")]
)
def test_copies_that_add_nothing_to_any_score_are_no_leak(make, rest, lost, severity):
    copies = replace(twins(), score_without=rest)  # the score on all rows is .945
    assert severities(make, twins=(copies,), honest=(honest(kind="copy", lost=lost),)) == [severity]


def test_a_difference_that_few_twins_show_by_luck_is_no_leak(make):
    few = {"split": "test", "exact": 40, "near": 0, "n": 500, "within_train": 0.1, "expected": 0.02}
    assert severities(make, twins=(Twins(**few, score_with=0.7, score_without=0.6),)) == ["info"]
    assert severities(make, twins=(Twins(**few),)) == ["info"]


def test_near_rows_do_not_flatter_a_model_that_has_not_learnt_its_training_rows(make):
    near = {"split": "test", "exact": 0, "near": 11, "n": 101, "within_train": 0.1, "expected": 0.0}
    found = make["numbers"](0.3, data={"twins": (Twins(**near, score_with=0.66, score_without=0.31),)})
    learnt = replace(found, scores={**found.scores, "train": {"r2": Score(value=0.99)}})
    assert [
        one.severity
        for evidence in (found, learnt)
        for one in judge(evidence).findings
        if one.name == "train_test_leakage"
    ] == [
        "info",
        "error",
    ]


def test_a_few_twins_that_hardly_flatter_are_no_leak(make):
    few = {"split": "test", "exact": 34, "near": 0, "n": 400, "within_train": 0.1, "expected": 0.01}
    assert severities(make, twins=(Twins(**few, score_with=0.96, score_without=0.95),)) == ["info"]
    assert severities(make, twins=(Twins(**few, score_with=0.98, score_without=0.9),)) == ["error"]


def test_labels_that_look_wrong_beside_copies_are_a_consequence_of_them(make):
    noise = LabelNoise(share=Estimate(value=0.2, low=0.15, high=0.25), n=400)
    found = judge(make["classes"](GOOD, data={"twins": (twins(),), "noise": noise})).findings
    assert {one.name: one.consequence_of for one in found if one.alarms} == {
        "train_test_leakage": None,
        "label_noise": "train_test_leakage",
    }


@pytest.mark.parametrize(("level", "cause"), [(0.96, None), (0.76, "train_test_leakage")])
def test_a_lead_beyond_what_copies_can_give_has_another_cause(make, level, cause):
    evidence = make["classes"](
        [[140, 60], [60, 140]],
        references={"linear": 0.6, "boosted_trees": level},
        config={"model.hidden": [2]},
        data={"twins": (twins(exact=60, same_target=1.0),)},
    )
    found = {one.name: one for one in judge(evidence).findings}
    assert found["train_test_leakage"].severity == "error"
    assert found["underfitting"].consequence_of == cause
