"""A stated goal is read, or refused before anything is built."""

import pytest

from litmus.config import check
from litmus.config.command_words import translate
from litmus.config.composition import composer
from litmus.task.goal import is_goal, parse_goal


@pytest.mark.parametrize("text", ["f1", "youden", "recall@.9", "precision@1", "cost@10:1"])
def test_what_is_a_goal_comes_back_as_it_was_stated(text: str) -> None:
    assert is_goal(text)
    assert parse_goal(str(parse_goal(text))) == parse_goal(text)


@pytest.mark.parametrize("text", ["", "f2", "recall", "recall@2", "precision@0", "cost@1", "cost@0:1"])
def test_what_is_none_is_a_problem_of_the_config(text: str) -> None:
    assert not is_goal(text)
    with composer() as composing:
        problems = check(composing.compose(translate([f"task.threshold_goal='{text}'"], composing.library).all))
    assert [problem.key for problem in problems] == ["task.threshold_goal"]
    assert "must be a goal: f1, youden" in problems[0].message
