"""Type hints in words, and what they accept."""

from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Optional

import pytest
import torch
from annotated_types import Ge, Gt, Lt, MinLen
from hypothesis import given, settings
from hypothesis import strategies as st

from litmus.config.hints import accepts, choices, coerce, describe, takes_tensor
from litmus.config.root import Name

Count = Annotated[int, Ge(1)]
Share = Annotated[float, Ge(0), Lt(1)]
Activation = Literal["relu", "tanh", "none"]


class Colour(Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        (Count, "a whole number >= 1"),
        (Count | None, "a whole number >= 1 or null"),
        (Share, "a number >= 0 and < 1"),
        (Annotated[float, Gt(0), Lt(1)] | Literal["tuned"], "a number > 0 and < 1 or tuned"),
        (Activation, "relu, tanh or none"),
        (bool, "true or false"),
        (Literal["auto"] | bool, "auto, true or false"),
        (Sequence[Count], "a list, each a whole number >= 1"),
        (tuple[float, float], "a list, each a number"),
        (float | torch.Tensor, "a number"),
        (Optional[int | str], "a whole number, text or null"),  # noqa: UP045  # the older spelling must work, too
        (dict[str, int], "a mapping of names, each to a whole number"),
        (dict, "a mapping"),
        (Path, "a path"),
        (Colour, "red"),
        (Name, "a name of 1 to 100 letters, digits, dots, dashes or underscores"),
        (Annotated[list[str], MinLen(2)], "a list, each text"),
        (torch.Tensor, "a Tensor"),
    ],
)
def test_a_hint_is_said_in_words(hint, words):
    assert describe(hint) == words


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (float, 1),
        (float | torch.Tensor, 0.1),
        (tuple[float, float], [0.9, 0.999]),
        (Sequence[Count], []),
        (Path, "a/b.csv"),
        (Any, object),
        (Literal["auto"] | bool, True),
        (Name, "run-1.b_2"),
        (Colour, "red"),
    ],
)
def test_what_a_hint_accepts(hint, value):
    assert accepts(hint, value)


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (float, True),
        (float, "1e-3"),
        (float | torch.Tensor, True),
        (float | torch.Tensor, "1"),
        (int, 2.5),
        (int, 10.0),
        (bool, 1),
        (bool, "yes"),
        (str, 3),
        (Count, 0),
        (Share, 1.0),
        (Sequence[Count], [8, True]),
        (Sequence[Count], 8),
        (Activation, "rellu"),
        (Count, None),
        (Name, ".."),
        (Name, "a/b"),
        (Name, "x" * 101),
    ],
)
def test_what_a_hint_refuses(hint, value):
    assert not accepts(hint, value)


@pytest.mark.parametrize(
    ("hint", "value", "meant"),
    [
        (Literal["auto", "off"], False, "off"),
        (Literal["none", "batch"], False, "none"),
        (Literal["none", "batch"], None, "none"),
        (Literal["yes", "no"], True, "yes"),
        (str | None, 2024, "2024"),
        (str | None, False, "no"),
        (list[str], [2024, "a"], ["2024", "a"]),
        (int | str, 5, 5),
        (Literal["auto"] | bool, False, False),
        (float, "1", "1"),
        (float, True, True),
        (Literal["none"] | None, None, None),
        (Sequence[Annotated[str, MinLen(1)]] | None, [1], ["1"]),
    ],
)
def test_values_that_yaml_reads_as_something_else_get_their_meaning_back(hint, value, meant):
    got = coerce(hint, value)
    assert got == meant
    assert type(got) is type(meant)


@settings(deadline=None)
@given(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text())
def test_coercing_never_spoils_what_is_accepted(value):
    for hint in (int, float, bool, str, Activation, Literal["auto"] | bool, int | None, str | None):
        if accepts(hint, value):
            assert coerce(hint, value) == value


def test_the_choices_of_a_union_are_gathered():
    assert choices(Literal["a", 1] | int | Annotated[Literal["b"], None]) == ["a", "b"]


def test_a_hint_without_a_schema_refuses_nothing():
    assert accepts("Undefined", 3)


def test_a_list_of_numbers_stands_for_a_tensor_but_not_where_a_list_fits():
    assert takes_tensor(torch.Tensor | None)
    assert accepts(torch.Tensor | None, [1, 2.5])
    assert not accepts(torch.Tensor | None, ["a"])
    assert not takes_tensor(list[float] | torch.Tensor)
