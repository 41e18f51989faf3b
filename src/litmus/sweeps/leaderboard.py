"""Which settings did best: runs that differ in nothing but the seed are one entry, ranked by validation alone."""

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from litmus.metrics import lower_is_better, measure
from litmus.statistics import Interval, holm, mean_interval, paired_t_interval
from litmus.sweeps import pairing
from litmus.sweeps.records import Record

NEVER_NEGATIVE = frozenset({"auto", "BCE", "CrossEntropy", "Focal", "Huber", "L1", "MSE"})
"""Losses of which that is known."""
SAME_AS_LOSS = {"log_loss": {"auto", "BCE", "CrossEntropy"}, "mse": {"auto", "MSE"}, "mae": {"L1"}}
"""Metrics that have an interval over rows, and the losses that they are up to a scale."""
ROUNDING = 1e-3  # of float32, and of a probability cut at another place
ALPHA = 0.05
FEW_SEEDS = 2  # whose paired difference has one degree of freedom
MOST_COMPARED = 50  # entries that are compared with the first
DATA_KEYS = ("data.path", "data.target", "data.test_path", "data.max_rows", "data.drop_columns")


@final
@dataclass(frozen=True, kw_only=True)
class Entry:
    """Runs that differ only in their seed.

    Args:
        settings: Keys that differ between entries, to their values here.
        records: By seed.
        values: Of the ranking metric on val, one a record that has it.
        mean: Of them; `low` and `high` bound it at 95 %: over several seeds, or for a single one over the val rows,
            None where that is not known.
        primary: Of the primary metric on val: with several seeds their mean and its interval, with one its score and
            the interval over the val rows; bounds that are not known are infinite. None if it is unknown.
    """

    settings: Mapping[str, str]
    records: tuple[Record, ...]
    values: Mapping[int, float]
    mean: float
    low: float | None
    high: float | None
    primary: Interval | None

    @property
    def verdicts(self) -> str:
        """The verdict, or how many of the runs came to each."""
        found = [record.verdict for record in self.records if record.verdict]
        names = sorted(set(found), key=lambda name: (-found.count(name), name))
        return names[0] if len(names) == 1 else ", ".join(f"{found.count(n)} {n}" for n in names) or "none"

    @property
    def reasons(self) -> str:
        """Why runs ended early, where they did."""
        return "; ".join(dict.fromkeys(record.reason for record in self.records if record.reason))

    @property
    def adequate(self) -> str:
        """The verdict, or of how many runs it is adequate."""
        found = [record.verdict for record in self.records if record.verdict]
        if len(set(found)) > 1:
            return f"adequate {found.count('adequate')} of {len(found)}"
        return found[0] if found else "none"

    @property
    def best(self) -> Record:
        """The record with the best value, for whoever wants one checkpoint."""
        lower = lower_is_better(self.records[0].monitor)
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
    tried = [r.settings for r in unfinished if r.settings]
    keys = _differing([*map(dict, groups), *tried])  # a setting whose other values all failed is one that was varied
    metric, notes = _metric(finished, _differing([*map(dict, groups)]))
    entries = [entry for group in groups.values() if (entry := _entry(group, keys, metric)) is not None]
    lost = len(groups) - len(entries)
    if lost:
        notes.append(f"{lost} of {len(groups)} settings have no {metric} and are left out")
    sign = 1 if lower_is_better(metric) else -1
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
    sign = -1.0 if lower_is_better(metric) else 1.0
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


def alike(board: Leaderboard) -> str:
    """What `first_alike` says, in words; "" where nothing can be said."""
    adjusted, count = _adjusted(board), first_alike(board)
    if count is None:
        return ""
    together = f"Holm over {len(adjusted)} paired differences"
    if count == 1:
        worse = sum(p <= ALPHA for p in adjusted)
        return f"the first is really better than {worse} of the {len(adjusted)} that follow ({together})"
    few = len(board.entries[0].values) == FEW_SEEDS
    doubt = "; two seeds tell little, more would tell more" if few else ""
    return f"no real difference among the first {count} of {len(board.entries)} ({together}{doubt})"


def first_alike(board: Leaderboard) -> int | None:
    """How many of the first entries may be as good as the very first, all comparisons with it taken together.

    None where there are fewer than three entries, or no difference can be told.
    """
    adjusted = _adjusted(board)
    if len(adjusted) < 2 or all(map(math.isnan, adjusted)):
        return None
    return next((place for place, p in enumerate(adjusted, start=1) if p <= ALPHA), len(adjusted) + 1)


def _adjusted(board: Leaderboard) -> list[float]:
    """Of the entries that follow the first: p of no difference from it, adjusted for their number; NaN if unknown.

    Source: Holm (1979), over paired differences: on common seeds, else on the same validation rows.
    """
    found = [p_value(board.entries[0], other, board.metric) for other in board.entries[1:MOST_COMPARED]]
    return [float(p) for p in holm(found)]


