"""A finished run beside the best earlier one on the same data and target."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from litmus.evidence import Estimate
from litmus.metrics import lower_is_better, measure
from litmus.metrics.answers import Predictions
from litmus.report.phrases import clean, metric, number
from litmus.scoring.difference import difference
from litmus.sweeps.pairing import ValRows, read_rows
from litmus.sweeps.records import Record, read_run, runs_below

SECONDS = 0.5  # for reading earlier runs, the latest first


def beside_earlier(directory: Path, output_dir: Path) -> str:
    """Whether a run is better than the best earlier one, on val, in a line; "" where there is no other.

    Args:
        directory: Of the run, with its files.
        output_dir: Where earlier runs are looked for.
    """
    own = read_run(directory)
    value = own.score(own.primary) if own.primary else None
    if own.primary is None or value is None or not own.data:
        return ""
    name = own.primary
    sign = -1.0 if lower_is_better(name) else 1.0
    scored = [(record, score) for record in _earlier(own, output_dir) if (score := record.score(name)) is not None]
    if not scored:
        return ""
    best, score = max(scored, key=lambda pair: sign * pair[1])
    count = f"the best of {len(scored)} earlier runs" if len(scored) > 1 else "the earlier run"
    head = f"beside {count} on these data ({clean(_place(best.directory, output_dir), 80)}):"
    mine, theirs = read_rows(directory), read_rows(best.directory)
    if mine is None or theirs is None or not mine.same_rows(theirs):
        return f"{head} {metric(name)} {number(value)}, there {number(score)}, on other val rows: not comparable"
    return f"{head} {_words(difference(_predictions(mine), _predictions(theirs), name), name)}"


def _words(found: Estimate, name: str) -> str:
    if found.value is None or found.low is None or found.high is None:
        return f"{metric(name)} cannot be compared"
    known, sign = measure(name), -1.0 if lower_is_better(name) else 1.0
    in_points = known is not None and known.in_points
    better = sign * found.value >= 0
    scale = sign * (1.0 if better else -1.0) * (100 if in_points else 1)
    value, *ends = (scale * x for x in (found.value, found.low, found.high))
    low, high = sorted(ends)
    shown = [f"{x:.1f}" if in_points else number(x) for x in (value, low, high)]
    unit, word = " points" if in_points else "", "better" if better else "worse"
    if float(value) == 0 or shown[0] == "0.0":
        return f"{metric(name)} the same [{shown[1]}, {shown[2]}{unit}] on the same val rows: no real difference"
    amount = f"{shown[0]}{unit} [{shown[1]}, {shown[2]}]"
    answer = f"really {word}" if low > 0 else "no real difference"
    return f"{metric(name)} {word} by {amount} on the same val rows: {answer}"


def _earlier(own: Record, output_dir: Path) -> Iterator[Record]:
    """Finished runs on the same data and target, the latest first, as many as can be read in the time."""
    end = time.monotonic() + SECONDS
    places = [place for place in runs_below(output_dir) if place.absolute() != own.directory.absolute()]
    for place in sorted(places, key=_written, reverse=True):
        if time.monotonic() > end:
            return
        if _digest(place) == _digest(own.directory):
            record = read_run(place)
            if record.status == "finished" and (record.data, record.primary) == (own.data, own.primary):
                yield record


def _digest(run: Path) -> str | None:
    try:
        return str(json.loads((run / "provenance.json").read_text(encoding="utf-8"))["data"]["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _written(run: Path) -> int:
    try:
        return (run / "status.json").stat().st_mtime_ns
    except OSError:
        return 0


def _place(run: Path, output_dir: Path) -> str:
    return str(run.relative_to(output_dir)) if run.is_relative_to(output_dir) else str(run)


def _predictions(rows: ValRows) -> Predictions:
    prob = None if rows.prob is None else torch.from_numpy(rows.prob)
    target, pred = (torch.from_numpy(values) for values in (rows.target, rows.pred))
    if prob is not None:
        target, pred = target.long(), pred.long()
    return Predictions(split="val", rows=torch.from_numpy(rows.rows).long(), target=target, pred=pred, prob=prob)
