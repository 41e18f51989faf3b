"""The learning rate is too low."""

from dataclasses import replace

from litmus.verdict import judge


def named(evidence):
    """Names of what alarms, in order."""
    return [one.name for one in judge(evidence).findings if one.alarms]


def first(evidence):
    verdict = judge(evidence)
    return verdict.try_first


TINY = {"update": (1e-6, 1e-6, 1e-6, 1e-6), "gradient": (0.02, 0.02, 0.019, 0.02), "moved": 0.002}


def test_a_learning_rate_that_is_too_low_is_named_with_the_usual_one(make):
    evidence = make["stuck"](layers=make["layers"](**TINY), config={"optimizer.lr": 1e-6})
    assert named(evidence)[0] == "lr_too_low"
    assert first(evidence).overrides == ("optimizer.lr=0.001",)


def test_the_ladders_rate_is_taken_where_it_was_tried(make):
    tried = make["trial"]("lr_ladder", ("optimizer.lr=0.03",), detail={"lrs": [1e-6, 0.03], "values": [0.5, 0.9]})
    evidence = make["stuck"](layers=make["layers"](**TINY), config={"optimizer.lr": 1e-6}, trials=(tried,))
    assert first(evidence).overrides == ("optimizer.lr=0.03",)
    assert first(evidence).tried["after"] == 0.7


def test_a_ladder_that_gained_nothing_takes_the_suspicion_away(make):
    tried = make["trial"]("lr_ladder", ("optimizer.lr=0.03",), gain=0.0)
    evidence = make["stuck"](layers=make["layers"](**TINY), config={"optimizer.lr": 1e-6}, trials=(tried,))
    assert "lr_too_low" not in named(evidence)


def test_a_look_on_one_seed_does_not_acquit_weights_that_hardly_moved(make):
    looked_at = make["trial"]("lr_ladder", ("optimizer.lr=0.03",), finding="lr_too_low", gain=0.005, confirmed=None)
    looked_at = replace(looked_at, seeds=(1001,), difference=None)
    evidence = make["stuck"](layers=make["layers"](**TINY), config={"optimizer.lr": 1e-6}, trials=(looked_at,))
    assert named(evidence)[0] == "lr_too_low"


def test_a_gain_within_noise_leaves_what_the_evidence_is_sure_of(make):
    tried = make["trial"]("lr_ladder", ("optimizer.lr=0.03",), gain=0.07, half=0.08, confirmed=False)
    evidence = make["stuck"](layers=make["layers"](**TINY), config={"optimizer.lr": 1e-6}, trials=(tried,))
    assert named(evidence)[0] == "lr_too_low"


def test_small_steps_of_a_model_that_has_arrived_are_no_fault(make):
    arrived = {"update": (1e-3, 1e-4, 1e-5, 1e-6), "gradient": (0.1, 0.01, 0.001, 1e-4), "moved": 0.7}
    assert named(make["classes"]([[190, 10], [12, 188]], layers=make["layers"](**arrived))) == []


def test_a_schedule_that_took_the_rate_away_is_named(make):
    evidence = make["stuck"](fit={"lr": (0.001,) * 5 + (1e-7,) * 95})
    assert named(evidence)[0] == "lr_too_low"
    assert first(evidence).overrides == ("scheduler=none",)


def test_a_tight_clip_is_named_before_the_rate(make):
    evidence = make["stuck"](layers=make["layers"](**TINY), config={"trainer.gradient_clip_val": 1e-6})
    assert first(evidence).overrides == ("trainer.gradient_clip_val=1.0",) or first(evidence).overrides == (
        "trainer.gradient_clip_val=1",
    )


def test_an_eps_that_holds_steps_back_is_what_to_change_and_no_higher_rate(make):
    tried = make["trial"]("lr_ladder", ("optimizer.lr=0.1",), detail={"lrs": [1e-3, 0.1], "values": [0.5, 0.9]})
    evidence = make["stuck"](layers=make["layers"](**TINY), config={"optimizer.eps": 10.0, "optimizer.lr": 0.001})
    assert (named(evidence)[0], first(evidence).overrides) == ("lr_too_low", ("optimizer.eps=1e-08",))
    usual = make["change"](evidence, config={"optimizer.eps": 1e-7}, trials=(tried,))
    assert first(usual).overrides == ("optimizer.lr=0.1",)
