"""What an argument's type hint accepts, said in words and decided for values as YAML and the command line give them."""

import inspect
import json
import re
import types
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from datetime import timedelta
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Interval, Le, Lt, MaxLen, MinLen, Predicate

NAMES: dict[Any, str] = {
    bool: "true, false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Path: "a path",
    timedelta: "a duration",
    type(None): "null",
}
SWITCHES = {True: ("yes", "on", "true"), False: ("off", "no", "none", "false")}


def accepts(hint: Any, value: Any) -> bool:
    """Whether `value`, made of plain types, is one of `hint`: strictly, so that neither true nor "1" is a number."""
    from pydantic import ValidationError

    if hint is Any or (takes_tensor(hint) and is_numbers(value)):
        return True
    try:
        _judge_of(hint).validate_json(json.dumps(value, default=str), strict=True)  # JSON: a list may be a tuple
    except ValidationError:
        return False
    except Exception:  # noqa: BLE001  # nothing can be said about a hint that has no schema, for whatever reason
        return True
    return True


def _judge_of(hint: Any) -> Any:
    try:
        return _adapter(hint)
    except TypeError:  # it holds a list or the like, by which nothing can be found again
        return _adapter.__wrapped__(hint)


@cache
def _adapter(hint: Any) -> Any:
    """Pydantic's judge of a hint, which takes longer to make than to ask."""
    from pydantic import ConfigDict, PydanticUserError, TypeAdapter

    try:
        return TypeAdapter(hint, config=ConfigDict(arbitrary_types_allowed=True))
    except PydanticUserError:
        return TypeAdapter(hint)  # dataclasses and the like bring a config of their own


def takes_tensor(hint: Any) -> bool:
    """Whether a list of numbers is to become a tensor; a hint that lists fit takes them as they are."""
    kinds = [_bare(member) for member in _members(hint)]
    names = [f"{getattr(kind, '__module__', '')}.{getattr(kind, '__qualname__', '')}" for kind in kinds]
    return any(name in {"torch.Tensor", "torch._tensor.Tensor"} for name in names) and not any(map(_listed, kinds))


def is_numbers(value: Any) -> bool:
    """Whether a value is a list of numbers, or of such lists."""
    if not isinstance(value, list) or not value:
        return False
    return all(is_numbers(entry) or (isinstance(entry, int | float) and not isinstance(entry, bool)) for entry in value)


def coerce(hint: Any, value: Any) -> Any:
    """`value` as it was meant where YAML reads words as something else.

    Unquoted `off`, `yes` and `no` arrive as booleans, `2024` as a number; null stands for "none". What is still
    wrong afterwards is left as it is, for `accepts` to refuse.
    """
    if isinstance(value, list):
        inner = next(filter(None, map(_element, _members(hint))), None)
        return value if inner is None else [coerce(inner, item) for item in value]
    kinds = {_bare(member) for member in _members(hint)}
    if value is None and type(None) not in kinds and "none" in choices(hint):
        return "none"
    if isinstance(value, bool) and bool not in kinds:
        words = [word for word in SWITCHES[value] if word in choices(hint)]
        if words:
            return words[0]
        return ("yes" if value else "no") if str in kinds else value
    if isinstance(value, int | float) and str in kinds and not kinds & {int, float, bool, Any}:
        return str(value)
    return value


def describe(hint: Any) -> str:
    """The values that `hint` accepts, such as `a number > 0` or `relu, tanh or null`."""
    members = _members(hint)
    spoken = [member for member in members if _spoken(member)] or members
    words = [word for member in spoken for word in _words(member)]
    if "null" in words:
        words = [word for word in words if word != "null"] + ["null"]
    words = list(dict.fromkeys(words))
    if "a whole number" in words and "a number" in words:
        words.remove("a whole number")
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def choices(hint: Any) -> list[str]:
    """The words among the values that `hint` lists one by one."""
    literals = [member for member in _members(hint) if get_origin(_plain(member)) is Literal]
    return [value for literal in literals for value in get_args(_plain(literal)) if isinstance(value, str)]


def _members(hint: Any) -> list[Any]:
    """The parts of a union, unions inside it taken apart; any other hint is its only part."""
    if get_origin(hint) in {Union, types.UnionType}:
        return [member for part in get_args(hint) for member in _members(part)]
    return [hint]


def _plain(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _bare(hint: Any) -> Any:
    plain = _plain(hint)
    return get_origin(plain) or plain


def _element(hint: Any) -> Any:
    """What a list's items are; None if `hint` is no list or does not say."""
    plain = _plain(hint)
    origin = get_origin(plain)
    return get_args(plain)[0] if _listed(origin) and get_args(plain) else None


def _listed(bare: Any) -> bool:
    """Whether a list in a config may stand for it; a tensor has a length and yet is none."""
    return bare in {Iterable, Collection} or (inspect.isclass(bare) and issubclass(bare, Sequence | Set))


def _spoken(hint: Any) -> bool:
    """Whether a config can hold it: a tensor or a callback beside a number is not worth mentioning."""
    bare = _bare(hint)
    return (
        bare in NAMES
        or bare is Literal
        or _listed(bare)
        or (inspect.isclass(bare) and issubclass(bare, Mapping | Enum))
    )


def _words(hint: Any) -> list[str]:
    plain, bare = _plain(hint), _bare(hint)
    if bare is Literal:
        return ["null" if value is None else str(value) for value in get_args(plain)]
    if bare is bool:
        return ["true", "false"]
    if bare in NAMES:
        return [_bounded(hint, NAMES[bare])]
    if inspect.isclass(bare) and issubclass(bare, Enum):
        return [str(member.value) for member in bare]
    if inspect.isclass(bare) and issubclass(bare, Mapping) and len(get_args(plain)) == 2:
        return [f"a mapping of names, each to {describe(get_args(plain)[1])}"]
    element = _element(hint)
    return [_kind(bare) if element in {None, Any} else f"a list, each {describe(element)}"]


def _bounded(hint: Any, name: str) -> str:
    limits = [limit for mark in getattr(hint, "__metadata__", ()) for limit in _limits(mark)]
    whole = [limit for limit in limits if limit.startswith("a ")]
    return whole[0] if whole else " ".join([name, " and ".join(limits)]).strip()


def _kind(bare: Any) -> str:
    if inspect.isclass(bare) and issubclass(bare, Mapping):
        return "a mapping"
    return "a list" if _listed(bare) else f"a {_name(bare)}"


def _limits(mark: Any) -> list[str]:
    """A constraint in words; a predicate's docstring says what it wants, as `a ...`."""
    if isinstance(mark, Interval):
        return [limit for part in mark for limit in _limits(part)]
    if isinstance(mark, Predicate):
        sentence = (mark.func.__doc__ or "").strip().rstrip(".")
        return [sentence[:1].lower() + sentence[1:]]
    signs = {Gt: ("gt", ">"), Ge: ("ge", ">="), Lt: ("lt", "<"), Le: ("le", "<=")}
    if type(mark) in signs:
        name, sign = signs[type(mark)]
        bound = getattr(mark, name)
        # typing keeps one of equal annotations, so that 0 and 0.0 must read alike
        return [f"{sign} {int(bound) if isinstance(bound, float) and bound.is_integer() else bound}"]
    if isinstance(mark, MinLen):
        return [f"of at least {mark.min_length}"]
    if isinstance(mark, MaxLen):
        return [f"of at most {mark.max_length}"]
    return [limit for part in getattr(mark, "metadata", ()) for limit in _limits(part)]


def _name(bare: Any) -> str:
    return re.sub(r"^.*\.", "", getattr(bare, "__qualname__", str(bare)))
