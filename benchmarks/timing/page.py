"""The sections on speed and on sweeps of benchmarks/README.md, and the figures that they are written from."""

import json
import os
import platform
import textwrap
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, final

from litmus.report.files import git_state
from timing.measure import Span

SWEEPS = ("sweeps", "launchers", "searches")  # parts of the section on sweeps; all others are of that on speed
TITLES = {
    "speed": "Speed: small models at the speed of a hand-written loop",
    "sweeps": "Sweeps: against loops by hand and in the shell, by launcher, and how searches get on",
}
HOWS = {
    "sweeps": """
`make bench-sweeps`, then `make bench-searches`; `python benchmarks/speed.py --help`. Both sides of a row run in turn,
A B A B ... Ratios are of wall time, as that is what several processes save, round by round: median and, in brackets,
least and largest. Every sweep is a process of its own, with its start-up, leaderboard and every job's files.
""",
    "speed": """
`make bench`, or `python benchmarks/speed.py --help`. Both sides of a row run in turn, A B A B ..., after one round that
does not count (whole processes: none such). Ratios are of processor time, round by round: median and, in brackets,
least and largest.

By hand (`timing/hand.py`): plain PyTorch. Every epoch the loss and four metrics of both splits as numbers (accuracy,
precision, recall, F1; or MSE, RMSE, MAE, R2), best weights in memory, a patience counted, a checkpoint at the end.
Litmus: set-up and `Run.fit`. Every epoch the loss and all metrics of its task on both splits (eleven for classes, four
for numbers), what gradients and updates of each layer do, early stopping with a patience that is never reached, best
weights in memory, last.ckpt, and history.csv in every row. Where TensorBoard is named, the hand loop writes every
value by `add_scalar` and a line of CSV.

Rows are read and prepared beforehand, except in the row from Parquet. Seeds of weights and order are the same, and the
trained parameters are compared. Both sides use as many threads as Litmus chooses for the model's size.
""",
}
SMALL = 0.01  # seconds of a stage that is not named
BLOCKED = """
What blocks the rest: `import lightning.pytorch` is most of the whole process, and all of it is run by any use of it.
Three parts of it serve no run of ours, and have no switch: torchmetrics imports `scipy.signal` where SciPy is installed
(scikit-learn needs SciPy) and `matplotlib.pyplot` where matplotlib is; Lightning's `fabric.wrappers` imports
`torch._dynamo`, and with it SymPy, which the first optimizer of torch would import too (the script on torch
alone pays it there). Names put into `sys.modules` to keep them out would be no supported means. What is left to us: no
garbage collection while modules load, and none of them looked at again at the process's end.
"""


@final
@dataclass(frozen=True)
class Row:
    """One row.

    Args:
        name: The work.
        rate: Ratio of processor time; None: not measured.
        one: Processor seconds of the first side.
        other: Of the second.
        goal: Largest ratio wanted; None: reported only.
        note: Against what, and what else was seen.
        same: Whether parameters agreed where they are compared.
        wall: Ratio of wall time.
    """

    name: str
    rate: Span | None
    one: Span | None
    other: Span | None
    goal: float | None
    note: str
    same: bool = True
    wall: Span | None = None

    def line(self) -> str:
        """As a row of a table in Markdown."""
        met = "" if self.goal is None or self.rate is None else ("yes" if self.rate.median <= self.goal else "**no**")
        goal = "reported" if self.goal is None else f"<= {self.goal}"
        cells = [self.name, _rate(self.rate), goal, met, _rate(self.wall), _seconds(self.one), _seconds(self.other)]
        return f"| {' | '.join([*cells, self.note])} |"

    @staticmethod
    def restored(stored: dict[str, Any]) -> "Row":
        """From what `asdict` gave."""
        spans = {key: stored[key] and Span(**stored[key]) for key in ("rate", "one", "other", "wall")}
        return Row(**{**stored, **spans})


@final
@dataclass(frozen=True)
class Part:
    """What was measured together.

    Args:
        rows: Of the table.
        machine: What on, and when.
        stages: Name, processor and wall seconds.
        packages: Name and seconds of import.
    """

    rows: list[Row]
    machine: str
    stages: list[tuple[str, float, float]] = field(default_factory=list)
    packages: list[tuple[str, float]] = field(default_factory=list)

    @staticmethod
    def now(rows: list[Row], *, rounds: int, **more: Any) -> "Part":
        """On this machine, at this moment."""
        return Part(rows, machine(rounds), **more)


