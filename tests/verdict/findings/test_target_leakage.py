"""A column gives the answer away."""

from dataclasses import replace

import pytest

from litmus.evidence import ClassLeak, Column, FeatureLeak, FollowUp, JointLeak, RowFormula
from litmus.verdict import Settings, judge

GOOD = [[190, 10], [12, 188]]


COLUMNS = tuple(Column(name=name, kind="number") for name in ("age", "income", "approved_at", "visits"))


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


def named(evidence, **more):
    return [one.name for one in judge(evidence, **more).findings if one.alarms]


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


def test_the_same_on_all_rows_out_of_fold_proves_it(make):
    found = leak(score=1.0, without=None, rows=400)
    evidence = make["classes"]([[8, 0], [0, 8]], data={"leaks": (found,), "columns": COLUMNS})
    assert "target_leakage" in named(evidence)


def test_a_column_far_ahead_is_a_leak_where_no_model_was_tried_without_it(make):
    evidence = make["classes"](GOOD, data={"leaks": (leak(without=None),), "columns": COLUMNS})
    assert named(evidence) == ["target_leakage"]


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


def joint(**changes):
    given = {"columns": ("age", "income"), "product": False, "score": 0.99, "alone": 0.3, "without": 0.4, "full": 0.97}
    return JointLeak(**{**given, **changes})


def test_columns_that_give_the_answer_together_are_asked_about_with_both_answers(make):
    evidence = make["numbers"](0.97, data={"joint_leak": joint(), "columns": COLUMNS})
    verdict = judge(evidence)
    (finding,) = [one for one in verdict.findings if one.alarms]
    assert verdict.verdict == "undetermined"
    assert finding.severity == "question"
    assert finding.choices == (
        ("data.drop_columns=[age,income]",),
        ("verdict.accept=[target_leakage:age,target_leakage:income]",),
    )
    assert "known when you predict?" in verdict.summary
    accepted = Settings(accept=["target_leakage:age", "target_leakage:income"])
    assert judge(evidence, settings=accepted).verdict == "adequate"


def test_an_identity_is_an_error(make):
    evidence = make["numbers"](0.97, data={"joint_leak": joint(score=1.0), "columns": COLUMNS})
    assert judge(evidence).try_first.overrides == ("data.drop_columns=[age,income]",)


def test_columns_that_cancel_each_other_and_give_the_target_are_an_error(make):
    evidence = make["numbers"](0.97, data={"joint_leak": joint(opposed=True, alone=0.1), "columns": COLUMNS})
    verdict = judge(evidence)
    assert verdict.verdict == "inadequate"
    assert (
        "difference of age, income: explained variation 99 %, the best of them alone has 10 %"
        in verdict.findings[0].summary
    )


def test_logarithms_of_parts_are_called_so(make):
    leak = joint(opposed=True, alone=0.1, exponential=True)
    verdict = judge(make["numbers"](0.97, data={"joint_leak": leak, "columns": COLUMNS}))
    assert "a weighted sum or difference of what are logarithms in age, income" in verdict.findings[0].summary


def test_columns_that_cancel_each_other_and_give_a_class_are_asked_about(make):
    leak = joint(score=0.96, full=0.9, without=0.5, opposed=True, alone=0.5)
    verdict = judge(make["classes"]([[90, 10], [10, 90]], data={"joint_leak": leak, "columns": COLUMNS}))
    (finding,) = [one for one in verdict.findings if one.name == "target_leakage"]
    assert finding.severity == "question"


@pytest.mark.parametrize(
    ("columns", "begins"),
    [
        (("age", "income"), "Whether age, income hold the same number gives balanced accuracy 96 %; without them"),
        (("age", "income", "x0"), "Whether two of age, income, x0 hold the same number gives"),
    ],
)
def test_a_question_of_columns_that_are_equal_says_so(make, columns, begins):
    leak = joint(columns=columns, equal=True, score=0.96, alone=0.6, full=0.9, without=0.5)
    verdict = judge(make["classes"]([[90, 10], [10, 90]], data={"joint_leak": leak, "columns": COLUMNS}))
    (finding,) = [one for one in verdict.findings if one.name == "target_leakage"]
    assert finding.summary.startswith(begins)
    assert finding.choices[0] == (f"data.drop_columns=[{','.join(columns)}]",)


