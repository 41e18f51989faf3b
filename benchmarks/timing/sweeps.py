"""Sweeps against loops by hand, against runs one by one, and searches by Optuna's TPE against random ones.

Wall time, as it is what several processes save.
"""

import json
import shutil
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import torch
from real_tables import selection

from litmus.config import RunConfig, to_plain
from litmus.config.composition import compose
from timing import hand
from timing.measure import Contender, Once, Span, inside, process
from timing.page import Row
from timing.works import PATIENCE, prepare_data, rows_of, stack

NETWORK = ("data=diabetes", "data.normalize_target=true", "model.hidden=[50]", "loss=mse", "optimizer.lr=0.01")
QUIET = ("verdict.probes=off", "verdict.references=off", "logger=null")
BATCHES = ("data.batch_size=32", "trainer.max_epochs=100", PATIENCE)
LAUNCHERS = {  # the module that each needs, and its words
    "pool": ("litmus",),
    "basic": ("litmus",),
    "joblib": ("hydra_plugins.hydra_joblib_launcher", "hydra.launcher.n_jobs=2"),
    "submitit_local": ("hydra_plugins.hydra_submitit_launcher", "hydra.launcher.timeout_min=30"),
    "ray": ("ray",),
}
TABLES = {True: 3, False: 2}  # with classes as targets, and with numbers: the largest, as `searched` says
WHOLE = ("data.batch_size=null", "trainer.max_epochs=100", PATIENCE)


def against_loops(folder: Path, *, rounds: int, scale: float) -> Iterator[Row]:
    """Sweeps against loops by hand and in the shell, interleaved; `scale` shortens them."""
    many = max(int(100 * scale), 20)  # of fewer, little is left once start-up is taken off
    yield _against_hand(folder, many, rounds)
    yield _jobs_a_minute(folder, many, rounds)
    for count in (3, 9):
        yield _against_shell(folder, count, rounds)
    yield _grid_against_one(folder, rounds)


def by_launcher(folder: Path, *, rounds: int, scale: float) -> Iterator[Row]:
    """The overhead of a job under each launcher that is installed."""
    for launcher, (needs, *words) in LAUNCHERS.items():
        if find_spec(needs) is not None:
            yield _overhead(folder, launcher, words, max(int(20 * scale), 4), rounds)


def by_search(folder: Path, *, rounds: int, scale: float) -> Iterator[Row]:
    """TPE beside random search, on tables."""
    for table in searched(selection.chosen("tune")):
        yield _search(folder, table, max(int(30 * scale), 4), rounds)


def searched(tables: Sequence[selection.Chosen]) -> list[selection.Chosen]:
    """Those to search on: of the tables of `make bench-tables` with 1,000 to 10,000 rows the largest, of both kinds.

    Their targets are such as other models predict neither hardly nor nearly perfectly, so that there is room for a
    setting to be better than another.
    """
    sized = sorted((table for table in tables if 1000 <= len(table.rows) <= 10_000), key=lambda table: -len(table.rows))
    kinds = {kind: [table for table in sized if table.classes is kind] for kind in TABLES}
    return [table for kind, most in TABLES.items() for table in kinds[kind][:most]]


def _sweep(folder: Path, *words: str, seeds: int) -> Contender:
    listed = ",".join(map(str, range(seeds)))
    return process("-m", "litmus", "train", "-m", *NETWORK, *QUIET, *words, f"seed={listed}", directory=folder)


def _run(folder: Path, *words: str, seed: int = 0) -> Contender:
    return process("-m", "litmus", "train", *NETWORK, *QUIET, *words, f"seed={seed}", directory=folder)


def _against_hand(folder: Path, many: int, rounds: int) -> Row:
    """Jobs of a sweep with all their files, start-up and ending taken off, against loops one after another."""
    data = prepare_data(RunConfig(to_plain(compose([*NETWORK, *QUIET, *BATCHES]))))
    tensors = rows_of(data, finish=False)
    job = hand.Job(
        partial(stack, 10, 50, 1),
        hand.squared,
        hand.number_score,
        partial(torch.optim.Adam, lr=0.01),
        100,
        batch_size=32,
        finish=data.preprocess.finish if data.finishes else None,
    )

    def loops() -> None:
        for seed in range(many):
            hand.train(replace(job, seed=seed), tensors, folder, write=lambda *_: None)

    sides = [_sweep(folder, *BATCHES, seeds=many), _sweep(folder, *BATCHES, seeds=1), inside(loops, threads=1)]
    found = [[side() for side in sides] for _ in range(rounds)]
    name = f"{many} jobs of 10-50-1, batches of 32, 100 epochs: after start-up, against loops one after another"
    return _row(name, [(a.wall - b.wall, c.wall) for a, b, c in found], 0.75, "by hand, in one process")


