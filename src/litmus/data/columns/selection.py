"""A table's columns by role: which are features, and each row's group, time, weight and split.

What is said about columns before training is written here, a line each. A new role is added to `ColumnRoles`, a new
reason to leave a column out to `_without_ids` and `_describe_one`.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from litmus.data.cell_reading import PLAIN, Reading
from litmus.data.columns.dates import has_clock
from litmus.data.columns.kinds import (
    CELLS,
    ColumnKind,
    TypedColumn,
    as_order,
    as_text,
    conform,
    has_id_name,
    is_constant,
    is_counter,
    is_named_id,
    kind_of,
    numbers_things,
    type_column,
)
from litmus.data.columns.numbers import has_numbers
from litmus.data.columns.whole import MOST_NAMED_CODES, are_input_codes
from litmus.data.files.table import CSVLayout, Table, TableColumns
from litmus.data.location import first_true
from litmus.data.rows import Rows
from litmus.errors import quote

MOST_NAMED = 6
NEARLY_ALL = 0.9
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
SPLIT_WORDS: dict[str, Literal["train", "val", "test"]] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}


@final
@dataclass(frozen=True, kw_only=True)
class ColumnRoles:
    """Names of the columns that are neither features nor target; None where a table has none.

    Args:
        weight: Weights of the rows in the loss.
        group: Rows with equal values stay in one split.
        time: Orders the rows.
        split: Says train, val or test.
    """

    weight: str | None = None
    group: str | None = None
    time: str | None = None
    split: str | None = None


@final
@dataclass(frozen=True, kw_only=True)
class ColumnChoice:
    """What the config says about the columns of a table.

    Args:
        features: Use only these columns; None: all useful ones.
        drop_columns: Never use these columns.
        kinds: Kinds of columns whose values would be misread.
        impute: How missing cells are filled, for the note on them.
        layout: How numbers and dates are written.
    """

    features: tuple[str, ...] | None = None
    drop_columns: tuple[str, ...] = ()
    kinds: Mapping[str, ColumnKind] = field(default_factory=dict)
    impute: str = "auto"
    layout: CSVLayout = field(default_factory=CSVLayout)


@final
@dataclass(frozen=True, kw_only=True)
class SelectedColumns:
    """The columns of a table that have no other role, typed.

    Args:
        frame: Features, and identifiers and texts as String for the data checks.
        used: Names of the features among them.
        notes: A line on each column that is not used, or not as it stands.
        readings: What was assumed about columns, by their names.
    """

    frame: pl.DataFrame
    used: tuple[str, ...]
    notes: tuple[str, ...]
    readings: Mapping[str, Reading]


def select_columns(table: Table, target: str, roles: ColumnRoles, choice: ColumnChoice) -> SelectedColumns:
    """The typed columns of a table that have no other role, and which of them are features.

    Raises:
        DataError: A column that a key names is not there, a cell does not fit its column, or nothing is left.
    """
    _check_names(table, target, roles, choice)
    taken = {target, roles.weight, roles.group, roles.time, roles.split, *choice.drop_columns}
    names = [name for name in table.frame.columns if name not in taken]
    if choice.features is not None:
        names = list(choice.features)
    if not names:
        raise table.location.error("no column is left to learn from; check data.drop_columns and data.features")
    typed = {name: _type_column(choice, table, name) for name in names}
    coded = () if choice.layout.strict else _codes(typed, {*choice.kinds})
    typed |= {name: _as_codes(typed[name], table) for name in coded}
    named = {*(choice.features or ()), *choice.kinds}
    columns = _without_ids([column.series for column in typed.values()], table.frame, named)
    used = tuple(series.name for series in columns if kind_of(series) not in {"text", "id", "constant"})
    if not used:
        unused = "; ".join(note.removeprefix("column ") for note in _describe(columns, table.frame)) or "all constant"
        raise table.location.error(f"no column is useful ({unused}); name some with data.features=[...]")
    marks = {name: column.marks for name, column in typed.items()}
    missing = _missing_note(columns, used, marks, choice.impute)
    doubtful = (*_assumed(typed), *_ambiguous(choice.layout, typed), *_padded(typed, choice.layout), *_coded(coded))
    notes = (_summary(columns), *_describe(columns, table.frame), *doubtful, *missing)
    readings = {
        name: reading for name, column in typed.items() if (reading := _reading(column, choice.layout)) != PLAIN
    }
    if table.store is not None:  # it holds no text, which only the data checks would look at
        columns = [series for series in columns if series.dtype != pl.String]
    return SelectedColumns(frame=pl.DataFrame(columns), used=used, notes=notes, readings=readings)


def _check_names(table: Table, target: str, roles: ColumnRoles, choice: ColumnChoice) -> None:
    """Raises DataError if a key names a missing column, or the target, or two keys contradict each other."""
    keys: dict[str, Iterable[str]] = {
        "data.features": choice.features or (),
        "data.drop_columns": choice.drop_columns,
        "data.kinds": choice.kinds,
        "data.weight": filter(None, [roles.weight]),
        "data.group": filter(None, [roles.group]),
        "data.time": filter(None, [roles.time]),
        "data.split_column": filter(None, [roles.split]),
    }
    for key, names in keys.items():
        for name in names:
            table.column(name, key)
            if name == target and key != "data.kinds":
                raise table.location.error(f"{key} names the target {name!r}; name another column")
    for name in choice.features or ():
        if name in choice.drop_columns:
            raise table.location.error(f"{name!r} is in both data.features and data.drop_columns; take it out of one")


def _type_column(choice: ColumnChoice, table: Table, name: str) -> TypedColumn:
    """A column as the kind that the config names, or that its values show; text that is asked for is a category."""
    raw, location = table.frame[name], table.location
    if name in choice.kinds:
        column = conform(raw, choice.kinds[name], location, choice.layout)
    else:
        column = type_column(raw, location, choice.layout)
        if choice.features is not None and column.series.dtype == pl.String:
            column = TypedColumn(column.series.cast(pl.Categorical))
    return replace(column, series=table.stored(column.series))


def _codes(typed: Mapping[str, TypedColumn], named: Collection[str]) -> tuple[str, ...]:
    """Names of the columns whose whole numbers are codes of classes.

    Columns between the same bounds, such as the items of a questionnaire or the pixels of an image, are of one kind:
    codes only if nearly all of them look like it.
    """
    alike: dict[tuple[Any, Any], dict[str, bool]] = {}
    for name, column in typed.items():
        if (
            name in named
            or column.series.dtype != pl.Float64
            or column.series.head(CELLS).n_unique() > MOST_NAMED_CODES
        ):
            continue
        values = column.series.drop_nulls()
        if 2 < values.n_unique() <= MOST_NAMED_CODES:
            alike.setdefault((values.min(), values.max()), {})[name] = are_input_codes(values)
    families = [looks for looks in alike.values() if sum(looks.values()) >= NEARLY_ALL * len(looks)]
    return tuple(name for looks in families for name, is_code in looks.items() if is_code)


def _as_codes(column: TypedColumn, table: Table) -> TypedColumn:
    """A column of numbers as a category; the marks of its missing cells are no levels in new rows either."""
    series = as_text(column.series).cast(pl.Categorical)
    reading = replace(column.reading, missing=(*column.reading.missing, *column.marks))
    return replace(column, series=table.stored(series), reading=reading)


def _without_ids(columns: Sequence[pl.Series], frame: TableColumns, named: set[str]) -> list[pl.Series]:
    """The columns with identifiers as String, and also a mere count of the rows if other features remain.

    Args:
        columns: Typed.
        frame: The same as they stand in the file.
        named: Names in the config, whose columns are what the config says.
    """
    likely = [series for series in columns if has_id_name(series.name)]
    by_name = {series.name for series in likely if is_named_id(series, frame[series.name])} - named
    counters = {series.name for series in columns if is_counter(series) or numbers_things(series)} - named - by_name
    others = [s for s in columns if s.name not in by_name | counters and kind_of(s) not in {"text", "id", "constant"}]
    ids = by_name | counters if others else by_name
    return [frame[s.name].cast(pl.String).alias(s.name) if s.name in ids else s for s in columns]


def _summary(columns: Sequence[pl.Series]) -> str:
    """How many columns of each kind are used."""
    counts = Counter(kind_of(series) for series in columns)
    shown = [f"{counts[kind]} {kind if counts[kind] == 1 else PLURALS[kind]}" for kind in PLURALS if counts[kind]]
    return f"features: {', '.join(shown)}"


def _describe(columns: Sequence[pl.Series], frame: TableColumns) -> tuple[str, ...]:
    return tuple(note for series in columns if (note := _describe_one(series, frame)))


def _describe_one(series: pl.Series, frame: TableColumns) -> str:
    """A note on a column that is not used, or not as it stands; "" for any other."""
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
            return f"{name}: category of {series.n_unique()} levels; rare ones share one (data.max_levels)"
        case _:
            return ""


def _sameness(series: pl.Series, raw: pl.Series) -> str:
    """Why nothing can be learned from a column of one value or none, in words."""
    present = raw.filter(series.is_not_null())
    if not len(present):
        return "empty"
    words = as_text(present).unique()
    if series.dtype == pl.Float64 and len(words) > 1 and (words.str.len_chars() > DIGITS).all():
        return f"numbers that differ beyond digit {DIGITS} alone, such as {present[0]}"
    return f"constant ({present[0]})"


def _disguised(raw: pl.Series) -> str:
    """A hint on numbers in a column of text, which a CSV's are all; "" for anything else."""
    if raw.dtype != pl.String or raw.cast(pl.Float64, strict=False).null_count() > raw.null_count():
        return ""
    return f"; if it is a quantity set data.kinds={{{raw.name}: number}}"


