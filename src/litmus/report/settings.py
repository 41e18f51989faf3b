"""The keys of `report`: what its page may show."""

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, kw_only=True)
class Settings:
    """What report.html and TensorBoard show.

    Args:
        rows: Rows of the data themselves: mistakes with their columns, image or text, and labels that look wrong.
    """

    rows: bool = True
