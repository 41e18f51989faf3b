"""The rows of the table, each measured by one function."""

import json
import re
import shutil
import statistics
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from timing import peers as others
from timing.measure import Contender, Runs, Span, inside, interleave, process, ratio, span
from timing.page import Row
from timing.works import Work, by_hand, by_litmus, largest_difference, prepare_data, rows_of, works

HERE = Path(__file__).resolve().parent
CIRCLES = ("experiment=circles_linear_v1", "verdict.probes=off", "verdict.references=off")
OURS, HAND = "Litmus", "by hand"


def loop(work: Work, folder: Path, *, rounds: int) -> Row:
    """Set-up and fit against the loop by hand, on the same rows."""
    config, place = work.config(), folder / "run"
    data = None if work.whole else prepare_data(config)
    tensors = None if data is None else rows_of(data, finish=False)
    if data is not None and data.finishes:
        work = replace(work, job=replace(work.job, finish=data.preprocess.finish))
    threads = _threads(work)
    place.mkdir(exist_ok=True)
    contenders = {
        OURS: inside(partial(by_litmus, work, config, data, place), threads=threads),
        HAND: inside(partial(by_hand, work, tensors, place), threads=threads),
    }
    runs = interleave(contenders, rounds=rounds)
    run, model = runs[OURS][-1].result, runs[HAND][-1].result
    difference = None if work.whole else largest_difference(run, model)
    shutil.rmtree(place)
    lean = "lean loop" if run.trainer.lean else f"stock loop: {run.trainer.stock_reason}"
    same = "other split, not compared" if difference is None else _words(difference)
    return _row(work.name, runs, OURS, HAND, goal=work.goal, note=f"{lean}; {same}", same=not difference)


def evidence(folder: Path, *, rounds: int, scale: float) -> list[Row]:
    """What recording the layers for the verdict costs the shortest and the longest steps."""
    made = []
    for work in [work for work in works(folder, scale=scale) if work.name.startswith(("circles", "MNIST"))]:
        config, place = work.config(), folder / "run"
        data, threads = prepare_data(config), _threads(work)
        contenders = {
            OURS: inside(partial(by_litmus, work, config, data, place), threads=threads),
            "itself without": inside(partial(by_litmus, work, config, data, place, records=False), threads=threads),
        }
        runs = interleave(contenders, rounds=rounds)
        name = f"evidence for the verdict: {work.name}"
        made.append(_row(name, runs, OURS, "itself without", goal=1.05, note="records of layers"))
    return made


def _threads(work: Work) -> int:
    """What Litmus chooses for a model of this size, given to both sides."""
    from litmus.engine.trainer import set_threads

    set_threads("auto", sum(parameter.numel() for parameter in work.job.layers().parameters()))
    return torch.get_num_threads()


def _words(difference: float) -> str:
    return "parameters bit-identical" if difference == 0 else f"parameters differ by up to {difference:.1e}"


def peers(folder: Path, *, rounds: int, epochs: int) -> list[Row]:
    """Each tool on the circles, against the loop by hand for as many epochs."""
    work = works(folder, scale=epochs / 1000)[0]
    config, place = work.config(), folder / "peers"
    data = prepare_data(config)
    tensors = rows_of(data, finish=False)
    place.mkdir(exist_ok=True)
    contenders: dict[str, Contender] = {
        HAND: inside(lambda: by_hand(work, tensors, place), threads=1),
        OURS: inside(lambda: by_litmus(work, config, data, place), threads=1),
        "Lightning as templates use it": inside(partial(others.template, tensors, epochs, place), threads=1),
        "scikit-learn MLPClassifier": inside(partial(others.scikit, tensors, epochs), threads=1),
    }
    note = "skorch is missing: pip install -e '.[bench]'"
    try:
        import skorch  # noqa: F401
    except ImportError:
        print(note)
    else:
        contenders["skorch"] = inside(partial(others.skorch, tensors, epochs), threads=1)
        note = ""
    runs = interleave(contenders, rounds=rounds)
    name = f"circles 2-10-10-1, {epochs} full-batch epochs: "
    made = [_row(name + other, runs, other, HAND, goal=None, note="") for other in contenders if other != HAND]
    return made if not note else [*made, Row(name + "skorch", None, None, None, None, note)]


def start(folder: Path, *, rounds: int) -> list[Row]:
    """Help and a composed config against `import hydra`."""
    contenders = {
        "import hydra": process("-c", "import hydra", directory=folder),
        "litmus --help": process("-m", "litmus", "--help", directory=folder),
        "litmus train --cfg job": process("-m", "litmus", "train", "--cfg", "job", directory=folder),
    }
    runs = interleave(contenders, rounds=rounds)
    found = [name for name in list(contenders)[1:] if _imports_torch(name.split()[1:], folder)]
    note = f"torch imported by {found}" if found else "torch not imported"
    goals = {"litmus --help": 1.0, "litmus train --cfg job": 2.0}
    return [_row(f"`{name}`", runs, name, "import hydra", goal=goal, note=note) for name, goal in goals.items()]