def _ambiguous(layout: CSVLayout, typed: Mapping[str, TypedColumn]) -> tuple[str, ...]:
    """A line on dates that could be read the other way round, unless data.day_first says how they are meant."""
    names = [repr(name) for name, column in typed.items() if column.dates is not None and column.dates.ambiguous]
    if not names or layout.day_first is not None:
        return ()
    return (f"dates read month first, though day first would do as well: {', '.join(names)} (data.day_first=true)",)


def _reading(column: TypedColumn, layout: CSVLayout) -> Reading:
    """What new rows need to know; fractions that were read as they stand had a decimal point."""
    day_first = None if column.dates is None else column.dates.day_first
    decimal = layout.decimal if column.reading.decimal == "auto" else column.reading.decimal
    if decimal == "auto" and column.series.dtype == pl.Float64 and (column.series != column.series.round(0)).any():
        decimal = "point"
    return replace(column.reading, day_first=day_first, decimal=decimal)


def _assumed(typed: Mapping[str, TypedColumn]) -> tuple[str, ...]:
    """A line on each column that was read by an assumption, with the kind to set that does without it."""
    assumed = {name: column for name, column in typed.items() if column.how}
    kinds = {name: "number" if has_numbers(column.reading.missing) else "category" for name, column in assumed.items()}
    return tuple(
        f"column {name!r}: read with {', '.join(column.how)} (otherwise data.kinds={{{name}: {kinds[name]}}})"
        for name, column in assumed.items()
    )


