"""Writes the measured figures into README.md, between their markers."""

import argparse
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from diagnosing.score import Judged, Rate
from diagnosing.store import ROOT

PAGE = Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- diagnosis figures -->", "<!-- end of diagnosis figures -->"


def write(halves: Mapping[str, Sequence[Rate]], runs: Sequence[Judged], asked: argparse.Namespace) -> None:
    """Replaces what stands between the markers."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{table(halves, runs, asked)}{END}{after}", encoding="utf-8")


def table(halves: Mapping[str, Sequence[Rate]], runs: Sequence[Judged], asked: argparse.Namespace) -> str:
    """Both halves side by side, in markdown."""
    names = {rate.name: rate.goal for rates in halves.values() for rate in rates}
    cases = {run.case.name: run.case for run in runs}.values()
    healthy = [case for case in cases if case.healthy]
    generators = len({case.generator for case in healthy})
    head = (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} at commit {_commit()}: {len(cases) - len(healthy)} faults and "
        f"{len(healthy)} healthy controls from {generators} generators, {len(runs)} runs, seeds each: {asked.seeds}, "
        f"{'no repairs' if asked.without_repair else f'seeds a repair: {asked.repair_seeds}'}"
        f"{', judged without trials' if asked.without_trials else ''}.\n\n"
    )
    lines = [f"| | goal | {' | '.join(halves)} |", f"|---|---|{'---|' * len(halves)}"]
    for name, goal in names.items():
        cells = [next((_cell(one) for one in rates if one.name == name), "") for rates in halves.values()]
        lines.append(f"| {name} | {goal} | {' | '.join(cells)} |")
    return head + "\n".join(lines) + "\n"


def _cell(rate: Rate) -> str:
    if rate.value is None:
        return "not measured"
    return f"{rate.value:.2f} [{rate.low:.2f}, {rate.high:.2f}], {rate.clusters} clusters"


def _commit() -> str:
    words = ["git", "rev-parse", "--short", "HEAD"]
    said = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    return said.stdout.strip() or "unknown"
