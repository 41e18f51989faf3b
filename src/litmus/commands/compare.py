"""`litmus compare <dir> ...`: the leaderboard of runs, seeds and sweeps."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite
from os.path import commonpath
from pathlib import Path
from typing import Any

from litmus.commands.winner import complete, score_setting
from litmus.config.command_words import path_of
from litmus.disk import new_folder
from litmus.errors import InterruptedRun, LitmusError
from litmus.evidence import Score
from litmus.report.files import write_json
from litmus.report.phrases import NOTHING, clean, interval, metric, number, paste
from litmus.report.record import Outcome
from litmus.report.tables import Table
from litmus.report.terminal import Terminal
from litmus.statistics import Interval
from litmus.sweeps.conclusion import Conclusion, known_test
from litmus.sweeps.conclusion import conclude as concluded
from litmus.sweeps.conclusion import write as write_conclusion
from litmus.sweeps.leaderboard import Entry, Leaderboard, alike, first_alike, rank, rows, write
from litmus.sweeps.page import Section, write_page
from litmus.sweeps.places import find_place
from litmus.sweeps.records import Record, find_runs, is_sweep, read_run

MAX_ROWS = 50


def main(*words: str, output_dir: str = "outputs") -> int:
    """Prints the leaderboard; a sweep's is also written to its folder.

    Args:
        words: Run or sweep directories, or folders above them; `last`: the run or sweep begun last.
        output_dir: Where `last` is looked for.

    Raises:
        CheckpointError: There is no such directory, or no run in it.
    """
    show_all(words, output_dir, Terminal())
    return 0


def show_all(words: Sequence[str], output_dir: str, terminal: Terminal, *, hint: bool = True) -> None:
    """Reads, ranks and shows the runs that the words name, and writes what it shows.

    Of one sweep that is its leaderboard and conclusion, in its own folder; of any other runs a leaderboard for each
    data and metric, in `<output_dir>/compare/<time>/`.
    """
    places = [find_place(word, output_dir=output_dir) for word in words]
    records = [read_run(run) for run in find_runs(places)]
    if len(places) == 1 and is_sweep(places[0]):
        board = rank(records)
        show(board, terminal, hint=hint)
        runs = [record.directory.name for record in board.entries[0].records] if board.entries else []
        answer(concluded(board, test=known_test(places[0], runs)), board, places[0], terminal)
        return
    sections = tables(records)
    for section in sections:
        if len(sections) > 1:
            terminal.line(section.title, "bold")
        show(section.board, terminal, hint=hint and len(sections) == 1)
        terminal.line()
    terminal.line(f"written: {record_comparison(sections, path_of(output_dir), words)}")


def tables(records: Sequence[Record]) -> list[Section]:
    """A leaderboard for each data, target and primary metric; the largest first."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        groups.setdefault((record.data, record.primary or ""), []).append(record)
    unknown = groups.pop(("", ""), [])  # failed before it looked at its data: listed with the first of the others
    ordered = sorted(groups.items(), key=lambda item: -len(item[1])) or [(("", ""), [])]
    found = []
    for i, ((data, primary), members) in enumerate(ordered):
        title = f"{data or 'unknown data'}{f', {metric(primary)}' if primary else ''}"
        found.append(Section(title, rank([*members, *(unknown if i == 0 else ())])))
    return found


def record_comparison(sections: Sequence[Section], output_dir: Path, words: Sequence[str]) -> Path:
    """leaderboard.html, a leaderboard.csv for each section, and compare.json, in a new folder below `compare`."""
    place = new_folder(output_dir / "compare")
    only = len(sections) == 1
    for i, section in enumerate(sections, start=1):
        write(section.board, place, "leaderboard.csv" if only else f"leaderboard_{i}.csv")
    write_json(
        place / "compare.json",
        {"format": 1, "compared": list(words), "tables": [summary(section) for section in sections]},
    )
    return write_page(place / "leaderboard.html", "Comparison", [replace(s, title="") if only else s for s in sections])


def summary(section: Section) -> dict[str, Any]:
    """A leaderboard as compare.json holds it."""
    board = section.board
    header, lines = rows(board)
    return {
        "title": section.title,
        "metric": board.metric,
        "primary": board.primary,
        "alike": first_alike(board),
        "difference": board.difference,
        "notes": list(board.notes),
        "entries": [dict(zip(header, line, strict=True)) for line in lines],
    }


def conclude(sweep: str, *, test: bool) -> None:
    """Ends a sweep: its leaderboard, the winner beside reference models, which no job has, and what it all comes to.

    Args:
        sweep: Its directory.
        test: Whether the winner is scored on the test split, which no job has read.
    """
    terminal, place = Terminal(), Path(sweep)
    board = rank([read_run(run) for run in find_runs([place])])
    outcome: Outcome | None = None
    scores: Mapping[str, Score] = {}
    try:
        if board.entries:
            winner = board.entries[0]
            outcome = complete(winner.best.directory, test=test)
            if outcome.evidence.scored == "test":
                others = [record.directory for record in winner.records if record != winner.best]
                scores = score_setting(outcome, others)
    except InterruptedRun:
        raise
    except LitmusError as error:  # the sweep itself is done all the same
        terminal.line(f"the winner keeps its job's verdict: {error}", "yellow")
    finally:  # after Ctrl-C too: the jobs are done
        board = rank([read_run(run) for run in find_runs([place])])
        show(board, terminal, hint=False)
        if outcome is not None:
            terminal.line()
            terminal.line(f"its winner{', on test' if outcome.evidence.scored == 'test' else ''}:", "bold")
            terminal.verdict(outcome.verdict, outcome.evidence)
            terminal.files(outcome.run.paths.directory)
        answer(concluded(board, test=scores), board, place, terminal)