def _padded(typed: Mapping[str, TypedColumn], layout: CSVLayout) -> tuple[str, ...]:
    """A line on numbers with leading zeros, which are codes rather than numbers."""
    names = [name for name, column in typed.items() if column.padded]
    if not names:
        return ()
    listed = ", ".join(map(repr, names))
    if not layout.strict:
        return (f"leading zeros, taken for codes: {listed}; for numbers set data.kinds={{{names[0]}: number}}",)
    return (f"numbers with leading zeros: {listed}; for codes set data.kinds={{{names[0]}: category}}",)


def _coded(names: Sequence[str]) -> tuple[str, ...]:
    """A line on whole numbers that are taken for codes."""
    if not names:
        return ()
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    listed = ", ".join(map(repr, names[:MOST_NAMED])) + more
    return (f"whole numbers taken for codes of classes: {listed}; for numbers set data.kinds={{{names[0]}: number}}",)


def _missing_note(
    columns: Sequence[pl.Series], used: tuple[str, ...], marks: Mapping[str, tuple[str, ...]], impute: str
) -> tuple[str, ...]:
    """A line on the missing cells of all features."""
    counts = {series.name: series.null_count() for series in columns if series.name in used and series.null_count()}
    if not counts:
        return ()
    shown = [
        f"{name} {count}" + (f" (as {', '.join(map(repr, marks[name]))})" if marks.get(name) else "")
        for name, count in list(counts.items())[:MOST_NAMED]
    ]
    more = f" and {len(counts) - MOST_NAMED} more columns" if len(counts) > MOST_NAMED else ""
    return (f"missing cells: {', '.join(shown)}{more}; {FILLS[impute]}",)