def test_a_formula_without_which_the_rest_does_as_well_is_not_asked_about(make):
    data = {"joint_leak": joint(without=0.97), "columns": COLUMNS}
    assert named(make["numbers"](0.97, data=data)) == []


def test_answers_of_before_count_and_are_not_asked_again(make):
    answers = {f"target_leakage:{column}": "accepted" for column in ("age", "income")}
    data = {"joint_leak": joint(), "columns": COLUMNS}
    assert judge(make["numbers"](0.97, data=data, answers=answers)).verdict == "adequate"
    dropped = dict.fromkeys(answers, "dropped")
    assert judge(make["numbers"](0.97, data=data, answers=dropped)).verdict == "inadequate"


def test_a_strong_column_that_most_of_the_gain_rests_on_is_asked_about(make):
    one = leak(score=0.96, next_best=0.55, without=0.78, full=0.96)
    verdict = judge(make["classes"](GOOD, data={"leaks": (one,), "columns": COLUMNS}))
    assert [(found.name, found.severity) for found in verdict.findings if found.alarms] == [
        ("target_leakage", "question")
    ]


def test_two_leaks_do_not_excuse_each_other(make):
    both = ("age", "approved_at")
    leaks = tuple(leak(column=name, next_best=0.6, without=0.7, together=both) for name in both)
    verdict = judge(make["classes"](GOOD, data={"leaks": leaks, "columns": COLUMNS}))
    assert verdict.try_first.overrides == ("data.drop_columns=[age,approved_at]",)


def test_an_exact_column_far_from_all_others_leaks_though_the_rest_does_well_too(make):
    near = number_leak(score=0.999, next_best=0.5, without=0.96, full=0.995)
    assert named(make["numbers"](0.99, data={"leaks": (near,), "columns": COLUMNS})) == ["target_leakage"]
    close = number_leak(score=0.993, next_best=0.9, without=0.967, full=0.97)
    assert named(make["numbers"](0.99, data={"leaks": (close,), "columns": COLUMNS})) == []


@pytest.mark.parametrize(("without", "verdict"), [(0.7, "undetermined"), (0.9, "undetermined"), (0.93, "adequate")])
def test_how_long_rows_were_followed_is_asked_about_where_a_reference_lives_on_it(make, without, verdict):
    follow = FollowUp(columns=("approved_at",), without=without, full=0.94)
    found = judge(make["classes"](GOOD, data={"follow_up": follow, "columns": COLUMNS}))
    assert found.verdict == verdict
    assert ("94 % with column approved_at" in found.summary) == (verdict == "undetermined")


@pytest.mark.parametrize(("kind", "alarms"), [("date", []), ("number", ["target_leakage"])])
def test_a_series_lies_between_its_neighbours_in_time_which_is_no_leak(make, kind, alarms):
    columns = (*COLUMNS[:2], Column(name="approved_at", kind=kind), COLUMNS[3])
    assert named(make["numbers"](0.98, data={"leaks": (leak(without=0.5),), "columns": columns})) == alarms


def test_a_column_keeps_its_name_at_the_start_of_a_sentence(make):
    verdict = judge(make["classes"](GOOD, data={"leaks": (leak(),), "columns": COLUMNS}))
    assert verdict.findings[0].summary.startswith("Column approved_at alone gives")


def test_missing_cells_that_tell_a_class_leak_on_less_evidence_where_a_reference_loses_without_them(make):
    cells = leak(column="age", score=0.85, next_best=0.75, without=0.7, full=0.88, blank=True)
    data = {"leaks": (cells,), "columns": COLUMNS}
    (found,) = (one for one in judge(make["classes"](GOOD, data=data)).findings if one.name == "target_leakage")
    assert (found.severity, found.overrides) == ("error", ("data.drop_columns=[age]",))
    assert "hich cells of age are missing gives by itself" in found.summary
    by_nature = replace(cells, without=0.86)
    evidence = make["classes"](GOOD, data={**data, "leaks": (by_nature,)})
    assert "target_leakage" not in [one.name for one in judge(evidence).findings]


def formula(**changes):
    given = {"columns": ("age", "income"), "kind": "quotient", "met": 0.99, "without": 0.4, "full": 0.97}
    return RowFormula(**{**given, **changes})


