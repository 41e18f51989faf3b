"""A number stands for missing cells, and the model reads it as an amount."""

from dataclasses import replace

import pytest

from litmus.evidence import Apart, Column, FarValue
from litmus.verdict import judge

GOOD = [[190, 10], [12, 188]]
POOR = [[110, 90], [95, 105]]
MARK = FarValue(value=-999.0, share=0.15, gap=12.0, others=200)


def marked(make, matrix, far=MARK, kind="number", **data):
    evidence = make["classes"](matrix, data={"columns": (Column(name="age", kind=kind, far=far),)})
    evidence = replace(evidence, config={**evidence.config, "data": {**evidence.config.get("data", {}), **data}})
    return [finding for finding in judge(evidence).findings if finding.name == "sentinel_values"]


def test_a_repeated_value_far_outside_is_named_and_warns_where_a_criterion_is_missed(make):
    (finding,) = marked(make, POOR)
    assert finding.severity == "warning"
    assert finding.summary == "In 15 % of its cells age is -999, 12 times as far from its other values as these span."
    assert (finding.evidence["columns"], finding.evidence["values"]) == (["age"], [-999.0])
    assert finding.overrides == ()


def test_the_remedy_for_a_file_is_the_setting_that_counts_the_value_as_missing(make):
    (finding,) = marked(make, POOR, path="people.csv", missing_values=["?"])
    assert finding.overrides == ("data.missing_values=['?','-999']",)


def test_it_is_information_on_a_good_model_unless_it_is_written_as_a_code_or_where_few_cells_hold_it(make):
    assert [finding.severity for finding in marked(make, GOOD, replace(MARK, value=-870.0))] == ["info"]
    assert [finding.severity for finding in marked(make, GOOD)] == ["warning"]
    assert [finding.severity for finding in marked(make, POOR, replace(MARK, share=0.01))] == ["info"]


@pytest.mark.parametrize(
    "fine",
    [
        {"value": 0.0, "gap": 0.4},
        {"value": -870.0, "gap": 0.9},
        {"value": -870.0, "others": 4},
        {"share": 0.004},
        {"value": 3289465.0},
    ],
    ids=["zero is an amount", "a long tail", "codes", "next to none", "a measurement"],
)
def test_amounts_codes_and_single_outliers_are_silent(make, fine):
    assert marked(make, POOR, replace(MARK, **fine)) == []


@pytest.mark.parametrize(("gap", "severity"), [(3.0, "warning"), (0.7, "info")])
def test_a_zero_apart_from_all_amounts_is_told_without_a_setting_that_blanks_other_columns(make, gap, severity):
    zero = Column(name="age", kind="number", far=replace(MARK, value=0.0, gap=gap))
    lagging = make["classes"](
        [[150, 50], [55, 145]],
        references={"boosted_trees": 0.9},
        data={"columns": (zero,)},
        config={"data.path": "people.csv"},
    )
    found = {finding.name: finding for finding in judge(lagging).findings}["sentinel_values"]
    assert (found.severity, found.overrides) == (severity, ())


@pytest.mark.parametrize(
    ("gap", "share", "severity"), [(3.0, 0.18, "warning"), (0.7, 0.18, "info"), (3.0, 0.02, "info")]
)
def test_a_zero_far_from_all_amounts_in_many_cells_warns_of_a_good_model_too(make, gap, share, severity):
    (finding,) = marked(make, GOOD, replace(MARK, value=0.0, gap=gap, share=share))
    assert finding.severity == severity


def test_identifiers_are_silent(make):
    assert marked(make, POOR, kind="id") == []


@pytest.mark.parametrize(
    ("far", "raised"),
    [
        ({"value": 999.0, "gap": 0.5}, True),
        ({"value": 99.0, "gap": 0.01}, False),
        ({"value": -1.0, "gap": 0.002, "alone": True}, True),
        ({"value": -1.0, "gap": 0.002}, False),
        ({"value": 9.0, "gap": 1.0, "others": 5}, True),
        ({"value": 9.0, "gap": 0.1, "others": 8}, False),
    ],
    ids=["nines", "an age", "the one negative value", "a negative value", "no answer of five", "the next of eight"],
)
def test_codes_for_what_is_missing_are_named_nearer_than_other_values(make, far, raised):
    assert bool(marked(make, POOR, replace(MARK, **far))) is raised


def test_a_few_cells_far_beyond_all_others_are_a_warning_with_their_rows(make):
    far = Apart(count=5, share=0.01, gap=300.0, squares=0.99, rows=(3, 17))
    assert marked(make, GOOD, far=None) == []
    evidence = make["classes"](GOOD, data={"columns": (Column(name="age", kind="number", apart=far),)})
    verdict = judge(evidence)
    assert "in doubt as long as the warning sentinel_values stands" in verdict.summary.splitlines()[0]
    (finding,) = verdict.findings
    assert (finding.name, finding.severity, finding.evidence["rows"]) == ("sentinel_values", "warning", [3, 17])
    assert finding.summary.startswith("5 cells of age lie 300 times as far out as all others")


def test_one_cell_far_beyond_all_others_is_told_in_the_singular(make):
    far = Apart(count=1, share=0.002, gap=900.0, squares=0.99, rows=(17,))
    (finding,) = judge(
        make["classes"](GOOD, data={"columns": (Column(name="age", kind="number", apart=far),)})
    ).findings
    assert finding.summary.startswith("1 cell of age lies 900 times as far out as all others")
    assert finding.summary.endswith("Look at row 17.")


def test_numbers_that_were_read_as_missing_are_told(make):
    age = Column(name="age", kind="number", missing=0.15, read_as_missing=("9999",))
    (finding,) = judge(make["classes"](POOR, data={"columns": (age,)})).findings[-1:]
    assert (finding.name, finding.severity) == ("sentinel_values", "info")
    assert finding.summary == "9999 in age was read as missing; 15 % of its cells are missing."


def test_a_model_that_falls_short_beside_cells_far_out_does_so_because_of_them(make):
    slips = Column(name="age", kind="number", apart=Apart(count=5, share=0.01, gap=900.0, squares=1.0, rows=(1, 2)))
    evidence = make["numbers"](0.4, train=0.42, data={"columns": (slips,)}, references={"boosted_trees": 0.9})
    causes = {one.name: one.consequence_of for one in judge(evidence).findings if one.alarms}
    assert causes == {"sentinel_values": None, "underfitting": "sentinel_values"}