def read_roles(rows: Rows, table: Table, roles: ColumnRoles, layout: CSVLayout) -> Rows:
    """The rows of the table with split, group, time and weight as its columns say.

    Raises:
        DataError: A column is missing, a cell is empty, or its value does not fit the role.
    """
    group, alone = _read_group(table, roles.group, layout)
    time, earliest = _read_time(table, roles.time, layout)
    return replace(
        rows,
        notes=(*rows.notes, *alone, *earliest),
        split=_read_split(table, roles.split),
        group=group,
        time=time,
        weight=_read_weight(table, roles.weight, layout),
    )


def _complete(table: Table, name: str | None, key: str) -> pl.Series | None:
    """The column that config key `key` names; raises DataError where a cell is missing."""
    if name is None:
        return None
    series = table.column(name, key)
    wrong = first_true(series.is_null())
    if wrong is not None:
        raise table.location.error(f"the cell is empty, and {key} needs every one", position=wrong, column=name)
    return series


def _read_group(table: Table, name: str | None, layout: CSVLayout) -> tuple[pl.Series | None, tuple[str, ...]]:
    """The groups, of which a row with an empty cell is one by itself, and a line on those rows."""
    if name is None or layout.strict:
        return _complete(table, name, "data.group"), ()
    series = table.column(name, "data.group")
    count = series.null_count()
    if not count:
        return series, ()
    alone = pl.Series([f"row {row} alone" for row in range(len(series))])
    return series.cast(pl.String).fill_null(alone), (f"data.group: {count} rows without {name!r} stand alone",)


def _read_time(table: Table, name: str | None, layout: CSVLayout) -> tuple[pl.Series | None, tuple[str, ...]]:
    """The times, of which empty cells count as the earliest, so that they are trained on, and a line on those rows."""
    if name is None or layout.strict or not (series := table.column(name, "data.time")).null_count():
        whole = _complete(table, name, "data.time")
        return None if whole is None else as_order(whole, table.location, layout), ()
    present = series.drop_nulls()
    if not len(present):
        raise table.location.error("every cell is empty, and data.time needs some", column=name)
    order = as_order(series.fill_null(present[0]), table.location, layout)
    first = order.new_from_index(order.arg_min() or 0, len(order))
    count = series.null_count()
    return order.zip_with(series.is_not_null(), first), (f"data.time: {count} rows without {name!r} count as earliest",)


def _read_weight(table: Table, name: str | None, layout: CSVLayout) -> NDArray[np.float64] | None:
    series = _complete(table, name, "data.weight")
    if series is None:
        return None
    weight = conform(series, "number", table.location, layout).series
    wrong = first_true(weight.is_null() | (weight < 0))
    if wrong is not None:
        message = f"the weight is {quote(series[wrong])}; weights are numbers from 0 on"
        raise table.location.error(message, position=wrong, column=series.name)
    return weight.to_numpy().astype(np.float64)


def _read_split(table: Table, name: str | None) -> NDArray[np.str_] | None:
    """The split of each row as in `Rows.split`: train rows are free where no row says val, which is taken from them."""
    series = _complete(table, name, "data.split_column")
    if series is None:
        return None
    words = series.cast(pl.String).str.strip_chars().str.to_lowercase()
    names = words.replace_strict(list(SPLIT_WORDS), list(SPLIT_WORDS.values()), default=None, return_dtype=pl.String)
    wrong = first_true(names.is_null())
    if wrong is not None:
        message = f"{quote(series[wrong])} is not a split; write train, val or test"
        raise table.location.error(message, position=wrong, column=series.name)
    if "train" not in names:
        raise table.location.error("no row says train; nothing could be learned", column=series.name)
    free = names if "val" in names else names.replace("train", "")
    return np.asarray(free.to_list(), dtype=np.str_)
