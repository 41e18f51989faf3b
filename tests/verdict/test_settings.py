"""What the user accepts."""

import pytest

from litmus.errors import ConfigError
from litmus.verdict import Finding, Settings
from litmus.verdict.findings import names


@pytest.mark.parametrize(
    ("entry", "near"),
    [
        ("target_leak:petal width", "target_leakage:petal width"),
        ("overfiting", "overfitting"),
        ("lr_to_low", "lr_too_low"),
    ],
)
def test_a_misspelled_finding_is_answered_with_the_nearest(entry, near):
    with pytest.raises(ConfigError, match=f"verdict.accept: '{entry}' is no finding; did you mean {near}"):
        Settings(accept=[entry]).check()


def test_a_colon_without_a_column_is_refused():
    with pytest.raises(ConfigError, match="names no column after the colon"):
        Settings(accept=["target_leakage:"]).check()


def test_a_word_like_no_finding_is_refused_without_a_guess():
    with pytest.raises(ConfigError, match="'zzz' is no finding; findings are named"):
        Settings(accept=["zzz"]).check()


def test_right_names_pass():
    Settings(accept=[*names(), "target_leakage:a column: with colons"]).check()


def test_a_finding_about_two_columns_is_accepted_only_when_both_are():
    finding = Finding(name="target_leakage", severity="error", summary="", evidence={"columns": ["a", "b"]})
    assert not Settings(accept=["target_leakage:a"]).accepts(finding)
    assert Settings(accept=["target_leakage:a", "target_leakage:b"]).accepts(finding)
    assert Settings(accept=["target_leakage"]).accepts(finding)
    assert not Settings(accept=["split_shift"]).accepts(finding)
