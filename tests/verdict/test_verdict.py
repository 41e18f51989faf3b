"""The verdict as a document."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litmus.evidence import Unknown
from litmus.verdict import Criterion, Finding, Headroom, Verdict
from litmus.verdict.answers import WORDS

numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(max_size=20)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
criteria = st.builds(
    Criterion,
    name=texts,
    value=numbers,
    low=numbers,
    high=numbers,
    threshold=numbers,
    baseline=numbers,
    n=st.integers(0, 10**9),
    status=st.sampled_from(["pass", "fail", "open"]),
    votes=st.booleans(),
)
findings = st.builds(
    Finding,
    name=texts,
    severity=st.sampled_from(["error", "warning", "info"]),
    summary=texts,
    evidence=st.dictionaries(texts, plain, max_size=4),
    overrides=st.lists(texts, max_size=3).map(tuple),
    tried=st.none() | st.dictionaries(texts, plain, max_size=4),
    consequence_of=st.none() | texts,
    accepted=st.booleans(),
)
verdicts = st.builds(
    Verdict,
    verdict=st.sampled_from(list(WORDS)),
    summary=texts,
    split=st.sampled_from(["val", "test"]),
    rows_needed=st.none() | st.integers(0, 10**9),
    criteria=st.lists(criteria, max_size=3).map(tuple),
    findings=st.lists(findings, max_size=3).map(tuple),
    headroom=st.none() | st.builds(Headroom, metric=texts, value=st.floats(-1, 1), low=numbers, high=numbers),
    unknown=st.lists(st.builds(Unknown, name=texts, reason=texts), max_size=2).map(tuple),
)


@settings(deadline=None, max_examples=40)  # the first call builds the reader
@given(verdicts)
def test_a_verdict_comes_back_from_its_json_unchanged(verdict):
    assert Verdict.from_json(verdict.to_json()) == verdict


def test_the_json_has_the_keys_that_other_programs_rely_on():
    finding = Finding(name="lr_too_low", severity="error", summary="s", overrides=("optimizer.lr=0.01",))
    document = json.loads(
        Verdict(
            verdict="inadequate", summary="s", criteria=(Criterion(name="accuracy", value=0.5),), findings=(finding,)
        ).to_json()
    )
    assert set(document) == {
        *("verdict", "summary", "split", "rows_needed", "criteria", "findings", "headroom", "unknown")
    }
    assert set(document["criteria"][0]) == {
        *(
            "name",
            "value",
            "low",
            "high",
            "threshold",
            "baseline",
            "n",
            "status",
            "votes",
            "stated",
            "higher_is_better",
        ),
    }
    assert set(document["findings"][0]) == {
        *("name", "severity", "summary", "evidence", "overrides", "choices", "tried", "consequence_of", "accepted")
    }


def test_numbers_that_are_not_finite_become_null():
    verdict = Verdict(verdict="adequate", summary="", criteria=(Criterion(name="loss", value=float("nan")),))
    assert json.loads(verdict.to_json())["criteria"][0]["value"] is None


def test_text_that_is_no_verdict_is_refused():
    with pytest.raises(ValueError, match="verdict"):
        Verdict.from_json('{"verdict": "splendid", "summary": ""}')


def test_what_to_try_first_is_the_first_cause_that_has_a_change():
    first = Finding(name="a", severity="error", summary="", overrides=())
    consequence = Finding(name="b", severity="error", summary="", overrides=("x=1",), consequence_of="a")
    accepted = Finding(name="c", severity="error", summary="", overrides=("y=1",), accepted=True)
    told = Finding(name="d", severity="info", summary="", overrides=("z=1",))
    cause = Finding(name="e", severity="warning", summary="", overrides=("w=1",))
    verdict = Verdict(verdict="inadequate", summary="", findings=(first, consequence, accepted, told, cause))
    assert verdict.try_first == cause
