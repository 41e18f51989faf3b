"""`litmus compare <dir> ...`: the leaderboard of runs, seeds and sweeps."""

from collections.abc import Sequence
from pathlib import Path

from litmus import evaluate
from litmus.errors import LitmusError
from litmus.report.phrases import NOTHING, clean, interval, metric, number, paste
from litmus.report.tables import Table
from litmus.report.terminal import Terminal
from litmus.sweep.leaderboard import Entry, Leaderboard, rank, write
from litmus.sweep.records import find_runs, is_sweep, last, read_run

MAX_ROWS = 50


def main(*words: str, output_dir: str = "outputs") -> int:
    """Prints the leaderboard; a sweep's is also written to its leaderboard.csv.

    Args:
        words: Run or sweep directories, or folders above them; `last`: the run or sweep begun last.
        output_dir: Where `last` is looked for.

    Raises:
        CheckpointError: There is no such directory, or no run in it.
    """
    show_all(words, output_dir, Terminal())
    return 0


def show_all(words: Sequence[str], output_dir: str, terminal: Terminal, *, hint: bool = True) -> Leaderboard:
    """Reads, ranks and shows the runs that the words name; writes leaderboard.csv where they are one sweep's."""
    board = rank([read_run(run) for run in find_runs(words, output_dir=output_dir)])
    show(board, terminal, hint=hint)
    places = [last(Path(output_dir)) if word == "last" else Path(word) for word in words]
    for place in places:
        if len(places) == 1 and is_sweep(place):
            terminal.line(f"written: {write(board, place)}")
    return board


def conclude(sweep: str, *, test: bool) -> None:
    """Ends a sweep: its leaderboard, and with `test` the winner's score on the test split, which no job has read."""
    terminal = Terminal()
    board = show_all([sweep], "outputs", terminal, hint=not test)
    if not test or not board.entries:
        return
    terminal.line()
    terminal.line("the winner on test, read once, after all is chosen:", "bold")
    try:
        evaluate.main(checkpoint=str(board.entries[0].best.directory))
    except LitmusError as error:  # no test split: the sweep itself is done all the same
        terminal.line(f"not scored on test: {error}", "yellow")


def show(board: Leaderboard, terminal: Terminal, *, hint: bool = True) -> None:
    """The table, what can be said of its first two rows, the winner's test score, and what did not finish.

    Args:
        board: Ranked.
        terminal: Where to.
        hint: Whether to say how a winner that was not scored on test can be.
    """
    if board.entries:
        terminal.table(table(board))
        hidden = len(board.entries) - MAX_ROWS
        if hidden > 0:
            terminal.line(f"and {hidden} more")
        terminal.line()
    for text in (*board.notes, board.difference):
        if text:
            terminal.line(text)
    if board.entries:
        _winner(board.entries[0], terminal, hint=hint)
    for record in board.unfinished:
        terminal.line(f"{record.status}: {record.directory.name}: {clean(record.reason, 200)}", "yellow")


def table(board: Leaderboard) -> Table:
    """The entries, best first: the keys that differ, then validation scores."""
    primary = [f"val {metric(board.primary)}"] if board.primary else []
    split, _, name = board.metric.partition("/")
    header = (*board.keys, f"{split} {metric(name)}", "95 % interval", "seeds", *primary, "verdict")
    rows = tuple(
        (
            *(clean(entry.settings.get(key, NOTHING), 30) for key in board.keys),
            number(entry.mean, 4),
            interval(entry.low, entry.high),
            str(len(entry.values)),
            *([number(entry.primary)] if primary else []),
            entry.verdicts,
        )
        for entry in board.entries[:MAX_ROWS]
    )
    return Table(header, rows)


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
