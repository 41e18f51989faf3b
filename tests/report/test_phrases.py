import math
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litmus.report import phrases
from litmus.verdict import Finding


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.500"),
        (0, "0"),
        (0.0, "0.000"),
        (1234, "1,234"),
        (123.456, "123.5"),
        (123456.7, "123,457"),
        (1e9, "1.00e+09"),
        (0.00012, "1.20e-04"),
        (-0.00012, "-1.20e-04"),
        (None, "–"),
        (math.nan, "–"),
        (math.inf, "–"),
        (True, "yes"),
        (False, "no"),
        ("a\nb", "a b"),
    ],
)
def test_numbers_are_short(value, text):
    assert phrases.number(value) == text


def test_an_interval_without_bounds_is_a_dash():
    assert phrases.interval(None, None) == "–"
    assert phrases.interval(0.1, 0.2) == "0.100 to 0.200"


@pytest.mark.parametrize(
    ("name", "text"), [("f1", "F1"), ("balanced_accuracy", "balanced accuracy"), ("recall[a\tb]", "recall of a b")]
)
def test_metrics_have_names_that_people_write(name, text):
    assert phrases.metric(name) == text


@given(st.text(max_size=60), st.integers(2, 20))
def test_clean_text_is_printable_and_within_its_limit(text, limit):
    shown = phrases.clean(text, limit)
    assert shown.isprintable()
    assert len(shown) <= limit


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30))
def test_what_is_pasted_into_bash_arrives_as_it_was(text):
    word = phrases.paste(text)
    assert word.isprintable()
    predicted = subprocess.run(
        ["bash", "-c", f"printf %s {word}"], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"}
    )
    assert predicted.stdout.decode() == text


@pytest.mark.parametrize("text", ["optimizer.lr=0.1", "model.activation=relu"])
def test_plain_overrides_need_no_quotes(text):
    assert phrases.paste(text) == text


@pytest.mark.parametrize("text", ["model.hidden=[64,64]", "data.path=my data (1).csv", "a=b!c", "~a=1", "a=$HOME"])
def test_what_a_shell_would_read_is_quoted(text):
    assert phrases.paste(text) == f"'{text}'"


def test_evidence_is_one_line_without_what_does_not_fit_one():
    line = phrases.figures({"a_b": 0.5, "rows": [1, 2, 3, 4, 5], "none": None, "nested": {"x": 1}, "empty": []})
    assert line == "a b 0.500, rows (1 2 3 4 …)"
    assert phrases.figures({str(i): i for i in range(12)}).endswith("and 4 more")


def test_a_trial_says_how_many_seeds_before_after_and_whether_it_held(make_verdict):
    assert phrases.tried(make_verdict().findings[0]) == (
        "tried, 2 seeds: balanced accuracy 0.450 -> 0.950, gain 0.500 [0.400, 0.600], held on fresh seeds"
    )
    both = {"before": 0.4, "after": 0.6, "seeds": 8, "splits": 2, "confirmed": True}
    assert phrases.tried(Finding(name="x", severity="info", summary="", tried=both)) == (
        "tried, 8 seeds: 0.400 -> 0.600, held on fresh seeds and a second split"
    )
    one = Finding(name="x", severity="info", summary="", tried={"before": 0.4, "after": None, "seeds": 1})
    assert phrases.tried(one) == "tried, 1 seed: 0.400 -> –"
    assert phrases.tried(Finding(name="x", severity="info", summary="")) == ""


def test_ascii_spells_our_own_signs():
    assert phrases.as_ascii("≥ 0.8 – ±…日") == ">= 0.8 - +-...?"
