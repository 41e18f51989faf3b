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
