"""Columns that say when a row was observed."""

import re

import polars as pl

_OTHER_TIME = re.compile(r"birth|born|dob|built|build|made|model|death|found|expir|due", re.IGNORECASE)
_MOMENT = re.compile(r"(^|[_ .])(years?|date)$", re.IGNORECASE)  # 1999, or 1999.25 for its April


def tells_when(series: pl.Series) -> bool:
    """Whether a column says when a row was observed, and not when somebody was born or something built."""
    if _OTHER_TIME.search(series.name):
        return False
    return series.dtype.is_temporal() or (series.dtype.is_numeric() and bool(_MOMENT.search(series.name)))
