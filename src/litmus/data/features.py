"""Which columns of a table the model sees, and a line on each that it does not see as it stands."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, final

import polars as pl

from litmus.data.columns import (
    ColumnKind,
    Typed,
    conform,
    has_id_name,
    is_constant,
    is_counter,
    is_named_id,
    kind_of,
    type_column,
)
from litmus.data.dates import has_clock
from litmus.data.layout import Layout
from litmus.data.reading import Columns, Table
from litmus.data.target import as_text

MOST_NAMED = 6
DIGITS = 15  # decimal digits that a float64 keeps
FILLS = {
    "auto": "numbers and dates: median; booleans: more frequent; categories: a level of their own",
    "mean": "mean",
    "median": "median",
    "most_frequent": "most frequent",
    "drop": "rows left out",
    "error": "refused",
}


PLURALS: dict[ColumnKind, str] = {
    "number": "numbers",
    "category": "categories",
    "date": "dates",
    "boolean": "booleans",
}


class Choice(Protocol):
    """The keys of a table source that decide on columns."""

    @property
    def features(self) -> tuple[str, ...] | None: ...
    @property
    def drop_columns(self) -> tuple[str, ...]: ...
    @property
    def kinds(self) -> Mapping[str, ColumnKind]: ...
    @property
    def weight(self) -> str | None: ...
    @property
    def group(self) -> str | None: ...
    @property
    def time(self) -> str | None: ...
    @property
    def split_column(self) -> str | None: ...
    @property
    def impute(self) -> str: ...
    @property
    def layout(self) -> Layout: ...


@final
@dataclass(frozen=True, kw_only=True)
class Features:
    """Typed columns.

    Args:
        frame: Features, and identifiers and texts as String for the data checks.
        used: Names of the features among them.
        notes: A line on each column that is not used, or not as it stands.
        day_first: Of the date columns where it matters, whether the day stands before the month.
    """

    frame: pl.DataFrame
    used: tuple[str, ...]
    notes: tuple[str, ...]
    day_first: Mapping[str, bool]


def choose_features(choice: Choice, table: Table, target: str) -> Features:
    """Type the columns and decide which of them are features.

    Raises:
        DataError: A column that a key names is not there, a cell does not fit its column, or nothing is left.
    """
    _check_names(choice, table, target)
    roles = {target, choice.weight, choice.group, choice.time, choice.split_column}
    names = [name for name in table.frame.columns if name not in roles and name not in choice.drop_columns]
    if choice.features is not None:
        names = list(choice.features)
    if not names:
        raise table.place.error("no column is left to learn from; check data.drop_columns and data.features")
    typed = {}
    for name in names:
        found = _typed(choice, table, name)
        typed[name] = replace(found, series=table.kept(found.series))
    asked = {*(choice.features or ()), *choice.kinds}
    columns = _without_ids([column.series for column in typed.values()], table.frame, asked)
    used = tuple(series.name for series in columns if kind_of(series) not in {"text", "id", "constant"})
    if not used:
        unused = "; ".join(note.removeprefix("column ") for note in _describe(columns, table.frame)) or "all constant"
        raise table.place.error(f"no column is of use ({unused}); name some with data.features=[...]")
    marks = {name: column.marks for name, column in typed.items()}
    missing = _missing_note(columns, used, marks, choice.impute)
    read = (*_ambiguous(choice.layout, typed), *_padded(typed))
    notes = (_summary(columns), *_describe(columns, table.frame), *read, *missing)
    day_first = {name: c.dates.day_first for name, c in typed.items() if c.dates and c.dates.day_first is not None}
    if table.shelf is not None:  # which holds no text; only data checks would look at it
        columns = [series for series in columns if series.dtype != pl.String]
    return Features(frame=pl.DataFrame(columns), used=used, notes=notes, day_first=day_first)


def _check_names(choice: Choice, table: Table, target: str) -> None:
    """Every column that a key names is there, and none is both target and feature."""
    keys: dict[str, Iterable[str]] = {
        "data.features": choice.features or (),
        "data.drop_columns": choice.drop_columns,
        "data.kinds": choice.kinds,
        "data.weight": filter(None, [choice.weight]),
        "data.group": filter(None, [choice.group]),
        "data.time": filter(None, [choice.time]),
        "data.split_column": filter(None, [choice.split_column]),
    }
    for key, names in keys.items():
        for name in names:
            table.column(name, key)
            if name == target and key != "data.kinds":
                raise table.place.error(f"{key} names the target {name!r}; name another column")
    for name in choice.features or ():
        if name in choice.drop_columns:
            raise table.place.error(f"{name!r} is in both data.features and data.drop_columns; take it out of one")


def _typed(choice: Choice, table: Table, name: str) -> Typed:
    raw, place = table.frame[name], table.place
    if name in choice.kinds:
        return conform(raw, choice.kinds[name], place, choice.layout)
    column = type_column(raw, place, choice.layout)
    if choice.features is not None and column.series.dtype == pl.String:
        return Typed(column.series.cast(pl.Categorical))
    return column


def _without_ids(columns: Sequence[pl.Series], frame: Columns, asked: set[str]) -> list[pl.Series]:
    """Identifiers as String; a bare count of the rows only where other features remain."""
    likely = [series for series in columns if has_id_name(series.name)]
    named = {series.name for series in likely if is_named_id(series, frame[series.name])} - asked
    counters = {series.name for series in columns if is_counter(series)} - asked - named
    others = [s for s in columns if s.name not in named | counters and kind_of(s) not in {"text", "id", "constant"}]
    ids = named | counters if others else named
    return [frame[s.name].cast(pl.String).alias(s.name) if s.name in ids else s for s in columns]


def _summary(columns: Sequence[pl.Series]) -> str:
    """How many columns of which kind are used."""
    counts = Counter(kind_of(series) for series in columns)
    shown = [f"{counts[kind]} {kind if counts[kind] == 1 else PLURALS[kind]}" for kind in PLURALS if counts[kind]]
    return f"features: {', '.join(shown)}"


def _describe(columns: Sequence[pl.Series], frame: Columns) -> tuple[str, ...]:
    return tuple(note for series in columns if (note := _describe_one(series, frame)))


def _describe_one(series: pl.Series, frame: Columns) -> str:
    """What a person should know of a column that is not used, or not as it stands."""
    name = f"column {series.name!r}"
    if is_constant(series):
        return f"{name}: {_sameness(series, frame[series.name])}, not used"
    match kind_of(series):
        case "id":
            hint = _disguised(frame[series.name])
            return f"{name}: id-like, {series.n_unique()} distinct values in {len(series)} rows, not used{hint}"
        case "text":
            return f"{name}: free text, not used here (data=text learns from text)"
        case "date":
            hour = ", and hour" if has_clock(series.drop_nulls()) else ""
            return f"{name}: date, turned into year, month, weekday, days{hour}"
        case "category" if series.n_unique() > 100:
            return f"{name}: category of {series.n_unique()} levels; the rarest share one (data.max_levels)"
        case _:
            return ""


def _sameness(series: pl.Series, raw: pl.Series) -> str:
    """Why nothing can be learned from a column of one value, or none."""
    present = raw.filter(series.is_not_null())
    if not len(present):
        return "empty"
    words = as_text(present).unique()
    if series.dtype == pl.Float64 and len(words) > 1 and (words.str.len_chars() > DIGITS).all():
        return f"numbers that differ beyond digit {DIGITS} alone, such as {present[0]}"
    return f"constant ({present[0]})"


def _disguised(raw: pl.Series) -> str:
    """What to say of numbers that a typed file holds as text."""
    if raw.dtype != pl.String or raw.cast(pl.Float64, strict=False).null_count() > raw.null_count():
        return ""
    return f"; for numbers written as text set data.kinds={{{raw.name}: number}}"


def _ambiguous(layout: Layout, typed: Mapping[str, Typed]) -> tuple[str, ...]:
    """A line on the dates that could be meant otherwise, unless it was said how they are meant."""
    names = [repr(name) for name, column in typed.items() if column.dates is not None and column.dates.ambiguous]
    if not names or layout.day_first is not None:
        return ()
    return (f"dates read month first, though day first would do as well: {', '.join(names)} (data.day_first=true)",)


def _padded(typed: Mapping[str, Typed]) -> tuple[str, ...]:
    """A line on digits that may be codes."""
    names = [name for name, column in typed.items() if column.padded]
    if not names:
        return ()
    listed = ", ".join(map(repr, names))
    return (f"numbers with leading zeros: {listed}; for codes set data.kinds={{{names[0]}: category}}",)


def _missing_note(
    columns: Sequence[pl.Series], used: tuple[str, ...], marks: Mapping[str, tuple[str, ...]], impute: str
) -> tuple[str, ...]:
    """One line on the missing cells of all features."""
    counts = {series.name: series.null_count() for series in columns if series.name in used and series.null_count()}
    if not counts:
        return ()
    shown = [
        f"{name} {count}" + (f" (as {', '.join(map(repr, marks[name]))})" if marks.get(name) else "")
        for name, count in list(counts.items())[:MOST_NAMED]
    ]
    more = f" and {len(counts) - MOST_NAMED} more columns" if len(counts) > MOST_NAMED else ""
    return (f"missing cells: {', '.join(shown)}{more}; {FILLS[impute]}",)
