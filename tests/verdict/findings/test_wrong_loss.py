"""The loss does not fit the output or the target."""

from dataclasses import replace

import pytest

from litmus.evidence import Apart, Estimate, LabelNoise, Score
from litmus.verdict import judge

GOOD = [[190, 10], [12, 188]]


def named(evidence):
    return [one.name for one in judge(evidence).findings if one.alarms]


def test_an_output_that_is_squashed_twice_is_named(make):
    verdict = judge(make["stuck"](model={"output_activation": "sigmoid"}))
    assert verdict.try_first.name == "wrong_loss"
    assert verdict.try_first.overrides == ("model.output_activation=none",)
    assert named(make["classes"](GOOD, model={"output_activation": "sigmoid"})) == []


def test_where_the_loss_is_not_seen_probabilities_are_a_suspect_of_a_run_that_suffers_alone(make):
    unseen = {"model": {"output_activation": "sigmoid"}, "task": {"loss": ""}}
    suspects = [one for one in judge(make["stuck"](**unseen)).findings if one.name == "wrong_loss"]
    assert [one.summary for one in suspects] == [
        "The output passes a sigmoid: unless the module's own loss takes probabilities, it is squashed twice."
    ]
    assert "wrong_loss" not in [one.name for one in judge(make["classes"](GOOD, **unseen)).findings]


def test_a_bounded_output_for_an_unbounded_target_is_named(make):
    verdict = judge(make["numbers"](0.1, model={"output_activation": "sigmoid"}, references={"linear": 0.9}))
    assert verdict.try_first.name == "wrong_loss"


def test_class_numbers_without_an_order_are_named_and_ordered_ones_are_not(make):
    codes = {"target_whole": True, "target_distinct": 6, "target_order": 0.5}
    evidence = make["numbers"](0.3, data=codes, references={"boosted_trees": 0.6})
    assert judge(evidence).try_first.overrides == ("task=multiclass", "loss=auto")
    ratings = {**codes, "target_order": 0.001}
    assert "wrong_loss" not in named(make["numbers"](0.3, data=ratings, references={"boosted_trees": 0.3}))
    counts = {"target_whole": True, "target_distinct": 40}
    assert "wrong_loss" not in named(make["numbers"](0.3, data=counts, references={"boosted_trees": 0.3}))


def test_outliers_are_named_only_where_a_robust_loss_did_better(make):
    tail = {"target_tail": 80.0}
    assert named(make["numbers"](0.9, data=tail)) == []
    tried = make["trial"]("robust_loss", ("loss=huber",), metric="val/r2")
    assert named(make["numbers"](0.3, data=tail, trials=(tried,), references={"boosted_trees": 0.4})) == ["wrong_loss"]


def test_a_bounded_output_for_a_standardised_target_is_named(make):
    evidence = make["numbers"](
        0.4,
        model={"output_activation": "sigmoid"},
        references={"boosted_trees": 0.9},
        data={"target_low": 0.0, "target_high": 1.0},
        config={"data.normalize_target": True},
    )
    assert judge(evidence).try_first.name == "wrong_loss"


def test_a_share_behind_a_sigmoid_is_fine(make):
    evidence = make["numbers"](
        0.4, model={"output_activation": "sigmoid"}, data={"target_low": 0.0, "target_high": 1.0}
    )
    assert "wrong_loss" not in named(evidence)


def test_a_weight_that_makes_every_row_positive_is_named(make):
    one_sided = [[4, 196], [1, 199]]
    verdict = judge(make["classes"](one_sided, references={"boosted_trees": 0.8}, config={"loss.pos_weight": 60.0}))
    assert verdict.try_first.name == "wrong_loss"
    assert verdict.try_first.overrides == ("loss.pos_weight=null",)
    balancing = make["classes"]([[900, 60], [20, 70]], ap=0.8, config={"loss.pos_weight": 10.0})
    assert "wrong_loss" not in named(balancing)


def test_whole_numbers_whose_order_was_not_tested_are_unknown(make):
    evidence = make["numbers"](0.9, data={"target_whole": True, "target_distinct": 5})
    assert "wrong_loss" in {one.name for one in judge(evidence).unknown}


def test_codes_that_are_told_apart_well_and_have_no_order_are_named_though_the_score_is_high(make):
    codes = {"target_whole": True, "target_distinct": 6, "target_order": 0.5}
    assert named(make["numbers"](0.95, data=codes, references={"boosted_trees": 0.97})) == ["wrong_loss"]
    assert named(make["numbers"](0.3, data=codes, references={"boosted_trees": 0.31})) == []


def test_codes_of_which_no_other_order_is_surely_better_are_information_however_well_they_are_told_apart(make):
    none_better = Estimate(value=0.01, low=-0.02, high=0.04)
    codes = {"target_whole": True, "target_distinct": 6, "target_order": 0.5, "target_renumbered": none_better}
    verdict = judge(make["numbers"](0.95, data=codes, references={"boosted_trees": 0.97}))
    assert [one.severity for one in verdict.findings if one.name == "wrong_loss"] == ["info"]


