"""What a decision threshold is to achieve, as a person states it."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal, final

from annotated_types import Predicate

from litmus.errors import ConfigError, Problem, quote

GRAMMAR = "f1, youden, recall@R, precision@P or cost@FN:FP, such as recall@.95 or cost@10:1"
_NUMBER = r"(\d+\.?\d*|\.\d+)"
_GOAL = re.compile(rf"(f1|youden)|(recall|precision)@{_NUMBER}|cost@{_NUMBER}:{_NUMBER}")


@final
@dataclass(frozen=True)
class Goal:
    """What a threshold is to achieve.

    Args:
        kind: f1 and youden are maximised, cost is minimised; recall and precision are floors under which the other
            one of the two is maximised.
        floor: The floor of recall or precision, in (0, 1]; None otherwise.
        false_negative: Cost of a missed positive row.
        false_positive: Cost of a negative row taken for positive.
    """

    kind: Literal["f1", "youden", "recall", "precision", "cost"]
    floor: float | None = None
    false_negative: float = 1.0
    false_positive: float = 1.0

    def __str__(self) -> str:
        if self.kind == "cost":
            return f"cost@{self.false_negative:g}:{self.false_positive:g}"
        return self.kind if self.floor is None else f"{self.kind}@{self.floor:g}"


def parse_goal(text: str) -> Goal:
    """The goal that `text` states.

    >>> str(parse_goal("recall@.95"))
    'recall@0.95'

    Raises:
        ConfigError: The text is none of f1, youden, recall@R, precision@P, cost@FN:FP with 0 < R, P <= 1 and costs > 0.
    """
    match = _GOAL.fullmatch(text.strip().lower())
    if match is None:
        raise ConfigError([Problem("task.threshold_goal", f"{quote(text)} is no goal; write {GRAMMAR}")])
    plain, floored, floor, missed, false_alarm = match.groups()
    if plain:
        return Goal(plain)  # type: ignore[arg-type]  # the pattern admits two of the literals
    numbers = [float(number) for number in (floor, missed, false_alarm) if number is not None]
    if min(numbers) <= 0 or (floored and numbers[0] > 1):
        allowed = "above 0 and at most 1" if floored else "above 0"
        raise ConfigError([Problem("task.threshold_goal", f"{quote(text)} is out of range; numbers must be {allowed}")])
    if floored:
        return Goal(floored, floor=numbers[0])  # type: ignore[arg-type]  # as above
    return Goal("cost", false_negative=numbers[0], false_positive=numbers[1])


def is_goal(text: str) -> bool:
    """A goal: f1, youden, recall@R or precision@P with R and P in (0, 1], or cost@FN:FP with costs above 0."""
    try:
        parse_goal(text)
    except ConfigError:
        return False
    return True


GoalText = Annotated[str, Predicate(is_goal)]
