"""What a sweep comes to: its winner and whether that is adequate, what mattered, and whether to search on."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal, final

from litmus.evidence import Score
from litmus.metrics import lower_is_better
from litmus.report.files import job_overrides, write_json
from litmus.report.phrases import clean, metric, number, paste_all
from litmus.sweeps.importance import Effect, effects, is_grid, number_of
from litmus.sweeps.leaderboard import ALPHA, Entry, Leaderboard, first_alike, p_value
from litmus.sweeps.optimism import Optimism, optimism
from litmus.sweeps.records import sweep_of

FILE = "sweep.json"
FORMAT = 1
FEWEST_TRIALS = 8  # of a search, before its curve says anything
MOST_SETTINGS = 4  # named in a line
STEP, LARGE_STEP = 1.4, 4.0  # ratios of neighbours from which values grow by ratio, and by its root
Answer = Literal["yes", "perhaps", "hardly", "unknown"]


@final
@dataclass(frozen=True, kw_only=True)
class Shipped:
    """The winning setting, and the run that stands for it.

    Args:
        settings: Of the keys that differ between entries.
        runs: Its runs, by name.
        seeds: That have a value.
        run: The one whose checkpoint is used: that of its best seed on val.
        val: Of the metric that ranks, over the seeds.
        test: Over the seeds and the test rows, by metric; empty where test was not read.
        verdict: Of `run`; None without one.
        summary: Of `run`'s verdict.
    """

    settings: Mapping[str, str]
    runs: tuple[str, ...]
    seeds: tuple[int, ...]
    run: str
    val: Score
    test: Mapping[str, Score] = field(default_factory=dict)
    verdict: str | None = None
    summary: str = ""


@final
@dataclass(frozen=True, kw_only=True)
class MoreSearch:
    """Whether further search would pay.

    Args:
        answer: yes, perhaps, hardly or unknown.
        reason: Why.
        command: What searches further, where it may pay.
        curve: The best value so far after each setting, in the order in which they were begun.
    """

    answer: Answer
    reason: str
    command: str = ""
    curve: tuple[float, ...] = ()


@final
@dataclass(frozen=True, kw_only=True)
class Conclusion:
    """The verdict of a sweep, as sweep.json holds it.

    Args:
        metric: Logged name that ranks.
        primary: The primary metric; None if unknown.
        winner: None where no job has finished.
        alike: How many of the first entries may be as good as the first (Holm); None where that is not known.
        settings: Entries on the leaderboard.
        jobs: Runs by status.
        optimism: Of the best score on val.
        effects: Of the settings.
        more: Whether to search on.
        command: Trains the winner alone and keeps it; "" without one.
        notes: Of the leaderboard.
    """

    metric: str
    primary: str | None
    winner: Shipped | None
    alike: int | None
    settings: int
    jobs: Mapping[str, int]
    optimism: Optimism | None
    effects: tuple[Effect, ...]
    more: MoreSearch
    command: str = ""
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> str | None:
        """The winner's."""
        return self.winner.verdict if self.winner else None

    def sentences(self) -> list[tuple[str, str]]:
        """The answer as lines with a heading each."""
        if self.winner is None:
            return [("winner", "none: no job has finished")]
        winner = self.winner
        lines = [("winner", _named(winner.settings) or "the only setting"), ("verdict", self._judged(winner))]
        if self.optimism is not None:
            lines.append(("on val", _optimism(self.optimism)))
        if len(winner.runs) > 1:
            lines.append(("ships", f"{clean(winner.run)}, its best of {len(winner.runs)} seeds on val"))
        if self.effects:
            lines.append(("mattered", _mattered(self.effects)))
        lines.append(("more", f"{self.more.answer}: {self.more.reason}"))
        if self.more.command:
            lines.append(("search on", self.more.command))
        if self.command:
            lines.append(("train it", self.command))
        return lines

    def _judged(self, winner: Shipped) -> str:
        """Whether the winner is adequate, and the score of its setting on test."""
        verdict = winner.verdict or "none"
        score = winner.test.get(self.primary or "")
        if score is None or score.value is None:
            return f"{verdict}, on val; test was not read"
        seeds = f" over {len(winner.seeds)} seeds" if len(winner.seeds) > 1 else ""
        bounds = f" [{number(score.low)}, {number(score.high)}]" if score.low is not None else ""
        return f"{verdict}; {metric(self.primary or '')} on test {number(score.value)}{bounds}{seeds}, {score.n} rows"


