"""How the cells of one column were read in training, so that new rows are read alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, final

Decimal = Literal["auto", "point", "comma"]


@final
@dataclass(frozen=True, kw_only=True)
class Reading:
    """What was assumed about one column beyond the file's layout.

    Args:
        day_first: Whether the day is written before the month; None where that does not matter.
        affix: What stands beside each number and is left off: a sign of currency, `%` or a unit; `:` for times.
        decimal: The decimal separator that the column's file or the column itself showed; auto: none.
        missing: Values of this column that stand for missing cells, as text, such as `unknown` or `-999`.
    """

    day_first: bool | None = None
    affix: str = ""
    decimal: Decimal = "auto"
    missing: tuple[str, ...] = ()

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """The reading of these fields, as JSON gives them."""
        return cls(**{**state, "missing": tuple(state.get("missing", ()))})


PLAIN = Reading()
