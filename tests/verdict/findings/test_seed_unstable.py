"""The result depends on the seed."""

from litmus.verdict import judge

GOOD = [[190, 10], [12, 188]]


def named(evidence):
    return [one.name for one in judge(evidence).findings if one.alarms]


def test_a_result_that_depends_on_the_seed_is_a_warning(make):
    seeds = {str(seed): {"balanced_accuracy": value} for seed, value in enumerate((0.55, 0.94, 0.7))}
    assert "seed_unstable" in named(make["classes"](GOOD, seeds=seeds))
    steady = {str(seed): {"balanced_accuracy": value} for seed, value in enumerate((0.93, 0.94, 0.95))}
    assert named(make["classes"](GOOD, seeds=steady)) == []


def test_seeds_that_differ_on_few_rows_by_chance_are_silent_and_surely_different_ones_are_not(make):
    seeds = {str(seed): {"balanced_accuracy": value} for seed, value in enumerate((0.86, 0.95, 0.97))}
    assert named(make["classes"](GOOD, seeds=seeds, seeds_alike=0.2)) == []
    assert named(make["classes"](GOOD, seeds=seeds, seeds_alike=0.0001)) == ["seed_unstable"]


def test_seeds_that_disagree_stay_an_alarm_below_what_makes_them(make):
    seeds = {str(seed): {"balanced_accuracy": value} for seed, value in enumerate((0.5, 0.94, 0.7))}
    found = judge(make["stuck"](seeds=seeds, config={"model.hidden": [1]})).findings
    cause, symptom = (next(one for one in found if one.name == name) for name in ("underfitting", "seed_unstable"))
    assert cause.severity == "error"
    assert (symptom.severity, symptom.consequence_of) == ("warning", "underfitting")
