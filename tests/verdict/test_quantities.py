"""The questions that findings have in common."""

from dataclasses import replace

import pytest

from litmus.evidence import Estimate, Reference, Score, Trial
from litmus.verdict import quantities

GOOD = [[190, 10], [12, 188]]


def test_the_gain_follows_from_the_score_where_it_was_not_computed(make):
    evidence = make["change"](make["classes"](GOOD), gain={})
    score = evidence.scores["test"]["balanced_accuracy"]
    gain = quantities.gain(evidence)
    assert (gain.value, gain.low, gain.high) == pytest.approx((score.value - 0.5, score.low - 0.5, score.high - 0.5))
    assert quantities.gain(make["change"](evidence, scores={})).value is None


def test_chance_is_the_baselines_score_known_or_not(make):
    assert quantities.chance(make["change"](make["classes"](GOOD), scores={})) == 0.5
    rare = make["change"](make["classes"]([[900, 10], [10, 80]]), scores={})
    assert quantities.chance(rare) == pytest.approx(0.09)
    assert quantities.chance(make["change"](make["numbers"](0.9), scores={})) == 0.0


def test_pooling_weighs_by_precision_and_narrows():
    sharp, blunt = Estimate(value=0.1, low=0.05, high=0.15), Estimate(value=0.5, low=0.0, high=1.0)
    pooled = quantities.pool([sharp, blunt])
    assert 0.1 < pooled.value < 0.12
    assert pooled.high - pooled.low < sharp.high - sharp.low
    assert quantities.pool([]).value is None
    assert quantities.pool([Estimate(value=0.3)]).value == 0.3


def test_a_lead_without_intervals_is_the_difference_of_scores(make):
    evidence = make["classes"](GOOD)
    bare = Reference(name="knn", scores={"test": {"balanced_accuracy": 0.99}})
    ours = evidence.scores["test"]["balanced_accuracy"].value
    assert quantities.advantage(evidence, bare).value == pytest.approx(0.99 - ours)
    assert quantities.advantage(evidence, bare).low is None
    assert quantities.advantage(evidence, None).value is None


def test_the_best_reference_is_chosen_out_of_fold_and_never_a_baseline(make):
    evidence = make["classes"](GOOD, references={"linear": 0.9, "boosted_trees": 0.95})
    assert quantities.best(evidence).name == "boosted_trees"
    lucky = Reference(name="knn", scores={"test": {"balanced_accuracy": 0.999}}, out_of_fold=0.7)
    assert quantities.best(replace(evidence, references=(*evidence.references, lucky))).name == "boosted_trees"
    assert quantities.best(replace(evidence, references=evidence.references[:1])) is None


def test_a_references_own_interval_decides_on_signal_where_it_is_known(make):
    evidence = make["classes"]([[52, 48], [50, 50]], references={"linear": 0.56})
    sure = replace(evidence.references[1], gain={"out_of_fold": Estimate(value=0.06, low=0.03, high=0.09)})
    unsure = replace(evidence.references[1], gain={"out_of_fold": Estimate(value=0.06, low=-0.01, high=0.13)})
    assert quantities.signal(replace(evidence, references=(sure,))) is True
    assert quantities.signal(replace(evidence, references=(unsure,))) is False
    assert quantities.signal(replace(evidence, references=())) is None


def test_balance_widens_the_error_of_chance(make):
    even, skewed = make["classes"]([[100, 100], [100, 100]]), make["classes"]([[200, 100], [50, 50]])
    assert quantities.chance_error(skewed) > quantities.chance_error(even)
    assert quantities.chance_error(even, out_of_fold=True) < quantities.chance_error(even)
    assert quantities.chance_error(make["numbers"](0.0)) == 0.0


def test_a_model_whose_loss_fell_is_not_stuck_whatever_its_decisions(make):
    evidence = make["stuck"]()
    assert quantities.stuck(evidence)
    assert not quantities.stuck(make["change"](evidence, fit={"final_train_loss": 0.4}))
    blind = make["change"](evidence, scores={})
    assert quantities.stuck(blind)


@pytest.mark.parametrize(
    ("changes", "moved", "refuted"),
    [
        ({}, True, False),
        ({"confirmed": False, "difference": Estimate(value=0.01, low=-0.02, high=0.04)}, False, True),
        # every seed may have gained: too few rows of val say so beyond doubt, which acquits nothing
        ({"confirmed": False, "difference": Estimate(value=0.07, low=-0.01, high=0.15)}, False, False),
        ({"confirmed": None}, True, False),
        ({"difference": Estimate(value=0.01, low=0.005, high=0.015)}, False, True),
        ({"difference": None, "after": (0.5,), "before": (0.5,)}, False, True),
        ({"difference": None, "after": (0.9,), "before": (0.5,)}, False, False),
        (
            {"metric": "train/loss", "before": (2.0,), "difference": Estimate(value=0.03, low=0.01, high=0.05)},
            False,
            True,
        ),
    ],
)
def test_a_trial_moves_refutes_or_leaves_open(make, changes, moved, refuted):
    tried = replace(make["trial"]("longer"), **changes)
    assert (quantities.moves(tried), quantities.refutes(tried)) == (moved, refuted)


def test_no_trial_says_nothing():
    assert not quantities.moves(None)
    assert not quantities.refutes(None)
    assert not quantities.moves(Trial(probe="longer"))


def test_what_is_undefined_does_not_count_in_means_and_medians():
    assert quantities.mean([None, 1.0, float("nan"), 3.0]) == 2.0
    assert quantities.median([None, 3.0, 1.0]) == 2.0
    assert quantities.median([3.0, 1.0, 2.0]) == 2.0
    assert quantities.mean([None]) is quantities.median([]) is None


def test_a_split_without_the_primary_metric_has_an_empty_score(make):
    assert quantities.primary(make["classes"](GOOD), "nowhere") == Score(value=None)


def test_a_reference_that_ranks_surely_better_than_chance_shows_signal_though_its_decisions_do_not(make):
    evidence = make["classes"]([[180, 0], [70, 0]], references={"linear": 0.5})
    flat = replace(evidence.references[-1], gain={"out_of_fold": Estimate(value=0.0, low=-0.001, high=0.006)})

    def ranked(auroc):
        scores = {name: {"balanced_accuracy": 0.5, "auroc": auroc} for name in ("val", "test")}
        return quantities.signal(replace(evidence, references=(replace(flat, scores=scores),)))

    assert ranked(0.71) is True
    assert ranked(0.55) is False
