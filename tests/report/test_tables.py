from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from litmus.report import tables
from litmus.verdict import Criterion


def test_criteria_stand_beside_threshold_baseline_and_references(make_verdict, make_evidence):
    table = tables.criteria(make_verdict(), make_evidence())
    assert table.header == ("metric", "model", "95 % interval", "threshold", "majority", "linear", "boosted trees")
    assert table.rows[0] == ("accuracy", "0.460", "0.390 to 0.530", "≥ 0.8 fail", "0.500", "–", "–")
    assert table.rows[1][-2:] == ("0.700", "0.900")
    assert table.rows[3][3] == "≥ 0.85 shown"
    assert table.marks == ("fail", "pass", "open", "shown")


def test_criteria_whose_names_leave_something_open_are_explained(make_verdict, make_evidence):
    names = ("accuracy", "worst_class_recall[b]", "gain")
    settled = tuple(Criterion(name=name, value=0.4, threshold=0.3, status="pass") for name in names)
    assert tables.meanings(make_verdict(criteria=settled), make_evidence()) == [
        "worst class recall: fails only where its whole interval is below.",
        "gain: balanced accuracy minus that of the trivial rule, on the same rows.",
    ]
    unsettled = (replace(settled[0], status="open"),)
    assert tables.meanings(make_verdict(criteria=unsettled), make_evidence()) == [
        "open: these test rows do not settle it."
    ]


def test_errors_must_be_at_most_their_threshold(make_verdict, make_evidence):
    verdict = make_verdict(criteria=(Criterion(name="rmse", value=9.0, threshold=12345.0, status="pass"),))
    assert tables.criteria(verdict, make_evidence("regression")).rows[0][3] == "≤ 12,345 pass"


def test_without_references_the_trivial_rule_still_has_its_column(make_verdict, make_evidence):
    bare = make_evidence("regression", references=())
    assert tables.criteria(make_verdict(), bare).header[4:] == ("mean",)


def test_references_show_by_how_much_they_are_beaten(make_evidence):
    table = tables.references(make_evidence())
    assert table.rows[0] == ("this model", "0.900", "–")
    assert table.rows[1] == ("majority", "0.500", "0.400 [0.300 to 0.500]")


def test_each_class_has_its_rows_and_scores(make_evidence):
    table = tables.classes(make_evidence(), "test")
    assert table.header == ("class", "rows", "precision", "recall")
    assert table.rows[0] == ("no", "100", "0.900 [0.850 to 0.940]", "0.900 [0.850 to 0.940]")
    unread = replace(make_evidence().data, class_counts={})  # of a job's test split nothing was known when it trained
    assert tables.classes(replace(make_evidence(), data=unread), "test").rows[0][1] == "200"
    assert tables.classes(replace(make_evidence(), per_class={}), "test").rows == ()


@given(st.lists(st.integers(1, 30), min_size=1, max_size=9), st.integers(10, 120))
def test_the_columns_that_are_kept_fit(widths, width):
    count = tables.fitting(widths, width)
    assert count >= min(2, len(widths))
    if count > 2:
        assert sum(widths[:count]) + 2 * (count - 1) <= width
    if count < len(widths):
        assert sum(widths[: count + 1]) + 2 * count > width