def keep(name: str, part: Part, folder: Path) -> None:
    """Stores a part; the one before it is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(asdict(part), indent=1), encoding="utf-8")


def lost(folder: Path, path: Path, measured: Collection[str], *, order: list[str]) -> list[str]:
    """Parts that the page shows and that it would lose, were it written once these are measured."""
    found = []
    for mark, names in _sections(order).items():
        there = {name for name in names if name in measured or (folder / f"{name}.json").is_file()}
        shown = {name for name in names if f"\n- {name}: " in _cut(path, mark)[1]}
        found += sorted(shown - there) if there else []
    return found


def write(folder: Path, path: Path, *, order: list[str]) -> None:
    """Replaces each section between its markers, or adds it, by what is kept in `folder`; one without stays."""
    for mark, names in _sections(order).items():
        files = {name: folder / f"{name}.json" for name in names}
        kept = {name: json.loads(file.read_text(encoding="utf-8")) for name, file in files.items() if file.is_file()}
        if kept:
            before, _, after = _cut(path, mark)
            lines = [f"<!-- {mark} -->", *_section(mark, kept), f"<!-- /{mark} -->"]
            path.write_text(f"{before.rstrip()}\n\n{chr(10).join(lines)}{after or chr(10)}", encoding="utf-8")


def _sections(order: list[str]) -> dict[str, list[str]]:
    """The parts of each section."""
    return {mark: [name for name in order if (name in SWEEPS) == (mark == "sweeps")] for mark in TITLES}


def _cut(path: Path, mark: str) -> tuple[str, str, str]:
    """What stands before, in and behind a section."""
    old = path.read_text(encoding="utf-8") if path.exists() else "# Benchmarks\n"
    before, _, rest = old.partition(f"<!-- {mark} -->")
    section, _, after = rest.partition(f"<!-- /{mark} -->")
    return before, section, after


def _section(mark: str, kept: dict[str, Any]) -> list[str]:
    lines = ["", f"## {TITLES[mark]}", "", HOWS[mark].strip(), ""]
    lines += ["| work | ratio | goal | met | wall | seconds | against | note |", "|---|---|---|---|---|---|---|---|"]
    lines += [Row.restored(row).line() for part in kept.values() for row in part["rows"]]
    lines += ["", *(textwrap.fill(f"- {name}: {part['machine']}", 118) for name, part in kept.items())]
    for part in kept.values():
        lines += _stages(part["stages"], part["packages"])
    return lines


def _stages(stages: list[list[Any]], packages: list[list[Any]]) -> list[str]:
    if not stages:
        return []
    whole = sum(cpu for _, cpu, _ in stages)
    rest = [stage for stage in stages if stage[1] < SMALL]
    lines = ["", "### Where the time goes", ""]
    lines += [
        "`litmus train experiment=circles_linear_v1 verdict.probes=off verdict.references=off`, one process.",
        "Each stage is without its imports.",
        "",
        *("| stage | processor s | share | wall s |", "|---|---|---|---|"),
        *(_stage(name, cpu, wall, whole) for name, cpu, wall in stages if cpu >= SMALL),
        _stage("all others", sum(stage[1] for stage in rest), sum(stage[2] for stage in rest), whole),
    ]
    lines += ["", "Its imports by package (`-X importtime`, seconds of each package's own files):", ""]
    return [*lines, ", ".join(f"{name} {seconds:.2f}" for name, seconds in packages), "", BLOCKED.strip()]


def _stage(name: str, cpu: float, wall: float, whole: float) -> str:
    return f"| {name} | {cpu:.2f} | {100 * cpu / (whole or 1.0):.0f} % | {wall:.2f} |"


def machine(rounds: int) -> str:
    """What the figures were measured on."""
    load = f"{os.getloadavg()[1]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return (
        f"{datetime.now(UTC).date()}, {commit()}, {os.cpu_count()} cores ({platform.machine()}), "
        f"Python {platform.python_version()}, torch {version('torch')}, lightning {version('lightning')}, "
        f"{rounds} rounds, load average {load}. "
        "A load above the number of cores means that other work shared the machine: seconds are inflated on both sides."
    )


def commit() -> str:
    """Of the tree that is measured."""
    state = git_state(Path(__file__).parent)
    return (
        f"commit {state['commit'][:8]}{' with changes' if state['dirty'] else ''}" if state["commit"] else "no commit"
    )


def _rate(span: Span | None) -> str:
    return "" if span is None else f"{span.median:.2f} [{span.low:.2f}, {span.high:.2f}]"


def _seconds(span: Span | None) -> str:
    return "" if span is None else f"{span.median:.3g}"