def answer(conclusion: Conclusion, board: Leaderboard, place: Path, terminal: Terminal) -> None:
    """What a sweep comes to: said, and written with its leaderboard into its folder."""
    terminal.line()
    lines = conclusion.sentences()
    width = max(len(head) for head, _ in lines)
    for head, text in lines:
        terminal.line(f"{head:<{width}}  {text}", "bold" if head in {"winner", "train it"} else "")
    terminal.line()
    write(board, place)
    write_conclusion(conclusion, place)
    page = write_page(place / "leaderboard.html", place.name, [Section("", board, conclusion)])
    terminal.line(f"written: {page}, leaderboard.csv, sweep.json")


def show(board: Leaderboard, terminal: Terminal, *, hint: bool = True) -> None:
    """The table, what can be said of its first two rows, the winner's test score, and what did not finish.

    Args:
        board: Ranked.
        terminal: Where to.
        hint: Whether to say how a winner that was not scored on test can be.
    """
    root = _root([*(record for entry in board.entries for record in entry.records), *board.unfinished])
    if board.entries:
        terminal.table(table(board, root))
        hidden = len(board.entries) - MAX_ROWS
        if hidden > 0:
            terminal.line(f"and {hidden} more")
        terminal.line()
    for text in (*board.notes, board.difference, alike(board)):
        if text:
            terminal.line(text)
    if board.entries:
        _winner(board.entries[0], terminal, hint=hint)
    for record in board.unfinished:
        settings = ", ".join(f"{key}={clean(record.settings[key])}" for key in board.keys if key in record.settings)
        name = f"{_name(record, root)}{f' ({settings})' if settings else ''}"
        terminal.line(f"{record.status}: {name}: {clean(record.reason)}", "yellow")


def table(board: Leaderboard, root: Path) -> Table:
    """The entries, best first: run, score, primary metric and verdict, then seeds and settings where they differ.

    Args:
        board: Ranked.
        root: Directory from which runs are named.
    """
    split, _, name = board.metric.partition("/")
    entries = board.entries[:MAX_ROWS]
    primary = [f"val {metric(board.primary)}"] if board.primary else []
    repeated = any(len(entry.records) > 1 for entry in entries)
    heads = ("run", f"{split} {metric(name)}", *primary, "verdict")
    header = (*heads, *(["seeds"] if repeated else []), *board.keys)
    rows = tuple(
        (
            f"{_name(entry.best, root)}{f' +{more}' if (more := len(entry.records) - 1) else ''}",
            _ranked(entry, alone=not primary),
            *([_scored(entry.primary)] if primary else []),
            entry.adequate,
            *([str(len(entry.values))] if repeated else []),
            *(clean(entry.settings.get(key, NOTHING), 30) for key in board.keys),
        )
        for entry in entries
    )
    return Table(header, rows, essential=len(heads))


def _ranked(entry: Entry, *, alone: bool) -> str:
    """The value that ranks, with its interval: over seeds, or over rows where it is the primary metric itself."""
    if entry.low is None and alone and entry.primary is not None:
        return _scored(entry.primary)
    return f"{number(entry.mean, 4)}{_bounds(entry.low, entry.high)}"


def _scored(score: Interval | None) -> str:
    return NOTHING if score is None else f"{number(score.value)}{_bounds(score.low, score.high)}"


def _bounds(low: float | None, high: float | None) -> str:
    known = low is not None and high is not None and isfinite(low) and isfinite(high)
    return f" [{number(low)}, {number(high)}]" if known else ""


def _root(records: Sequence[Record]) -> Path:
    """The directory that all runs are in."""
    return Path(commonpath([record.directory.parent.absolute() for record in records] or [Path.cwd()]))


def _name(record: Record, root: Path) -> str:
    return clean(record.directory.absolute().relative_to(root))


def _winner(entry: Entry, terminal: Terminal, *, hint: bool) -> None:
    """Where the best run is, and its test score, which had no part in choosing it."""
    best = entry.best
    shown = paste(str(best.directory))
    terminal.line(f"best run: {best.directory}")
    score = best.scores.get("test", {}).get(best.primary or "")
    if best.primary and score:
        bounds = interval(score.get("low"), score.get("high"))
        terminal.line(
            f"its test {metric(best.primary)}: {number(score.get('value'))} [{bounds}] on {score.get('n')} rows"
        )
    elif hint:
        terminal.line(f"its test score was not read: litmus evaluate checkpoint={shown}")