def _jobs_a_minute(folder: Path, many: int, rounds: int) -> Row:
    sides = [_sweep(folder, *WHOLE, seeds=many), _sweep(folder, *WHOLE, seeds=1)]
    seconds = [a.wall - b.wall for a, b in ([side() for side in sides] for _ in range(rounds))]
    rate = Span.of([60 * (many - 1) / max(value, 1e-3) for value in seconds])
    note = f"{rate.median:,.0f} jobs a minute [{rate.low:,.0f}, {rate.high:,.0f}]; 300 are wanted"
    name = f"{many} full-batch jobs, 100 epochs: after start-up, against 300 a minute"
    return _row(name, [(value, (many - 1) / 5) for value in seconds], 1.0, note)


def _against_shell(folder: Path, count: int, rounds: int) -> Row:
    """A sweep of so many jobs against as many single runs, one after another, as in a loop of the shell."""
    sweep, runs = _sweep(folder, *WHOLE, seeds=count), [_run(folder, *WHOLE, seed=seed) for seed in range(count)]
    found = [(sweep().wall, sum(_walls(runs))) for _ in range(rounds)]
    return _row(f"-m with {count} jobs against {count} single runs", found, 1.0, "a loop in the shell")


def _grid_against_one(folder: Path, rounds: int) -> Row:
    grid = process(
        *("-m", "litmus", "train", "-m", *NETWORK, *QUIET, *BATCHES),
        *("optimizer.lr=0.001,0.01,0.1", "model.hidden=[20],[50],[100]"),
        directory=folder,
    )
    one = _run(folder, *BATCHES)
    found = [(grid().wall, one().wall) for _ in range(rounds)]
    return _row("a grid of nine jobs against one run, start-up of both included", found, 1.5, "one run")


def _overhead(folder: Path, launcher: str, words: list[str], many: int, rounds: int) -> Row:
    """What a job of one epoch takes beyond start-up, of which nearly nothing is training."""
    short = ("data.batch_size=null", "trainer.max_epochs=1", f"hydra/launcher={launcher}", *words)
    sides = [_sweep(folder, *short, seeds=many), _sweep(folder, *short, seeds=2)]
    found = [[side().wall for side in sides] for _ in range(rounds)]
    spans = [Span.of([pair[side] for pair in found]) for side in (0, 1)]
    each = Span.of([1000 * (a - b) / (many - 2) for a, b in found])
    note = f"wall time; {each.median:,.0f} ms a job [{each.low:,.0f}, {each.high:,.0f}]; {many} jobs, and 2"
    return Row(f"overhead of a job under hydra/launcher={launcher}", None, *spans, None, note)


def _search(folder: Path, table: selection.Chosen, trials: int, rounds: int) -> Row:
    """The best validation loss of TPE divided by that of random search, each round from another seed.

    The loss is log loss, or the squared error of the standardised target.
    """
    file = folder / f"{table.name}.csv"
    table.rows.to_csv(file, index=False)
    found = []
    for seed in range(rounds):
        pair = []
        for sweeper in ("optuna", "random"):
            place = folder / f"search_{sweeper}"
            words = ["sweep=tables", f"data.path={file}", f"data.target={table.target}", "data.normalize_target=true"]
            words += [f"hydra/sweeper={sweeper}", f"sweep.trials={trials}", f"seed={seed}", f"hydra.sweep.dir={place}"]
            words += ["trainer.max_epochs=20", "sweep.pruner=none", "verdict.references=off", "logger=null"]
            wall = process("-m", "litmus", "train", "-m", *words, directory=folder)().wall
            curve = json.loads((place / "sweep.json").read_text(encoding="utf-8"))["more"]["curve"]
            pair.append((wall, curve[0], curve[len(curve) // 2 - 1], curve[-1]))
            shutil.rmtree(place)
        found.append(pair)
    one, other = (Span.of([pair[side][0] for pair in found]) for side in (0, 1))
    half = statistics.median([pair[0][2] / pair[1][2] for pair in found])
    rate = Span.of([pair[0][3] / pair[1][3] for pair in found])
    first = statistics.median([pair[0][1] for pair in found])
    values = ", ".join(f"{statistics.median([pair[side][3] for pair in found]):.4g}" for side in (0, 1))
    note = f"best val loss, medians {values}, of the defaults {first:.4g}; after half of the trials {half:.3f}"
    name = f"{table.name}, {len(table.rows):,} rows: {trials} trials of 20 epochs, TPE against random, best val loss"
    return Row(name, rate, one, other, None, f"{note}; seconds are of whole sweeps")


def _walls(contenders: list[Contender]) -> Iterator[float]:
    for measure in contenders:
        once: Once = measure()
        yield once.wall


def _row(name: str, pairs: list[tuple[float, float]], goal: float, note: str) -> Row:
    """Wall seconds of both sides, and their ratio in each round."""
    rate = Span.of([a / b for a, b in pairs])
    one, other = (Span.of([pair[side] for pair in pairs]) for side in (0, 1))
    return Row(name, rate, one, other, goal, f"wall time; {note}", wall=rate)
