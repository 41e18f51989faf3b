from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from litmus.report import tables
from litmus.verdict import Criterion


def test_criteria_stand_beside_threshold_baseline_and_references(make_verdict, make_evidence):
    table = tables.criteria(make_verdict(), make_evidence())
    assert table.header == ("metric", "model", "95 % interval", "threshold", "majority", "linear", "boosted trees")
    assert table.rows[0] == ("accuracy", "0.460", "0.390 to 0.530", "≥ 0.8 fail", "0.500", "–", "–")
    assert table.rows[2][-2:] == ("0.700", "0.900")
    assert table.rows[3][3] == "≥ 0.85 shown"
    assert table.marks == ("fail", "open", "pass", "shown")


def test_the_criterion_that_is_missed_by_most_leads(make_verdict, make_evidence):
    values = {"accuracy": 0.79, "recall": 0.2, "precision": 0.9, "mcc": 0.7}
    criteria = tuple(
        Criterion(name=name, value=value, threshold=0.8, status="pass" if value > 0.8 else "fail")
        for name, value in values.items()
    )
    rows = tables.criteria(make_verdict(criteria=criteria), make_evidence()).rows
    assert [row[0] for row in rows] == ["recall", "MCC", "accuracy", "precision"]


def test_criteria_whose_names_leave_something_open_are_explained(make_verdict, make_evidence):
    names = ("accuracy", "worst_class_recall[b]", "gain")
    settled = tuple(Criterion(name=name, value=0.4, threshold=0.3, status="pass") for name in names)
    assert tables.meanings(make_verdict(criteria=settled), make_evidence()) == [
        "worst class recall: fails only where its whole interval is below; while open it decides nothing.",
        "gain: balanced accuracy minus that of the baseline, on the same rows.",
    ]
    unsettled = (replace(settled[0], status="open"),)
    assert tables.meanings(make_verdict(criteria=unsettled), make_evidence()) == [
        "open: on these test rows it is neither surely met nor surely missed."
    ]
    valueless = (replace(unsettled[0], value=None),)
    assert tables.meanings(make_verdict(criteria=valueless), make_evidence()) == [
        "open: there is no value on these test rows."
    ]


def test_errors_must_be_at_most_their_threshold(make_verdict, make_evidence):
    verdict = make_verdict(criteria=(Criterion(name="rmse", value=9.0, threshold=12345.0, status="pass"),))
    assert tables.criteria(verdict, make_evidence("regression")).rows[0][3] == "≤ 12,345 pass"


def test_without_references_the_baseline_still_has_its_column(make_verdict, make_evidence):
    bare = make_evidence("regression", references=())
    assert tables.criteria(make_verdict(), bare).header[4:] == ("mean",)


def test_references_show_by_how_much_they_are_beaten(make_evidence):
    table = tables.references(make_evidence())
    assert table.rows[0] == ("this model", "0.900", "–")
    assert table.rows[1] == ("majority", "0.500", "0.400 [0.300 to 0.500]")


def test_references_that_nothing_was_paired_with_have_no_column_of_differences(make_evidence):
    evidence = make_evidence()
    alone = replace(evidence, references=tuple(replace(r, difference={}) for r in evidence.references))
    assert tables.references(alone).header == ("model", "balanced accuracy on test")
    assert {len(row) for row in tables.references(alone).rows} == {2}


def test_the_spread_over_seeds_and_folds_has_mean_sd_range_and_count(make_evidence):
    seeds = {"1": {"f1": 0.5, "auroc": None}, "2": {"f1": 0.7, "auroc": 0.9}, "3": {"f1": 0.6, "auroc": 0.8}}
    ((heading, table),) = tables.repeats(make_evidence(seeds=seeds))
    assert heading == "3 fits on the same split (seeds 1, 2, 3), scored on test"
    assert table.header == ("metric", "mean", "SD", "lowest", "highest", "seeds")
    assert table.rows == (
        ("F1", "0.600", "0.100", "0.500", "0.700", "3"),
        ("AUROC", "0.850", "0.071", "0.800", "0.900", "2"),
    )
    ((heading, table),) = tables.repeats(make_evidence(folds=({"f1": 0.5}, {"f1": None})), {"f1"})
    assert heading == "2 fits, each scored on the fold that it had not seen"
    assert table.rows == (("F1", "0.500", "–", "0.500", "0.500", "1"),)
    assert tables.repeats(make_evidence()) == []


def test_each_class_has_its_rows_and_scores(make_evidence):
    table = tables.classes(make_evidence(), "test")
    assert table.header == ("class", "rows", "precision", "recall")
    assert table.rows[0] == ("no", "100", "0.900 [0.850 to 0.940]", "0.900 [0.850 to 0.940]")
    unread = replace(make_evidence().data, class_counts={})  # of a job's test split nothing was known when it trained
    assert tables.classes(replace(make_evidence(), data=unread), "test").rows[0][1] == "200"
    pooled = make_evidence(folds=({"recall": 0.9}, {"recall": 0.8}))  # whose counts are those of the first fold
    assert tables.classes(pooled, "test").rows[0][1] == "200"
    assert tables.classes(replace(make_evidence(), per_class={}), "test").rows == ()


@given(st.lists(st.integers(1, 30), min_size=1, max_size=9), st.integers(10, 120), st.integers(1, 4))
def test_the_columns_that_are_kept_fit(widths, width, essential):
    kept = tables.fitting(widths, width, essential)
    assert kept[:essential] == list(range(len(widths)))[:essential]
    used = sum(widths[i] for i in kept) + 2 * (len(kept) - 1)
    assert len(kept) <= essential or used <= width
    assert all(used + 2 + widths[i] > width for i in set(range(len(widths))) - set(kept))