def p_value(first: Entry, other: Entry, metric: str) -> float:
    """Of no difference between the two; NaN where it cannot be told."""
    from scipy.stats import norm, ttest_ind, ttest_rel

    common = sorted(first.values.keys() & other.values.keys())
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # equal values, whose NaN means what it says
        if len(common) > 1:
            return float(ttest_rel([first.values[s] for s in common], [other.values[s] for s in common]).pvalue)
        if min(len(first.values), len(other.values)) > 1:
            return float(ttest_ind([*first.values.values()], [*other.values.values()], equal_var=False).pvalue)
        found = pairing.difference(first.best.directory, other.best.directory, metric.partition("/")[2])
        if found is None:
            return math.nan
        _, _, interval = found
        error = (interval.high - interval.low) / (2 * norm.ppf(0.975))
        return float(2 * norm.sf(abs(interval.value) / error)) if error > 0 else math.nan


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
    head = ["rank", *board.keys, "score", "low", "high", "seeds", "verdict", "status", "reason", "runs"]
    ranked = [
        [
            *[i, *(entry.settings.get(key, "") for key in board.keys)],
            *[entry.mean, entry.low, entry.high, len(entry.values), entry.verdicts, "finished", entry.reasons],
            " ".join(record.directory.name for record in entry.records),
            *[board.metric, *([entry.primary and entry.primary.value] if extra else [])],
        ]
        for i, entry in enumerate(board.entries, start=1)
    ]
    unfinished = [
        ["", *_cells(r, board.keys), "", "", "", "", "", *_why(r), board.metric, *[""] * len(extra)]
        for r in board.unfinished
    ]
    return [*head, "metric", *extra], [*ranked, *unfinished]


def write(board: Leaderboard, directory: Path, name: str = "leaderboard.csv") -> Path:
    """The leaderboard as a table, in a folder."""
    from litmus.report.files import write_csv

    path = directory / name
    header, lines = rows(board)
    write_csv(path, header, lines)
    return path


def _cells(record: Record, keys: Sequence[str]) -> list[object]:
    return [record.settings.get(key, "") for key in keys]


def _why(record: Record) -> list[object]:
    return [record.status, record.reason or "", record.directory.name]


def _differing(groups: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """Settings that are not the same in all groups: those that all of them have first, else as in the config."""
    keys = dict.fromkeys(key for group in groups for key in group)
    varied = [key for key in keys if len({group.get(key) for group in groups}) > 1]
    return tuple(sorted(varied, key=lambda key: not all(key in group for group in groups)))


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
    by_seed = {(r.seed if r.seed is not None else -i - 1): (r, value) for i, (r, value) in enumerate(known)}
    values = {seed: value for seed, (_, value) in by_seed.items()}
    interval = _mean(list(values.values()), name, records[0].settings.get("loss", ""))
    low, high = (interval.low, interval.high) if len(values) > 1 else _over_rows(next(iter(by_seed.values()))[0], name)
    return Entry(
        settings={key: records[0].settings[key] for key in keys if key in records[0].settings},
        records=tuple(r for r, _ in known),
        values=values,
        mean=interval.value,
        low=low,
        high=high,
        primary=_primary([record for record, _ in by_seed.values()]),
    )


def _primary(records: Sequence[Record]) -> Interval | None:
    known = [(r, value) for r in records if r.primary and (value := r.score(r.primary)) is not None]
    if len(known) == 1:
        record, value = known[0]
        low, high = record.bounds(record.primary or "")
        return Interval(value, -math.inf if low is None else low, math.inf if high is None else high)
    return _mean([value for _, value in known], str(records[0].primary)) if known else None


def _over_rows(record: Record, name: str) -> tuple[float | None, float | None]:
    """Bounds over the validation rows; of a loss, those of the metric that it is, in the loss's own scale."""
    if name != "loss" or record.value is None:
        return record.bounds(name)
    for metric, losses in SAME_AS_LOSS.items():
        score, (low, high) = record.score(metric), record.bounds(metric)
        if score and low is not None and high is not None and record.settings.get("loss") in losses:
            scale = record.value / score  # 1 unless the target was standardised
            if metric != "log_loss" or abs(scale - 1) < ROUNDING:
                return low * scale, high * scale
    return None, None


def _mean(values: Sequence[float], name: str, loss: str = "") -> Interval:
    """Mean and interval over seeds."""
    return within(mean_interval(values), name, loss)


def within(interval: Interval, name: str, loss: str = "") -> Interval:
    """An interval cut to what the metric can be, which Student's knows nothing of."""
    known = measure(name)
    floor, ceiling = (-math.inf, math.inf) if known is None else (known.low, known.high)
    if name == "loss" and loss in NEVER_NEGATIVE:
        floor = 0.0
    return Interval(interval.value, max(interval.low, floor), min(interval.high, ceiling))


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
