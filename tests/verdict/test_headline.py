"""The first sentence of a summary."""

from litmus.evidence import Score
from litmus.verdict.criteria import ask
from litmus.verdict.headline import decisive


def test_of_criteria_missed_alike_the_one_that_is_surely_missed_is_named():
    unknown = ask("precision", Score(value=0.0, low=0.0, high=0.999, n=900), 0.8)
    missed = ask("recall", Score(value=0.0, low=0.0, high=0.03, n=900), 0.8)
    assert decisive([unknown, missed]) is missed
    assert decisive([missed, unknown]) is missed


def test_the_criterion_that_is_missed_by_most_is_named():
    much = ask("recall", Score(value=0.3, low=0.1, high=0.9, n=20), 0.8)
    little = ask("precision", Score(value=0.7, low=0.65, high=0.75, n=900), 0.8)
    assert decisive([little, much]) is much
