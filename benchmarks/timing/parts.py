"""What can be measured by itself: each part gives rows of the table."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import final

from timing import large, rows
from timing import sweeps as searches
from timing.page import Part, Row
from timing.works import works


@final
@dataclass(frozen=True)
class Asked:
    """How to measure.

    Args:
        folder: For files; emptied afterwards.
        rounds: How many.
        scale: Share of the epochs and rows.
        only: What a loop's name must contain.
    """

    folder: Path
    rounds: int
    scale: float
    only: str


def _shown(found: Iterator[Row], asked: Asked) -> Part:
    made = []
    for row in found:
        print(row.line(), flush=True)
        made.append(row)
    return Part.now(made, rounds=asked.rounds)


def loops(asked: Asked) -> Part:
    wanted = (work for work in works(asked.folder, scale=asked.scale) if asked.only in work.name)
    return _shown((rows.loop(work, asked.folder, rounds=asked.rounds) for work in wanted), asked)


def evidence(asked: Asked) -> Part:
    return _shown(iter(rows.evidence(asked.folder, rounds=asked.rounds, scale=asked.scale)), asked)


def peers(asked: Asked) -> Part:
    epochs = max(int(200 * asked.scale), 2)
    return _shown(iter(rows.peers(asked.folder, rounds=asked.rounds, epochs=epochs)), asked)


def start(asked: Asked) -> Part:
    return _shown(iter(rows.start(asked.folder, rounds=asked.rounds)), asked)


def process(asked: Asked) -> Part:
    return _shown(iter(rows.whole_process(asked.folder, rounds=asked.rounds, scale=asked.scale)), asked)


def verdict(asked: Asked) -> Part:
    return _shown(iter(rows.verdict(asked.folder, rounds=asked.rounds)), asked)


def memory(asked: Asked) -> Part:
    return _shown(iter(rows.memory(asked.folder, scale=asked.scale)), asked)


def tables(asked: Asked) -> Part:
    found = chain(
        large.million(asked.folder, rounds=asked.rounds, scale=asked.scale),
        (large.bounded(asked.folder, scale=asked.scale) for _ in range(1)),
    )
    return _shown(found, asked)


def sweeps(asked: Asked) -> Part:
    return _shown(searches.against_loops(asked.folder, rounds=asked.rounds, scale=asked.scale), asked)


def launchers(asked: Asked) -> Part:
    return _shown(searches.by_launcher(asked.folder, rounds=asked.rounds, scale=asked.scale), asked)


def by_search(asked: Asked) -> Part:
    return _shown(searches.by_search(asked.folder, rounds=asked.rounds, scale=asked.scale), asked)


def stages(asked: Asked) -> Part:
    return Part.now([], rounds=1, stages=rows.stages(asked.folder), packages=rows.packages(asked.folder))


MEASURED: dict[str, Callable[[Asked], Part]] = {
    "loops": loops,
    "evidence": evidence,
    "peers": peers,
    "start": start,
    "process": process,
    "verdict": verdict,
    "memory": memory,
    "tables": tables,
    "sweeps": sweeps,
    "launchers": launchers,
    "searches": by_search,
    "stages": stages,
}
