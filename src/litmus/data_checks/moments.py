"""Columns that say when a row was observed."""

import re

import numpy as np
import polars as pl
from numpy.typing import NDArray

_OTHER_TIME = re.compile(r"birth|born|dob|built|build|made|model|death|found|expir|due", re.IGNORECASE)
_MOMENT = re.compile(r"(^|[_ .])(years?|date)$", re.IGNORECASE)  # 1999, or 1999.25 for its April

ONE_WAY = 0.65
"""Share of the steps in one direction: units noted in three years each have two thirds."""


def tells_when(series: pl.Series) -> bool:
    """Whether a column says when a row was observed, and not when somebody was born or something built."""
    if _OTHER_TIME.search(series.name):
        return False
    return series.dtype.is_temporal() or (series.dtype.is_numeric() and bool(_MOMENT.search(series.name)))


def goes_on(values: NDArray[np.float64]) -> bool:
    """Whether years in the file's order say when its rows were noted: steps go one way, but where a unit starts again.

    The years of planes and of patients go up as often as down. Of 120 tables with such a column, those of panels and
    series have `ONE_WAY` or more, and what is a trait of each row .63 or less.
    """
    steps = np.diff(values[np.isfinite(values)])
    changes = steps[steps != 0]
    ups = float((changes > 0).mean()) if len(changes) else 0.5
    return max(ups, 1 - ups) >= ONE_WAY
