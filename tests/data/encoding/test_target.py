"""Kind of target, classes and positive class follow from the labels, and labels compare as text."""

import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from litmus.data.columns.kinds import as_text
from litmus.data.encoding.target import TargetCoder, are_skewed
from litmus.errors import DataError


def infer(values: list[object], **keys: object) -> TargetCoder:
    return TargetCoder.infer(pl.Series("y", values * 2, strict=False), **keys)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["a", "b"], "binary"),
        (["a", "b", "c"], "multiclass"),
        ([True, False], "binary"),
        ([0, 1], "binary"),
        ([1.0, 2.0, 3.0], "multiclass"),
        (["1", "2", "3"], "multiclass"),
        (list(range(20)), "multiclass"),
        (list(range(21)), "regression"),
        ([str(i) for i in range(21)], "regression"),
        ([0.5, 1.5], "regression"),
        (["0.5", "1.5", "2"], "regression"),
    ],
)
def test_text_booleans_and_whole_numbers_like_codes_are_classes(values: list[object], kind: str) -> None:
    assert infer(values).kind == kind


@pytest.mark.parametrize(
    ("values", "classes", "why"),
    [
        (["benign", "malignant"], ("benign", "malignant"), "conventional"),
        (["No", "Yes", "Yes"], ("No", "Yes"), "conventional"),
        (["spam", "ham"], ("ham", "spam"), "conventional"),
        ([0, 1, 1, 1], ("0", "1"), "conventional"),
        ([True, True, False], ("false", "true"), "conventional"),
        (["1", "2"], ("2", "1"), "conventional"),
        (["cat", "dog", "dog"], ("dog", "cat"), "the rarer: 2 of 6 rows"),
        (["cat", "dog"], ("cat", "dog"), "second in sorted order"),
        (["yes", "true", "true"], ("true", "yes"), "the rarer"),
    ],
)
def test_the_positive_class_is_conventional_else_rarer_else_second(values, classes, why) -> None:
    coder = infer(values)
    assert coder.classes == classes
    assert why in coder.note
    assert repr(classes[1]) in coder.note


@pytest.mark.parametrize(
    ("values", "positive", "label"),
    [
        (["0", "1"], 0, "0"),
        ([0, 1], "0", "0"),
        (["no", "yes"], "no", "no"),
        (["no", "yes"], False, "no"),
        (["off", "on"], True, "on"),
        ([True, False], "False", "false"),
        (["Ham", "Spam"], "ham", "Ham"),
        ([1.0, 2.0], 2, "2"),
    ],
)
def test_a_positive_class_that_is_asked_for_compares_as_text(values, positive, label) -> None:
    assert infer(values, positive=positive).classes[1] == label


def test_a_forced_kind_is_followed() -> None:
    assert infer([0, 1, 2], kind="regression").kind == "regression"
    assert infer(["a", "b"], kind="multiclass").kind == "multiclass"
    assert infer([0.5, 1.5], kind="multiclass").classes == ("0.5", "1.5")


def test_labels_of_numbers_are_sorted_by_value() -> None:
    assert infer([10, 9, 2], kind="multiclass").classes == ("2", "9", "10")


def test_whole_numbers_lose_their_point_and_zero() -> None:
    assert as_text(pl.Series([1.0, 2.0, None])).to_list() == ["1", "2", None]
    assert as_text(pl.Series(["1.0", " 2 ", "02"])).to_list() == ["1", "2", "02"]
    assert as_text(pl.Series([2**62 + 1])).to_list() == [str(2**62 + 1)]


def test_the_same_labels_in_other_types_get_the_same_codes() -> None:
    coder = infer(["0", "1"])
    for values in ([0, 1, 1], [0.0, 1.0, 1.0], ["0", "1.0", " 1"]):
        assert coder.encode(pl.Series("y", values)).tolist() == [0, 1, 1]


def test_an_unknown_label_names_its_row_and_the_known_ones() -> None:
    with pytest.raises(DataError, match=r"row 1, column 'y': the label 'maybe' is none of .*'no', 'yes'"):
        infer(["no", "yes"]).encode(pl.Series("y", ["no", "maybe"]))


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1), min_size=2, max_size=30))
def test_decode_undoes_encode(words: list[str]) -> None:
    labels = as_text(pl.Series("y", words))
    if labels.n_unique() < 2 or labels.n_unique() > 20:
        return
    series = pl.concat([labels, labels])
    coder = TargetCoder.infer(series, kind="multiclass")
    assert coder.decode(coder.encode(series)) == series.to_list()


def test_regression_keeps_its_unit_in_float64() -> None:
    coder = infer([1.5, 2.5, 1e10 + 0.25])
    codes = coder.encode(pl.Series("y", ["1.5", "10000000000.25"]))
    assert codes.dtype == torch.float64
    assert codes.tolist() == [1.5, 1e10 + 0.25]


def test_the_state_gives_an_equal_coder() -> None:
    for coder in (infer(["no", "yes"]), infer([1, 2, 3]), infer([0.5, 1.5])):
        assert TargetCoder.restore(coder.state()) == coder


def test_numbers_of_one_row_each_are_no_codes() -> None:
    assert TargetCoder.infer(pl.Series("y", range(12))).kind == "regression"


def test_the_line_says_why_whole_numbers_are_taken_so_and_how_to_overrule_it() -> None:
    codes, scores = infer([1, 2, 3]).note, infer([3, 4, 5, 5, 6, 7]).note
    assert codes.endswith(
        "(3 whole numbers from 1 on without a count's or a score's shape; task=regression if they are quantities)"
    )
    assert scores.endswith("3 to 7 -> regression (whole numbers from 3 to 7; task=multiclass if they are codes)")


def test_amounts_with_a_long_tail_are_skewed_and_outliers_are_not():
    torch.manual_seed(0)
    normal = torch.randn(500)
    amounts = normal.mul(1.2).exp() * 1000
    few = torch.cat([normal + 9, torch.tensor([9000.0, 8000.0])])
    many_zeros = torch.cat([torch.zeros(600), amounts])
    assert are_skewed(amounts)
    assert are_skewed(torch.cat([torch.zeros(100), amounts]))
    for other in (normal.abs(), -amounts, few, many_zeros, amounts[:40], torch.ones(100)):
        assert not are_skewed(other)
