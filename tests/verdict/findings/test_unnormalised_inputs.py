"""The inputs have very different scales."""

from dataclasses import replace

import pytest

from litmus.evidence import Attempt
from litmus.verdict import judge

RAW = {"data.normalize": "none"}


WIDE = {"scale_ratio": 5000.0, "seen_mean_ratio": 12.0}


def test_raw_inputs_are_named_before_what_they_cause(make):
    layers = make["layers"](dead=0.95)
    verdict = judge(make["stuck"](data=WIDE, config=RAW, layers=layers))
    assert verdict.try_first.name == "unnormalised_inputs"
    assert verdict.try_first.overrides == ("data.normalize=standard",)
    assert {one.consequence_of for one in verdict.findings if one.name == "dead_relu"} == {"unnormalised_inputs"}


def test_raw_inputs_are_silent_on_a_good_model(make):
    verdict = judge(make["classes"]([[190, 10], [12, 188]], data=WIDE, config=RAW))
    assert verdict.verdict == "adequate"
    assert not any(one.alarms for one in verdict.findings)


def test_raw_inputs_are_not_to_blame_where_standardising_gained_nothing(make):
    tried = make["trial"]("standardised", ("data.normalize=standard",), gain=0.0)
    verdict = judge(make["stuck"](data=WIDE, config=RAW, trials=(tried,)))
    assert not any(one.name == "unnormalised_inputs" and one.alarms for one in verdict.findings)


@pytest.mark.parametrize(
    ("gain", "other", "named"),
    [(0.3, 0.1, True), (0.05, 0.01, False), (0.3, 0.4, False)],
    ids=["best", "little", "second"],
)
def test_raw_inputs_that_look_harmless_are_named_where_standardising_gained_most(make, gain, other, named):
    near = {"scale_ratio": 1.0, "seen_mean_ratio": 3.0}
    attempts = tuple(
        Attempt(overrides=(change,), gain=value, seeds=1)
        for change, value in (("data.normalize=standard", gain), ("optimizer.lr=0.001", other))
    )
    stuck = make["stuck"](data=near, config=RAW, layers=make["layers"](dead=0.95))
    assert not any(one.name == "unnormalised_inputs" for one in judge(stuck).findings)
    verdict = judge(replace(stuck, attempts=attempts))
    assert (verdict.try_first is not None and verdict.try_first.name == "unnormalised_inputs") == named


def test_standardised_inputs_are_never_named(make):
    verdict = judge(make["stuck"](data=WIDE))
    assert not any(one.name == "unnormalised_inputs" for one in verdict.findings)


def test_scales_that_were_not_measured_are_unknown(make):
    verdict = judge(make["stuck"](data={"scale_ratio": None}, config=RAW))
    assert "unnormalised_inputs" in {one.name for one in verdict.unknown}
