"""Which settings did best: runs that differ in nothing but the seed are one entry, ranked by validation alone."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from litmus.statistics import Interval, mean_interval, paired_t_interval
from litmus.sweep import pairing
from litmus.sweep.records import Record
from litmus.verdict.criteria import lower_is_better

DATA_KEYS = ("data.path", "data.target", "data.test_path", "data.max_rows", "data.drop_columns")


@final
@dataclass(frozen=True, kw_only=True)
class Entry:
    """Runs that differ only in their seed.

    Args:
        settings: Keys that differ between entries, to their values here.
        records: By seed.
        values: Of the ranking metric on val, one a record that has it.
        mean: Of them; `low` and `high` bound it at 95 %, None for a single seed.
        primary: Mean of the primary metric on val.
    """

    settings: Mapping[str, str]
    records: tuple[Record, ...]
    values: Mapping[int, float]
    mean: float
    low: float | None
    high: float | None
    primary: float | None

    @property
    def verdicts(self) -> str:
        """The verdict, or how many of the runs came to each."""
        found = [record.verdict for record in self.records if record.verdict]
        names = sorted(set(found), key=lambda name: (-found.count(name), name))
        return names[0] if len(names) == 1 else ", ".join(f"{found.count(n)} {n}" for n in names) or "none"

    @property
    def best(self) -> Record:
        """The record with the best value, for whoever wants one checkpoint."""
        lower = lower_is_better(self.records[0].monitor.partition("/")[2])
        known = [record for record in self.records if record.value is not None]
        return min(known or self.records, key=lambda r: (r.value or 0.0) * (1 if lower else -1))


@final
@dataclass(frozen=True, kw_only=True)
class Leaderboard:
    """Entries, best first.

    Args:
        metric: Logged name that ranks them; never one of test.
        primary: Name of the primary metric; None if unknown, or where it is what ranks.
        keys: Settings that differ.
        entries: Ranked.
        unfinished: Runs that failed, were interrupted, are running or cannot be read.
        difference: What can be said of first against second.
        notes: What to know before believing the order.
    """

    metric: str
    primary: str | None
    keys: tuple[str, ...]
    entries: tuple[Entry, ...]
    unfinished: tuple[Record, ...] = ()
    difference: str = ""
    notes: tuple[str, ...] = ()


def rank(records: Sequence[Record]) -> Leaderboard:
    """The leaderboard of these runs."""
    finished = [r for r in records if r.status == "finished"]
    unfinished = tuple(r for r in records if r.status != "finished")
    groups: dict[tuple[tuple[str, str], ...], list[Record]] = {}
    for record in finished:
        groups.setdefault(tuple(sorted(record.settings.items())), []).append(record)
    keys = _differing([dict(group) for group in groups])
    metric, notes = _metric(finished, keys)
    entries = [entry for group in groups.values() if (entry := _entry(group, keys, metric)) is not None]
    lost = len(groups) - len(entries)
    if lost:
        notes.append(f"{lost} of {len(groups)} settings have no {metric} and are left out")
    sign = 1 if lower_is_better(metric.partition("/")[2]) else -1
    entries.sort(key=lambda entry: sign * entry.mean)
    primary = next((r.primary for r in finished if r.primary), None)
    return Leaderboard(
        metric=metric,
        primary=None if metric == f"val/{primary}" else primary,
        keys=keys,
        entries=tuple(entries),
        unfinished=unfinished,
        difference=compare(entries[0], entries[1], metric) if len(entries) > 1 else "",
        notes=tuple(notes),
    )


def compare(first: Entry, second: Entry, metric: str) -> str:
    """Whether first is really better than second: paired over common seeds, or by intervals over seeds."""
    sign = -1.0 if lower_is_better(metric.partition("/")[2]) else 1.0
    common = sorted(first.values.keys() & second.values.keys())
    if len(common) > 1:
        found = paired_t_interval([first.values[s] for s in common], [second.values[s] for s in common])
        how = f"paired over {len(common)} seeds"
    elif min(len(first.values), len(second.values)) > 1:
        found, how = _welch(list(first.values.values()), list(second.values.values())), "over unlike seeds"
    else:
        return _by_rows(first, second, metric)
    low, high = sorted((sign * found.low, sign * found.high))
    return _said(sign * found.value, low, high, f"better in {metric}, {how}")


def _by_rows(first: Entry, second: Entry, metric: str) -> str:
    """First against second where no more than one seed is common: on the validation rows that both predicted."""
    seeds = first.values.keys() & second.values.keys()
    pair = [next((r for r in e.records if r.seed in seeds), e.best).directory for e in (first, second)]
    found = pairing.difference(pair[0], pair[1], metric.partition("/")[2])
    if found is None:
        return "too few common seeds: whether first and second really differ is unknown; repeat them with seed=1,2,3"
    what, n, interval = found
    how = f"less {what} on the same {n} val rows; one seed each, so another seed may say otherwise"
    return _said(-interval.value, -interval.high, -interval.low, how)


def _said(value: float, low: float, high: float, how: str) -> str:
    answer = "the first is really better than the second" if low > 0 else "first and second may not differ"
    return f"{answer}: {value:.3g} [{low:.3g}, {high:.3g}] {how}"


def rows(board: Leaderboard) -> tuple[list[str], list[list[object]]]:
    """Header and rows of leaderboard.csv: ranked entries, then what did not finish."""
    extra = [f"val/{board.primary}"] if board.primary else []
    header = ["rank", *board.keys, "seeds", board.metric, "low", "high", *extra, "verdict", "status", "reason", "runs"]
    ranked = [
        [
            *[i, *(entry.settings.get(key, "") for key in board.keys), len(entry.values), entry.mean],
            *[entry.low, entry.high, *([entry.primary] if extra else []), entry.verdicts],
            *["finished", "", " ".join(record.directory.name for record in entry.records)],
        ]
        for i, entry in enumerate(board.entries, start=1)
    ]
    blank = [""] * (4 + len(extra) + 1)
    return header, [*ranked, *(["", *_cells(r, board.keys), *blank, *_why(r)] for r in board.unfinished)]


def write(board: Leaderboard, directory: Path) -> Path:
    """leaderboard.csv of a sweep."""
    from litmus.report.files import write_csv

    path = directory / "leaderboard.csv"
    header, lines = rows(board)
    write_csv(path, header, lines)
    return path


def _cells(record: Record, keys: Sequence[str]) -> list[object]:
    return [record.settings.get(key, "") for key in keys]


def _why(record: Record) -> list[object]:
    return [record.status, record.reason or "", record.directory.name]


def _differing(groups: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """Settings that are not the same in all groups, most varied first as they stand in the config."""
    keys = dict.fromkeys(key for group in groups for key in group)
    return tuple(key for key in keys if len({group.get(key) for group in groups}) > 1)


def _metric(records: Sequence[Record], keys: Sequence[str]) -> tuple[str, list[str]]:
    """The monitor where all share it and it means the same in all; otherwise the primary metric, and why."""
    monitors = list(dict.fromkeys(record.monitor for record in records))
    primaries = list(dict.fromkeys(record.primary for record in records if record.primary))
    notes = []
    if any(key in DATA_KEYS or key == "data" for key in keys):
        notes.append("the runs differ in their data: their values cannot be compared")
    if len(primaries) > 1:
        notes.append(f"the runs differ in their primary metric: {', '.join(primaries)}")
    metric = monitors[0] if monitors else "val/loss"
    changed = next((key for key in keys if key.partition(".")[0] == "loss"), None)
    if (len(monitors) > 1 or (metric.endswith("/loss") and changed)) and len(primaries) == 1:
        why = f"the runs differ in {changed or 'monitor'}"
        metric = f"val/{primaries[0]}"
        notes.append(f"{why}, so they are ranked by {metric}")
    if not metric.startswith("val/") and primaries:
        notes.append(f"{metric} is no validation metric, so they are ranked by val/{primaries[0]}")
        metric = f"val/{primaries[0]}"
    return metric, notes


def _entry(records: Sequence[Record], keys: Sequence[str], metric: str) -> Entry | None:
    name = metric.partition("/")[2]
    found = [(r, r.value if r.monitor == metric else r.score(name)) for r in records]
    known = [(r, value) for r, value in found if value is not None and math.isfinite(value)]
    if not known:
        return None
    # two runs of one seed: the later one counts
    values = {(r.seed if r.seed is not None else -i - 1): value for i, (r, value) in enumerate(known)}
    interval = mean_interval(list(values.values()))
    several = len(values) > 1
    primary = [v for r in records if r.primary and (v := r.score(r.primary)) is not None]
    return Entry(
        settings={key: records[0].settings[key] for key in keys if key in records[0].settings},
        records=tuple(r for r, _ in known),
        values=values,
        mean=interval.value,
        low=interval.low if several else None,
        high=interval.high if several else None,
        primary=float(np.mean(primary)) if primary else None,
    )


def _welch(a: Sequence[float], b: Sequence[float]) -> Interval:
    """Interval of mean(a) - mean(b) of independent values. Source: Welch (1947)."""
    from scipy.stats import t

    x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
    parts = x.var(ddof=1) / len(x), y.var(ddof=1) / len(y)
    error, value = math.sqrt(sum(parts)), float(x.mean() - y.mean())
    if error == 0:
        return Interval(value, value, value)
    degrees = sum(parts) ** 2 / (parts[0] ** 2 / (len(x) - 1) + parts[1] ** 2 / (len(y) - 1))
    half = float(t.ppf(0.975, degrees)) * error
    return Interval(value, value - half, value + half)