def test_a_formula_that_rows_meet_vetoes_and_all_its_columns_go(make):
    verdict = judge(make["numbers"](0.97, data={"formula": formula(also=("visits",)), "columns": COLUMNS}))
    assert verdict.verdict == "inadequate"
    assert verdict.try_first.overrides == ("data.drop_columns=[age,income,visits]",)
    assert "quotient of age, income in 99 % of the rows" in verdict.findings[0].summary


@pytest.mark.parametrize(
    "data", [{"formula": formula(without=0.99)}, {"between": formula(kind="between", without=0.99)}]
)
def test_what_the_rows_show_is_asked_about_where_other_columns_tell_as_much(make, data):
    verdict = judge(make["numbers"](0.99, data={**data, "columns": COLUMNS}))
    assert verdict.verdict == "undetermined"
    (finding,) = [one for one in verdict.findings if one.alarms]
    assert (finding.severity, finding.choices[0]) == ("question", ("data.drop_columns=[age,income]",))
    accepted = Settings(accept=["target_leakage:age", "target_leakage:income"])
    evidence = make["numbers"](0.99, data={**data, "columns": COLUMNS})
    assert judge(evidence, settings=accepted).verdict == "adequate"
    dropped = dict.fromkeys(("target_leakage:age", "target_leakage:income"), "dropped")
    assert judge(replace(evidence, answers=dropped)).findings[0].severity == "error"


def test_an_end_of_where_the_target_lies_is_asked_about_with_the_other_however_nearly_it_gives_it(make):
    end = number_leak(score=0.985, next_best=0.5, without=0.4, full=0.99)
    data = {"between": formula(kind="between", without=0.4), "columns": COLUMNS}
    for leaks in ((), (end,)):
        (finding,) = [one for one in judge(make["numbers"](0.99, data={**data, "leaks": leaks})).findings if one.alarms]
        assert (finding.severity, finding.choices[0]) == ("question", ("data.drop_columns=[age,income]",))
    other = replace(end, column="visits")
    assert judge(make["numbers"](0.99, data={**data, "leaks": (other,)})).findings[0].severity == "error"


def test_of_two_columns_what_they_give_is_the_task(make):
    assert named(make["numbers"](0.99, data={"formula": formula(), "columns": COLUMNS[:2]})) == []


def test_a_column_of_which_the_target_is_a_function_is_asked_about_however_much_others_tell(make):
    twin = number_leak(score=0.99999, next_best=0.95, without=0.97, full=0.999)
    (finding,) = [
        one for one in judge(make["numbers"](0.99, data={"columns": COLUMNS, "leaks": (twin,)})).findings if one.alarms
    ]
    assert finding.severity == "question"
    assert finding.choices == (("data.drop_columns=[age]",), ("verdict.accept=[target_leakage:age]",))
    counting = (Column(name="age", kind="date"), *COLUMNS[1:])
    assert named(make["numbers"](0.99, data={"columns": counting, "leaks": (twin,)})) == []
    assert named(make["numbers"](0.99, data={"columns": COLUMNS, "leaks": (replace(twin, score=0.998),)})) == []


def test_a_question_says_what_is_reached_with_and_without_the_columns(make):
    evidence = make["numbers"](0.97, data={"joint_leak": joint(without=-0.3), "columns": COLUMNS})
    summary = "Explained variation is 99 % with columns age, income, 0 % without them: are they known when you predict?"
    assert judge(evidence).findings[0].summary == summary


def test_a_formula_beside_a_leaking_column_is_left_out_with_it(make):
    single = number_leak(column="visits", score=0.998, next_best=0.6, without=0.9, full=0.992)
    verdict = judge(make["numbers"](0.99, data={"columns": COLUMNS, "leaks": (single,), "formula": formula()}))
    assert verdict.try_first.overrides == ("data.drop_columns=[visits,age,income]",)
    assert "quotient of age, income as well" in verdict.findings[0].summary


