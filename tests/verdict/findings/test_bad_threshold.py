"""The decision threshold does not serve the goal."""

from dataclasses import replace

import pytest

from litmus.evidence import Estimate, LabelNoise, Score
from litmus.verdict import judge


def test_a_threshold_that_serves_the_goal_badly_is_named(make):
    evidence = make["classes"](
        [[199, 1], [140, 60]],
        references={"boosted_trees": 0.65},
        task={"threshold": 0.95},
        threshold_best=0.4312345,
        threshold_gain=Estimate(value=0.4, low=0.3, high=0.5),
    )
    verdict = judge(evidence)
    assert verdict.try_first.name == "bad_threshold"
    assert verdict.try_first.overrides == ("task.threshold=0.4312",)


GOOD = [[190, 10], [12, 188]]


def named(evidence):
    return [one.name for one in judge(evidence).findings if one.alarms]


def test_a_threshold_that_gains_within_noise_is_silent(make):
    evidence = make["classes"](GOOD, threshold_best=0.3, threshold_gain=Estimate(value=0.01, low=-0.01, high=0.03))
    assert named(evidence) == []


def test_a_small_gain_of_the_threshold_on_a_good_model_is_information(make):
    evidence = make["classes"](GOOD, threshold_best=0.3, threshold_gain=Estimate(value=0.04, low=0.02, high=0.06))
    assert named(evidence) == []


def test_what_f1_gains_by_a_threshold_that_nobody_chose_is_information_where_references_decide_no_better(make):
    weak = {
        "references": {"boosted_trees": 0.6},
        "threshold_best": 0.3,
        "threshold_gain": Estimate(value=0.14, low=0.08, high=0.2),
    }
    matrix = [[140, 60], [100, 100]]
    assert named(make["classes"](matrix, **weak)) == []
    assert "bad_threshold" in named(make["classes"](matrix, **weak, task={"threshold": 0.8}))
    asked = make["classes"](matrix, **weak, task={"threshold_goal": "f1"})
    assert "bad_threshold" in named(asked)


def test_a_stated_goal_for_which_nobody_chose_the_threshold_is_the_thresholds_fault(make):
    missed = {
        "references": {"linear": 0.9},
        "task": {"threshold_goal": "recall@0.9"},
        "threshold_best": 0.27,
        "threshold_gain": Estimate(value=0.06, low=-0.01, high=0.12),
    }
    evidence = _ranking_well(make["classes"]([[500, 10], [18, 72]], **missed))
    assert judge(evidence).try_first.overrides == ("task.threshold=0.27",)
    chosen = make["classes"]([[500, 10], [18, 72]], config={"task.threshold": "tuned"}, **missed)
    assert "bad_threshold" not in named(_ranking_well(chosen))


def test_a_threshold_is_the_consequence_of_what_kept_the_model_from_becoming_sure(make):
    evidence = make["classes"](
        [[200, 0], [190, 10]],
        [[600, 0], [570, 30]],
        references={"majority": 0.5, "boosted_trees": 0.95},
        config={"model.dropout": 0.97},
        fit={"initial_loss": 0.694, "final_train_loss": 0.68},
        threshold_best=0.38,
        threshold_gain=Estimate(value=0.8, low=0.7, high=0.9),
    )
    firsts = {loss: judge(_ranking_well(evidence, log_loss=loss)).try_first.name for loss in (0.6, 0.1)}
    assert firsts == {0.6: "over_regularised", 0.1: "bad_threshold"}


@pytest.mark.parametrize(("used", "alarms"), [(0.92, ["label_noise", "bad_threshold"]), (0.5, ["label_noise"])])
def test_a_threshold_that_somebody_chose_is_no_consequence_of_wrong_labels(make, used, alarms):
    evidence = make["classes"](
        [[199, 1], [140, 60]],
        references={"boosted_trees": 0.65},
        task={"threshold": used},
        threshold_best=0.43,
        threshold_gain=Estimate(value=0.4, low=0.3, high=0.5),
        data={"noise": LabelNoise(share=Estimate(value=0.2, low=0.15, high=0.25), n=400, rows=(1,))},
    )
    assert named(evidence) == alarms


def test_next_to_no_steps_come_before_the_threshold_however_well_the_model_ranks(make):
    evidence = make["classes"](
        [[190, 10], [120, 80]],
        references={"majority": 0.5, "boosted_trees": 0.95},
        fit={"epochs": 1, "max_epochs": 1, "steps": 38},
        task={"threshold": 0.5},
        threshold_best=0.37,
        threshold_gain=Estimate(value=0.17, low=0.09, high=0.25),
        trials=(make["trial"]("longer", ("trainer.max_epochs=20",), finding="too_few_epochs", gain=0.2),),
    )
    alarms = [one for one in judge(_ranking_well(evidence)).findings if one.alarms]
    assert (alarms[0].name, alarms[0].consequence_of) == ("too_few_epochs", None)


def _ranking_well(evidence, log_loss=0.1):
    found = {"auroc": Score(value=0.97), "log_loss": Score(value=log_loss)}
    scores = {**evidence.scores, "test": evidence.scores["test"] | found}
    theirs = {"majority": {"auroc": 0.5, "log_loss": 0.66}}
    usual = {"auroc": 0.97, "log_loss": 0.03}
    rivals = tuple(replace(one, scores={"test": theirs.get(one.name, usual)}) for one in evidence.references)
    return replace(evidence, scores=scores, references=rivals)


@pytest.mark.parametrize(("goal", "alarms"), [(None, []), ("f1", ["bad_threshold"])])
def test_what_calling_every_row_positive_gains_as_well_is_no_merit_of_a_threshold(make, goal, alarms):
    evidence = make["classes"](
        [[140, 20], [100, 60]],
        references={"boosted_trees": 0.65},
        task={"threshold_goal": goal},
        threshold_best=0.2,
        threshold_gain=Estimate(value=0.17, low=0.12, high=0.22),  # to about the F1 of one class for all, .67
    )
    assert [name for name in named(evidence) if name == "bad_threshold"] == alarms