def test_numbers_that_surely_have_an_order_are_no_codes_whatever_another_order_explains(make):
    better = Estimate(value=0.17, low=0.1, high=0.2)
    seats = {"target_whole": True, "target_distinct": 44, "target_order": 0.01, "target_renumbered": better}
    assert "wrong_loss" not in named(make["numbers"](0.9, data=seats, references={"boosted_trees": 0.91}))
    codes = {**seats, "target_order": 0.3}
    assert named(make["numbers"](0.9, data=codes, references={"boosted_trees": 0.91})) == ["wrong_loss"]


def test_a_squashed_output_is_the_cause_of_a_threshold_that_does_not_serve(make):
    evidence = make["classes"](
        [[2, 198], [1, 199]],
        references={"boosted_trees": 0.93},
        model={"output_activation": "sigmoid"},
        threshold_best=0.63,
        threshold_gain=Estimate(value=0.35, low=0.3, high=0.4),
    )
    scores = evidence.scores["test"] | {"auroc": Score(value=0.97)}
    rivals = tuple(replace(one, scores={"test": {"auroc": 0.97}}) for one in evidence.references)
    verdict = judge(replace(evidence, scores={**evidence.scores, "test": scores}, references=rivals))
    assert verdict.findings[0].name == "wrong_loss"
    assert next(one for one in verdict.findings if one.name == "bad_threshold").consequence_of == "wrong_loss"


def test_a_few_targets_in_another_unit_are_the_cause_and_not_a_lack_of_signal(make):
    apart = Apart(count=5, share=0.01, gap=40.0, squares=0.99, rows=(3, 17))
    evidence = make["numbers"](-0.5, data={"target_apart": apart}, references={"boosted_trees": -0.1})
    first = judge(evidence).findings[0]
    assert (first.name, first.severity) == ("wrong_loss", "error")
    assert "rows 3, 17" in first.summary
    assert "no_better_than_baseline" not in named(evidence)


def test_codes_that_another_order_explains_better_are_the_root_of_whatever_a_trial_gained_beside_them(make):
    better = Estimate(value=0.4, low=0.3, high=0.5)
    codes = {"target_whole": True, "target_distinct": 3, "target_order": 0.33, "target_renumbered": better}
    tried = make["trial"]("lr_ladder", ("optimizer.lr=0.01",), metric="val/r2", finding="lr_too_low")
    evidence = make["numbers"](0.3, data=codes, references={"boosted_trees": 0.5}, trials=(tried,))
    found = judge(evidence).findings[0]
    assert (found.name, found.severity, found.consequence_of) == ("wrong_loss", "error", None)
    assert "in another order 40 % more of them is explained" in found.summary
    little = {**codes, "target_renumbered": Estimate(value=0.02, low=0.01, high=0.03)}
    assert "wrong_loss" not in named(make["numbers"](0.3, data=little, references={"boosted_trees": 0.5}))


def test_a_robust_fit_that_saves_errors_shows_that_outliers_rule_and_is_no_lack_of_signal(make):
    saved = {"target_tail": 80.0, "robust_gain": Estimate(value=0.3, low=0.2, high=0.4)}
    assert named(make["numbers"](0.0, data=saved, references={"boosted_trees": 0.0}))[0] == "wrong_loss"
    unsure = {"target_tail": 80.0, "robust_gain": Estimate(value=0.3, low=-0.1, high=0.7)}
    assert "wrong_loss" not in named(make["numbers"](0.0, data=unsure, references={"boosted_trees": 0.0}))


@pytest.mark.parametrize(
    ("logs", "config", "found"),
    [(2.4, {}, False), (7.0, {}, False), (9.0, {}, True), (2.4, {"criteria.mae": 1.0}, True)],
)
def test_skewed_amounts_are_no_outliers_unless_absolute_errors_are_asked_for(make, logs, config, found):
    gain = Estimate(value=0.15, low=0.1, high=0.2)
    data = {"target_tail": 33.0, "target_tail_of_logs": logs, "robust_gain": gain}
    evidence = make["numbers"](0.3, data=data, config=config, references={"boosted_trees": 0.3})
    assert ("wrong_loss" in named(evidence)) == found


def test_what_a_robust_loss_saves_of_targets_of_other_rows_is_no_fault_of_the_loss(make):
    swapped = LabelNoise(share=Estimate(value=0.25, low=0.2, high=0.3), n=400, rows=(3, 8))
    saved = {"target_tail": 30.0, "robust_gain": Estimate(value=0.15, low=0.1, high=0.2)}
    evidence = make["numbers"](0.5, data={**saved, "noise": swapped}, references={"boosted_trees": 0.5})
    assert named(evidence) == ["label_noise"]