def test_of_a_total_less_all_other_items_the_total_alone_goes(make):
    found = formula(columns=("age",), kind="rest", met=1.0, beside=("income", "visits"), without=0.9)
    verdict = judge(make["numbers"](0.97, data={"formula": found, "columns": COLUMNS}))
    assert verdict.try_first.overrides == ("data.drop_columns=[age]",)
    assert "age less income, visits in 100 % of the rows; without age a" in verdict.findings[0].summary


def test_a_target_that_is_the_total_of_columns_is_asked_about(make):
    found = formula(columns=("age", "income", "visits"), kind="total", met=1.0)
    (finding,) = [
        one for one in judge(make["numbers"](0.97, data={"formula": found, "columns": COLUMNS})).findings if one.alarms
    ]
    assert finding.severity == "question"


@pytest.mark.parametrize(("without", "asked"), [(0.6, True), (0.84, False)])
def test_a_column_that_tells_one_class_of_several_is_asked_about_where_much_is_lost_without_it(make, without, asked):
    evidence = make["classes"]([[95, 3, 2], [4, 90, 6], [3, 5, 92]])
    told = ClassLeak(
        columns=("age",), label="c", score=0.99, next_best=0.6, next_column="income", without=without, full=0.9
    )
    evidence = replace(evidence, data=replace(evidence.data, class_leak=told, columns=COLUMNS))
    findings = [one for one in judge(evidence).findings if one.alarms]
    assert [one.severity for one in findings] == (["question"] if asked else [])


def test_many_columns_with_cells_that_are_missing_by_the_outcome_go_together_in_one_override(make):
    names = tuple(f"employed in week {k}" for k in range(9))
    columns = (*COLUMNS, *(Column(name=name, kind="category") for name in names))
    blank = tuple(leak(column=name, together=names, blank=True) for name in names)
    verdict = judge(make["classes"](GOOD, data={"leaks": blank, "columns": columns}))
    assert verdict.findings[0].severity == "error"
    assert "without them" in verdict.findings[0].summary
    assert verdict.summary.splitlines()[-1] == "Try the override of target_leakage below next."


def test_what_follows_from_a_leaking_column_goes_with_it(make):
    fine = number_leak(score=0.998, next_best=0.4, without=0.5, full=0.998, decides=("income",))
    first = judge(make["numbers"](0.99, data={"columns": COLUMNS, "leaks": (fine,)})).findings[0]
    assert first.overrides == ("data.drop_columns=[age,income]",)
    assert "income follows from it" in first.summary


@pytest.mark.parametrize(
    ("kind", "score", "asked"), [("category", 1.0, True), ("category", 0.99, False), ("number", 1.0, False)]
)
def test_a_category_that_decides_the_class_is_asked_about_however_much_others_tell(make, kind, score, asked):
    area = leak(column="area", score=score, next_best=0.95, without=0.98, full=1.0)
    columns = (*COLUMNS, Column(name="area", kind=kind))
    found = [
        one for one in judge(make["classes"](GOOD, data={"columns": columns, "leaks": (area,)})).findings if one.alarms
    ]
    assert [one.severity for one in found] == (["question"] if asked else [])


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({}, True),
        ({"full": 0.96}, False),
        ({"without": 0.94}, False),
        ({"next_best": 0.7}, False),
        ({"without": None}, False),
    ],
)
def test_a_number_with_which_next_to_all_is_told_and_much_less_without_it_is_asked_about(make, changes, asked):
    score = number_leak(**{"score": 0.85, "next_best": 0.6, "without": 0.86, "full": 0.98, **changes})
    found = [
        one for one in judge(make["numbers"](0.99, data={"columns": COLUMNS, "leaks": (score,)})).findings if one.alarms
    ]
    assert [one.severity for one in found] == (["question"] if asked else [])
    if asked:
        assert (
            found[0].summary
            == "Explained variation is 98 % with column age, 86 % without it: is it known when you predict?"
        )


def test_a_gap_beside_a_column_that_surely_gives_the_answer_is_its_consequence(make):
    gap = make["numbers"](0.4, 0.2, n=400, references={"boosted_trees": 0.75}, config={"model.hidden": [512, 512]})
    gap = make["change"](gap, data={"columns": COLUMNS})
    assert "overfitting" in named(gap) or "underfitting" in named(gap)
    given = make["change"](gap, data={"leaks": (leak(next_best=0.3),)})
    assert named(given) == ["target_leakage"]