def conclude(board: Leaderboard, *, test: Mapping[str, Score] | None = None, primary: str | None = None) -> Conclusion:
    """What the leaderboard of a sweep comes to.

    Args:
        board: Ranked.
        test: Scores of the winning setting on test, by metric, where it was read.
        primary: The primary metric; None: what the records say.
    """
    named = primary or next((entry.best.primary for entry in board.entries if entry.best.primary), None)
    records = [*(record for entry in board.entries for record in entry.records), *board.unfinished]
    statuses = [record.status for record in records]
    found = effects(board)
    first = board.entries[0] if board.entries else None
    return Conclusion(
        metric=board.metric,
        primary=named,
        winner=None if first is None else _shipped(first, test or {}),
        alike=first_alike(board),
        settings=len(board.entries),
        jobs={status: statuses.count(status) for status in dict.fromkeys(statuses)},
        optimism=optimism(board),
        effects=found,
        more=_more(board, found),
        command="" if first is None else command(first),
        notes=board.notes,
    )


def write(conclusion: Conclusion, directory: Path) -> Path:
    """sweep.json: the conclusion with its format, verdict and sentences."""
    path = directory / FILE
    head = {"format": FORMAT, "verdict": conclusion.verdict, "summary": dict(conclusion.sentences())}
    write_json(path, head | asdict(conclusion))
    return path


def known_test(directory: Path, runs: Sequence[str]) -> dict[str, Score]:
    """The test scores of the winning setting that sweep.json holds, if it was made of the same runs."""
    try:
        winner = json.loads((directory / FILE).read_text(encoding="utf-8"))["winner"]
        if sorted(winner["runs"]) != sorted(runs):
            return {}
        return {name: Score(**score) for name, score in winner["test"].items()}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def command(entry: Entry) -> str:
    """What trains an entry's best run again, alone, and keeps it; "" where Hydra has not noted what it was made of."""
    words = _words(entry.best.directory)
    return f"litmus train {paste_all([*_flags(entry.best.directory), *words])}" if words else ""


def _words(run: Path) -> list[str]:
    """The overrides of a job, without the name that its sweep gave it."""
    words = [word.lstrip("+") for word in job_overrides(run)]
    words = [word for word in words if not word.startswith("sweep.")]
    return [word for word in words if word.partition("=")[0] != "name" or sweep_of(run) is None]


