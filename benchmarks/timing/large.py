"""Large tables: a million rows from CSV and Parquet, and a Parquet file larger than the memory that it may take."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import final

import numpy as np
import polars as pl
import torch

from litmus.config import RunConfig, to_plain
from litmus.config.composition import compose
from litmus.engine.trainer import set_threads
from litmus.run import Run, prepare_data
from timing import hand
from timing.measure import Contender, Once, Runs, Span, interleave, process, ratio, span
from timing.page import Row
from timing.works import PATIENCE, Work, by_hand, by_litmus, read_table, stack, table

BENCHMARKS = Path(__file__).resolve().parents[1]
MB = 2**20
COLUMNS = 60
OURS, HAND = "Litmus", "by hand"
ROW_BYTES = 150  # target, outputs and their scores, which stay in memory: stated in docs/data.md
MILLION = (30, 256, 256, 1)  # widths of the model for the table of a million rows


@final
@dataclass(frozen=True)
class Peak:
    """Largest memory of a process, in MB.

    Args:
        own: Anonymous: what nothing but the process can give back.
        resident: With the pages of mapped files, which the system drops when it needs room.
    """

    own: float
    resident: float


def million(folder: Path, *, rounds: int, scale: float) -> Iterator[Row]:
    """Reading, preparing and two epochs, against a plain read and the loop by hand; each in processes of its own."""
    count = max(int(1_000_000 * scale), 4000)
    parquet = table(folder / "million.parquet", rows=count)
    csv = parquet.with_suffix(".csv")
    pl.read_parquet(parquet).write_csv(csv, float_precision=6)
    for file in (parquet, csv):
        contenders = {side: _learning(side, file, folder) for side in (OURS, HAND)}
        runs = interleave(contenders, rounds=min(rounds, 3), warm=False)
        yield _row(f"table {count:,} x 30, MLP 256-256, two epochs, from {file.suffix[1:]}", runs)
        file.unlink()


def _row(name: str, runs: Runs) -> Row:
    peaks = [span(runs, side, of="peak").median for side in (OURS, HAND)]
    note = f"reading included, imports left out; peak {peaks[0]:,.0f} MB, by hand {peaks[1]:,.0f} MB"
    rate, wall = ratio(runs, OURS, HAND), ratio(runs, OURS, HAND, of="wall")
    return Row(name, rate, span(runs, OURS), span(runs, HAND), None, note, wall=wall)


def _learning(side: str, file: Path, folder: Path) -> Contender:
    whole = process("-c", _calling("learn", side, str(file)), directory=folder)

    def measure() -> Once:
        once = whole()
        cpu, wall = json.loads(once.result.rpartition("SPENT ")[2])
        return replace(once, cpu=cpu, wall=wall)

    return measure


def _calling(name: str, *words: str) -> str:
    """Code that calls a function of this module in a process of its own."""
    return f"import sys; sys.path.insert(0, {str(BENCHMARKS)!r}); from timing import large; large.{name}(*{words!r})"


def learn(side: str, file: str) -> None:
    """Reads, prepares and learns two epochs, and prints the seconds of processor and wall that it took."""
    words = [f"data.path={file}", f"data={Path(file).suffix[1:]}", "data.target=y", "data.batch_size=1024"]
    words += ["model.hidden=[256,256]", "trainer.max_epochs=2", "optimizer.lr=0.001", PATIENCE]
    adam = partial(torch.optim.Adam, lr=0.001)
    job = hand.Job(partial(stack, *MILLION), hand.binary_loss, hand.binary_score, adam, 2, batch_size=1024)
    work = Work("", words, job, None, whole=True, read=partial(read_table, Path(file)))
    config = work.config()
    set_threads("auto", sum(parameter.numel() for parameter in job.layers().parameters()))  # the same for both sides
    torch.optim.Adam([torch.ones(1, requires_grad=True)]).step()  # the first one imports for seconds
    cpu, wall = time.process_time(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        if side == OURS:
            by_litmus(work, config, None, Path(folder))
        else:
            by_hand(work, None, Path(folder))
    print("SPENT", json.dumps([time.process_time() - cpu, time.perf_counter() - wall]))


def fit(file: str, memory: str) -> None:
    """Prepares the rows of a file, in pieces unless `memory` is auto, and trains on them."""
    words = ["data=parquet", f"data.path={file}", "data.target=y", f"data.memory={memory}", "data.batch_size=4096"]
    config = RunConfig(to_plain(compose([*words, "model.hidden=[16]", "trainer.max_epochs=2", "logger=null"])))
    data = prepare_data(config)
    assert (data.rows.store is None) == (memory == "auto")
    with tempfile.TemporaryDirectory() as folder:
        Run.build(config, Path(folder), data=data).fit()


def bounded(folder: Path, *, scale: float) -> Row:
    """A Parquet file that takes several times the memory allowed: the peak must stay within what is stated."""
    rows, memory = max(int(2_000_000 * scale), 60_000), max(int(256 * scale), 8)
    file, few = wide(folder / "wide.parquet", rows=rows), wide(folder / "few.parquet", rows=2000)
    bare = peak_of("import lightning.pytorch", folder).own
    base = peak_of(_calling("fit", str(few), "auto"), folder).own
    started = time.perf_counter()
    found = peak_of(_calling("fit", str(file), str(memory)), folder)
    seconds, size = time.perf_counter() - started, file.stat().st_size / MB
    file.unlink()
    rate = (found.own - base) / (memory + rows * ROW_BYTES / MB)
    note = (
        f"file {size:,.0f} MB, as numbers {rows * COLUMNS * 8 / MB:,.0f} MB; allowed {memory} MB (data.memory) and "
        f"{ROW_BYTES} bytes a row; peak {found.own:,.0f} MB of its own, with 2,000 rows {base:,.0f} MB, bare import "
        f"{bare:,.0f} MB (resident, with pages of files that the system may drop, {found.resident:,.0f} MB); "
        f"{seconds:.0f} s in all"
    )
    name = f"peak of preparing and fitting {rows:,} x {COLUMNS} in pieces, beyond that of 2,000 rows / allowed"
    return Row(name, Span(rate, rate, rate), None, None, 1.0, note, same=rate <= 1)


def wide(path: Path, *, rows: int) -> Path:
    """A Parquet file of many numeric columns in row groups, and a label that some of them decide."""
    rng = np.random.default_rng(0)
    columns = {f"x{i}": rng.normal(size=rows).astype(np.float32) for i in range(COLUMNS)}
    y = columns["x0"] + columns["x1"] * columns["x2"] + rng.normal(size=rows) > 0
    pl.DataFrame({**columns, "y": y.astype(np.int64)}).write_parquet(path, row_group_size=100_000)
    return path


def peak_of(code: str, folder: Path) -> Peak:
    """The largest memory of a Python process that runs `code`, looked at every few milliseconds.

    Raises:
        RuntimeError: It did not end with status 0.
    """
    own = resident = 0.0
    log = folder / "peak.log"
    with (
        log.open("w") as out,
        subprocess.Popen([sys.executable, "-c", code], cwd=folder, stdout=out, stderr=out) as one,
    ):
        while one.poll() is None:
            told = _status(one.pid)
            own, resident = max(own, told.get("RssAnon", 0.0)), max(resident, told.get("VmHWM", 0.0))
            time.sleep(0.005)
    if one.returncode:
        raise RuntimeError(f"failed:\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
    return Peak(own, resident)


def _status(pid: int) -> dict[str, float]:
    """Memory of a process in MB by the kernel's names; nothing once it has gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return {}
    return {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.endswith(" kB")}
