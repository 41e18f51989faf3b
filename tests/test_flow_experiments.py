"""Every shipped experiment scores and ends as its header says, on seeds that the header was not measured with."""

import csv
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from litmus.cli import main
from litmus.verdict.answers import WORDS
from litmus.verdict.findings import names

FOLDER = Path(__file__).resolve().parents[1] / "conf" / "experiment"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
SEEDS = (5, 6, 7)
EXPECT = re.compile(r"# expect: ([\w/]+) (-?[\d.]+) to (-?[\d.]+)")
VERDICT = re.compile(rf"\b({'|'.join(WORDS)}) \(([a-z_, ]+)\)")
TIME = re.compile(r"# time: (\d+) s on 2 cores(; tested with one seed)?")


@dataclass(frozen=True, kw_only=True)
class Header:
    """What an experiment says of itself.

    Args:
        command: The line that runs it.
        expect: Least and greatest value of each metric of test; of a column of history.csv, in its last row, where
            the name has a slash.
        verdicts: The words that it may end in, each with the warnings and errors that it then shows.
        seeds: How many it is tested with.
    """

    command: str
    expect: dict[str, tuple[float, float]]
    verdicts: dict[str, set[str]]
    seeds: int


def read_header(name: str) -> Header:
    lines = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    [verdict] = [line for line in lines if line.startswith("# verdict: ")]
    [time] = [TIME.fullmatch(line) for line in lines if line.startswith("# time:")]
    expected = [EXPECT.fullmatch(line) for line in lines if line.startswith("# expect:")]
    assert time
    assert all(expected)
    return Header(
        command=next(line.removeprefix("# ") for line in lines if line.startswith("# litmus ")),
        expect={one[1]: (float(one[2]), float(one[3])) for one in expected if one},
        verdicts={word: set(found.split(", ")) - {"none"} for word, found in VERDICT.findall(verdict)},
        seeds=1 if time[2] else len(SEEDS),
    )


def scores(run: Path) -> dict[str, Any]:
    """The values of test under their names, and the last row of history.csv under its own."""
    test = json.loads((run / "metrics.json").read_text())["test"]
    with (run / "history.csv").open() as file:
        last = list(csv.DictReader(file))[-1]
    return {name: one["value"] for name, one in test.items() if isinstance(one, dict) and "value" in one} | last


@pytest.mark.parametrize("name", NAMES)
def test_a_header_states_command_score_verdict_and_time(name: str) -> None:
    header = read_header(name)
    assert header.command == f"litmus train experiment={name}"
    assert header.expect
    assert header.verdicts
    assert set().union(*header.verdicts.values()) <= set(names())
    assert all(low < high for low, high in header.expect.values())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "seed"),
    [
        pytest.param(name, seed, marks=() if seed == SEEDS[0] else pytest.mark.verify)
        for name in NAMES
        for seed in SEEDS[: read_header(name).seeds]
    ],
)
def test_an_experiment_does_what_its_header_says(name: str, seed: int, tmp_path: Path) -> None:
    header = read_header(name)
    assert main([*header.command.split()[1:], f"seed={seed}", f"output_dir={tmp_path}", "logger=csv"]) == 0
    [found] = tmp_path.glob(f"{name}/*/verdict.json")
    verdict = json.loads(found.read_text())
    assert verdict["verdict"] in header.verdicts, verdict["summary"]
    alarms = {one["name"] for one in verdict["findings"] if one["severity"] != "info"}
    assert alarms == header.verdicts[verdict["verdict"]]
    measured = scores(found.parent)
    outside = {
        name: measured[name] for name, (low, high) in header.expect.items() if not low <= float(measured[name]) <= high
    }
    assert outside == {}