def _flags(run: Path) -> list[str]:
    """The flags of the command that a run was started by without which its config means nothing."""
    try:
        words = [str(word) for word in json.loads((run / "provenance.json").read_text(encoding="utf-8"))["command"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    pairs = zip(words, [*words[1:], ""], strict=True)
    wanted = ("--allow", "--config-dir", "--config-path", "--config-name")
    return [
        part for word, value in pairs if word.startswith(wanted) for part in ([word] if "=" in word else [word, value])
    ]


def _shipped(entry: Entry, test: Mapping[str, Score]) -> Shipped:
    best = entry.best
    return Shipped(
        settings=dict(entry.settings),
        runs=tuple(record.directory.name for record in entry.records),
        seeds=tuple(sorted(seed for seed in entry.values if seed >= 0)),
        run=best.directory.name,
        val=Score(value=entry.mean, low=entry.low, high=entry.high),
        test=test,
        verdict=best.verdict,
        summary=_summary(best.directory),
    )


def _summary(run: Path) -> str:
    try:
        return str(json.loads((run / "verdict.json").read_text(encoding="utf-8"))["summary"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _more(board: Leaderboard, found: Sequence[Effect]) -> MoreSearch:
    """Whether the best is at an end of what was tried; else, whether what came late was really better."""
    entries = board.entries
    in_order = sorted(entries, key=lambda entry: min(_place(record.directory.name) for record in entry.records))
    curve = _running_best([entry.mean for entry in in_order], board.metric)
    at_edge = next((effect for effect in found if effect.edge and (effect.matters or effect.p is None)), None)
    if at_edge is not None:
        answer, reason = _of_edge(board, at_edge)
        onwards = _beyond(entries[0], at_edge, entries)
    elif is_grid(board):
        (answer, reason), onwards = _of_grid(board), ""
    else:
        answer, reason = _of_search(board, in_order)
        onwards = _go_on(entries[0], len(entries)) if answer == "yes" and entries else ""
    return MoreSearch(answer=answer, reason=reason, command=onwards, curve=curve)


def _of_edge(board: Leaderboard, effect: Effect) -> tuple[Answer, str]:
    alike = first_alike(board) or 1
    reason = f"the best {effect.key} is the {effect.edge} that was tried"
    if any(entry.settings.get(effect.key) != effect.best for entry in board.entries[:alike]):
        return "perhaps", f"{reason}, though the first {alike} of {len(board.entries)} do not really differ"
    return "yes", f"{reason}; there may be better ones beyond"


def _of_grid(board: Leaderboard) -> tuple[Answer, str]:
    alike, total = first_alike(board), len(board.entries)
    if alike is None:
        return "unknown", "whether the first settings really differ is not known; repeat them with seed=1,2,3"
    if alike > 1:
        better = "more rows or seeds would tell more than more settings"
        return "hardly", f"no real difference among the first {alike} of {total}; {better}"
    return "perhaps", "the first is really better than what follows; finer steps around it may gain a little"


def _of_search(board: Leaderboard, in_order: Sequence[Entry]) -> tuple[Answer, str]:
    """Whether the second half of the trials brought a real improvement."""
    if len(in_order) < FEWEST_TRIALS:
        return "unknown", f"too few settings to tell ({len(in_order)})"
    best, half = board.entries[0], len(in_order) // 2
    early = {id(entry) for entry in in_order[:half]}
    before = next(entry for entry in board.entries if id(entry) in early)
    if before is best:
        return "hardly", f"the {len(in_order) - half} settings of the second half brought nothing better"
    values = f"{metric(board.metric.partition('/')[2])} {number(before.mean, 4)} -> {number(best.mean, 4)}"
    p = p_value(best, before, board.metric)
    if math.isnan(p):
        return "unknown", f"whether what the second half brought is real is not known ({values})"
    if p <= ALPHA:
        return "yes", f"the second half still brought a real improvement ({values})"
    return "hardly", f"what the second half brought is no real improvement ({values})"


def _go_on(entry: Entry, trials: int) -> str:
    sweep = sweep_of(entry.best.directory)
    return "" if sweep is None else f"litmus train {paste_all([f'resume={sweep}', f'sweep.trials={2 * trials}'])}"


def _running_best(values: Sequence[float], name: str) -> tuple[float, ...]:
    pick = min if lower_is_better(name.partition("/")[2]) else max
    return tuple(pick(values[: i + 1]) for i in range(len(values)))


def _place(name: str) -> int:
    head = name.partition("_")[0]
    return int(head) if head.isdecimal() else 0


def _beyond(best: Entry, effect: Effect, entries: Sequence[Entry]) -> str:
    """The best setting with two values past the end, as far apart as those that were tried; "" where none is likely."""
    texts = {entry.settings.get(effect.key, "") for entry in entries}
    numbers = sorted({value for text in texts if (value := number_of(text)) is not None})
    if effect.edge == "smallest":
        numbers.reverse()
    last, before = numbers[-1], numbers[-2]
    steps = further(last, before)
    within_one = max(numbers) <= 1 < max(steps) and min(numbers) >= 0 and "lr" not in effect.key
    whole = all(value == int(value) for value in numbers)
    if min(steps) <= 0 or within_one or (whole and min(steps) < 1):  # a share, or a size
        return ""
    shown = [f"{round(value)}" if whole else f"{value:.2g}" for value in (last, *steps)]
    listed = ",".join(f"[{value}]" if effect.best.startswith("[") else value for value in shown)
    varied = {effect.key, *(["seed"] if len(best.values) > 1 else [])}
    words = [word for word in _words(best.best.directory) if word.partition("=")[0] not in varied]
    seeds = [f"seed={','.join(map(str, sorted(best.values)))}"] if "seed" in varied else []
    return f"litmus train -m {paste_all([*_flags(best.best.directory), *words, *seeds, f'{effect.key}={listed}'])}"


def further(last: float, before: float) -> tuple[float, float]:
    """Two steps on from a value, as large as the one that led to it: by ratio, halved where it is large, or by size.

    >>> further(100.0, 50.0), further(4.0, 3.0)
    ((200.0, 400.0), (5.0, 6.0))
    """
    ratio = last / before if before > 0 and last > 0 else 1.0
    if max(ratio, 1 / ratio) >= LARGE_STEP:
        return last * ratio**0.5, last * ratio
    if max(ratio, 1 / ratio) >= STEP:
        return last * ratio, last * ratio**2
    return last + (last - before), last + 2 * (last - before)


def _named(settings: Mapping[str, str]) -> str:
    """Settings as overrides, the first few."""
    pairs = [f"{key}={clean(value, 40)}" for key, value in settings.items()]
    more = f" and {len(pairs) - MOST_SETTINGS} more" if len(pairs) > MOST_SETTINGS else ""
    return " ".join(pairs[:MOST_SETTINGS]) + more


def _mattered(found: Sequence[Effect]) -> str:
    surely = [f"{effect.key} ({100 * effect.share:.0f} % of the differences)" for effect in found if effect.matters]
    rest = [effect.key for effect in found if effect.p is not None and not effect.matters]
    unknown = [effect.key for effect in found if effect.p is None]
    parts = [", ".join(surely)] if surely else ["nothing surely"] if rest else []
    if rest and surely:
        parts.append(f"not surely: {', '.join(rest[:MOST_SETTINGS])}")
    if unknown:
        parts.append(f"too few runs to tell: {', '.join(unknown[:MOST_SETTINGS])}")
    return "; ".join(parts)


def _optimism(found: Optimism) -> str:
    corrected = f"{number(found.corrected.value)} [{number(found.corrected.low)}, {number(found.corrected.high)}]"
    best = f"{metric(found.metric)} {number(found.best)} as the best of {found.settings}"
    return f"{best}; corrected for that choice {corrected}"