def _imports_torch(words: list[str], folder: Path) -> bool:
    code = f"import sys; from litmus.cli import main; main({words!r}); print('TORCH', 'torch' in sys.modules)"
    return "TORCH True" in process("-c", code, directory=folder)().result


def whole_process(folder: Path, *, rounds: int, scale: float) -> list[Row]:
    """`litmus train` from the shell to the prompt, against scripts that train the same by hand."""
    epochs = str(max(int(1000 * scale), 2))
    script = str(HERE / "script.py")
    contenders = {
        OURS: process("-m", "litmus", "train", *CIRCLES, f"trainer.max_epochs={epochs}", directory=folder),
        "script with lightning": process(script, "lightning", epochs, str(folder), directory=folder),
        "script on torch": process(script, "torch", epochs, str(folder), directory=folder),
    }
    runs = interleave(contenders, rounds=rounds, warm=False)  # the files have been read by now
    name = f"`litmus train {' '.join(CIRCLES)}`, whole process"
    return [
        _row(name, runs, OURS, "script with lightning", goal=1.15, note=""),
        _row(name, runs, OURS, "script on torch", goal=1.25, note="goal of the second kind: reported"),
    ]


def stages(folder: Path) -> list[tuple[str, float, float]]:
    """Name, processor and wall seconds of each stage of the circles run, the largest first."""
    told = _staged(CIRCLES, folder)
    table = [(name, cpu, told["wall"].get(name, cpu)) for name, cpu in told["cpu"].items()]
    return sorted(table, key=lambda row: -row[1])


def packages(folder: Path) -> list[tuple[str, float]]:
    """Seconds that each package's own files take to be imported in the circles run, the largest first."""
    words = ("-m", "litmus", "train", *CIRCLES, "trainer.max_epochs=2")
    text = process("-X", "importtime", *words, directory=folder)().result
    found: dict[str, float] = {}
    for own, name in re.findall(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\w+)", text):
        found[name] = found.get(name, 0.0) + int(own) / 1e6
    return sorted(found.items(), key=lambda pair: -pair[1])[:12]


def verdict(folder: Path, *, rounds: int) -> list[Row]:
    """What comes after the fit, report and figures included: of a default run, and of one whose verdict is probed."""
    runs: dict[str, tuple[str, ...]] = {"a default run": (), "circles_linear_v1, whose verdict is probed": CIRCLES[:1]}
    goals = {"a default run": 1.0}
    made = []
    for name, words in runs.items():
        told = [_staged(words, folder) for _ in range(rounds)]
        after, fit = Span.of([one["after"] for one in told]), Span.of([one["wall"]["fit"] for one in told])
        rate = Span.of([one["after"] / (one["wall"]["fit"] + 3) for one in told])
        probes = statistics.median(one["wall"].get("probes", 0.0) for one in told)
        note = f"fit {fit.median:.1f} s wall, after it {after.median:.1f} s, of which probes {probes:.1f} s"
        work = f"scores, probes, verdict, report of {name} / (fit + 3 s), wall"
        made.append(Row(work, rate, after, fit, goals.get(name), note))
    return made


def _staged(words: tuple[str, ...], folder: Path) -> dict[str, Any]:
    text = process(str(HERE / "stages.py"), *words, directory=folder)().result
    told: dict[str, Any] = json.loads(text.rpartition("STAGES ")[2].splitlines()[0])
    return told


def _own_peak(code: str, folder: Path) -> float:
    """Largest resident memory in MB of a process that runs `code`.

    From its own page tables: what wait() reports of a child is never less than its parent had when it was started.
    """
    ask = "print('PEAK', next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])"
    said = re.findall(r"PEAK (\d+)", process("-c", f"{code}\n{ask}", directory=folder)().result)
    return int(said[-1]) / 1024


def memory(folder: Path, *, scale: float) -> list[Row]:
    """Largest resident memory of a process that fits the circles, before probes and report."""
    code = (
        f"import sys; sys.path.insert(0, {str(HERE.parent)!r})\n"
        "from pathlib import Path; from timing.works import *\n"
        f"work = works(Path('.'), scale={min(scale, 0.1)})[0]\n"
        "by_litmus(work, work.config(), None, Path('memory'))"
    )
    peak, bare = (_own_peak(one, folder) for one in (code, "import lightning.pytorch"))
    note = f"{peak:.0f} MB; bare `import lightning.pytorch` {bare:.0f} MB"
    return [
        Row(
            "peak memory during the circles' fit / `import lightning.pytorch`",
            Span(peak / bare, peak / bare, peak / bare),
            None,
            None,
            None,
            note,
        )
    ]


def _row(name: str, runs: Runs, one: str, other: str, *, goal: float | None, note: str, same: bool = True) -> Row:
    told = f"against {other}" + (f"; {note}" if note else "")
    rate, wall = ratio(runs, one, other), ratio(runs, one, other, of="wall")
    return Row(name, rate, span(runs, one), span(runs, other), goal, told, same=same, wall=wall)
