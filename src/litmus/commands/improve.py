"""Goes on where a verdict stopped: applies what was shown to help as a new run, judges it, and so on."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from litmus.commands.train import assess, judged, train
from litmus.config import RunConfig, check, read, to_plain
from litmus.config.changes import apply
from litmus.disk import locked
from litmus.errors import CheckpointError, ConfigError
from litmus.evidence import Evidence, Trial
from litmus.probe.probe import can_change, probe
from litmus.report.files import write_json
from litmus.report.first_screen import replaced
from litmus.report.pages import MULTIRUN
from litmus.report.phrases import paste_all
from litmus.report.record import Outcome, record_figures, record_origin, record_pages
from litmus.report.terminal import Terminal
from litmus.run import Paths, prepare_data
from litmus.run.checks import check_rows
from litmus.sweeps.places import find_run
from litmus.verdict import Verdict
from litmus.verdict.answers import WORDS
from litmus.verdict.findings import about_data
from litmus.verdict.quantities import moves
from litmus.verdict.tried import summary_of_trials
from litmus.verdict.wording import sentence

LEAST_SECONDS = 30.0
FITS = 12  # a search may cost as much as so many fits
MOST_SECONDS = 600.0


@final
@dataclass(frozen=True)
class Step:
    """One applied suggestion: what was changed, what its trial showed, and what the new run came to.

    Args:
        tried: The trial whose overrides were applied.
        words: What gives the new run on the command line.
        outcome: Of the new run.
    """

    tried: Trial
    words: tuple[str, ...]
    outcome: Outcome

    @property
    def command(self) -> str:
        """Ready to be pasted."""
        return f"litmus {paste_all(self.words)}"


def main(run: str, *, steps: int = 3, output_dir: str = "outputs", overrides: Sequence[str] = ()) -> None:
    """Improves a run step by step and prints the command that leads to what came out.

    Everything is chosen on validation; the test split is read once, for the last run.

    Args:
        run: Run directory or last.
        steps: Most suggestions to apply one after another.
        output_dir: Where `last` is looked for.
        overrides: Of `criteria` and `verdict`, on top of the run's own.

    Raises:
        InputError: There is no such run, its data are gone, or another process works in it.
    """
    terminal = Terminal()
    start = Paths(find_run(run, output_dir=output_dir, tell=terminal.line))
    with locked(start.directory):  # its runs are kept in it
        evidence = _stored(start)
        config = RunConfig(_checked(apply(to_plain(read(start.config)), overrides)))
        verdict = judged(config, evidence)
        terminal.verdict(verdict, evidence)
        taken = [] if verdict.verdict == "adequate" else _walk(config, evidence, verdict, start, terminal, steps=steps)
        final = _conclude(taken[-1], terminal) if taken else None
        _say(terminal, verdict, final, taken)
        write_json(start.directory / "improve.json", _document(start, verdict, final, taken))


def _walk(
    config: RunConfig, evidence: Evidence, verdict: Verdict, start: Paths, terminal: Terminal, *, steps: int
) -> list[Step]:
    """Steps until a run is adequate, nothing helps, or there have been enough."""
    taken: list[Step] = []
    words, seconds = _words(start), evidence.fit.seconds
    while len(taken) < steps and can_change(verdict):
        best = best_trial(evidence, verdict)  # what the run's own probes have confirmed need not be looked for again
        if best is None:
            limit = min(max(LEAST_SECONDS, FITS * seconds), MOST_SECONDS)
            terminal.line()
            terminal.line(f"step {len(taken) + 1}: trying what might help, for about {limit:.0f} s")
            data = prepare_data(config)
            evidence = probe(config, data, evidence, verdict, fit_seconds=seconds, seconds=limit)
            best = best_trial(evidence, verdict) or untested(evidence, verdict)
        if best is None:
            terminal.line(sentence(f"nothing more to apply: {summary_of_trials(evidence)}"))
            break
        terminal.line()
        terminal.line(f"applying {' '.join(best.overrides)}")
        config = RunConfig(_checked(apply(config.tree, best.overrides)))
        words, directory = replaced(words, best.overrides), _next(start.directory / "improve")
        outcome = train(config.having(test=False, resume=None), directory, stored=config.tree, command=words)
        terminal.verdict(outcome.verdict, outcome.evidence)
        if not best.after and not _is_better(outcome.verdict, verdict):
            terminal.line()
            terminal.line(f"{' '.join(best.overrides)} is left out again: the verdict is no better with it")
            break
        taken.append(Step(best, words, outcome))
        evidence, verdict, seconds = outcome.evidence, outcome.verdict, outcome.run.seconds
        if verdict.verdict == "adequate":
            break
    return taken


def _next(place: Path) -> Path:
    """The next number's directory, so that no earlier walk's runs are written over."""
    numbers = [int(path.name) for path in place.glob("*") if path.name.isdecimal()]
    return place / str(max(numbers, default=0) + 1)


def best_trial(evidence: Evidence, verdict: Verdict) -> Trial | None:
    """The confirmed trial to apply: that of the printed suggestion first, so that what is applied is what was said."""
    good = [trial for trial in evidence.trials if trial.confirmed and moves(trial)]
    printed = set(verdict.try_first.overrides) if verdict.try_first else set()

    def merit(trial: Trial) -> tuple[bool, float]:
        return set(trial.overrides) == printed, (trial.difference and trial.difference.value) or 0.0

    return max(good, key=merit, default=None)


def untested(evidence: Evidence, verdict: Verdict) -> Trial | None:
    """The printed suggestion where no trial could look at it, such as a threshold: the new run itself judges it."""
    first = verdict.try_first
    if first is None or first.tried is not None or about_data(first.name):
        return None
    looked_at = [set(attempt.overrides) for attempt in evidence.attempts if attempt.gain is not None]
    return (
        None
        if set(first.overrides) in looked_at
        else Trial(probe="suggestion", overrides=first.overrides, finding=first.name)
    )


def _is_better(after: Verdict, before: Verdict) -> bool:
    """Whether the answer is a better one, or fewer of the criteria fail for sure."""
    ranks, fails = zip(*((WORDS[verdict.verdict].rank, _fails(verdict)) for verdict in (after, before)), strict=True)
    return bool(ranks[0] <= ranks[1] and (ranks[0] < ranks[1] or fails[0] < fails[1]))


def _fails(verdict: Verdict) -> int:
    return sum(criterion.votes and criterion.status == "fail" for criterion in verdict.criteria)


def _conclude(last: Step, terminal: Terminal) -> Outcome:
    """The last run scored on test, which nothing before has seen, judged with what trials showed, and recorded."""
    run, tried = last.outcome.run, last.outcome.evidence
    outcome = assess(run, check_rows(run, test=True), test=True)
    evidence = replace(outcome.evidence, trials=tried.trials, probed=tried.probed, probe_seconds=tried.probe_seconds)
    outcome = replace(outcome, evidence=evidence, verdict=judged(run.config, evidence))
    record_figures(outcome)
    record_pages(outcome, sinks=[], provenance=record_origin(run, last.words))
    terminal.line()
    terminal.line("the last run, on test:")
    terminal.verdict(outcome.verdict, outcome.evidence)
    return outcome


def _words(start: Paths) -> tuple[str, ...]:
    """What the run was started with: as typed, or what was a sweep's job's own part of it."""
    try:
        known = json.loads((start.directory / "provenance.json").read_text(encoding="utf-8"))
        typed = [str(word) for word in known["command"]]
        lines = OmegaConf.load(start.directory / ".hydra" / "overrides.yaml") if MULTIRUN & {*typed} else ()
    except (OSError, ValueError, KeyError):
        return ("train",)
    return ("train", *(map(_typed, map(str, lines)) if lines else known["overrides"]))


def _typed(line: str) -> str:
    """An override as Hydra keeps it, as it would be typed: paths and names without quotes."""
    override = OverridesParser.create().parse_override(line)
    value = override.value()
    return f"{override.key_or_group}={value if isinstance(value, str) else line.partition('=')[2]}"


def _say(terminal: Terminal, before: Verdict, final: Outcome | None, taken: Sequence[Step]) -> None:
    terminal.line()
    if final is None:
        terminal.line(
            "already adequate; nothing to improve"
            if before.verdict == "adequate"
            else "left as it is: no change that was tried helps"
        )
        return
    terminal.line(f"{before.verdict} -> {final.verdict.verdict}; to repeat it:", "bold")
    terminal.line(f"  {taken[-1].command}")
    terminal.files(taken[-1].outcome.run.paths.directory)


def _document(start: Paths, before: Verdict, final: Outcome | None, taken: Sequence[Step]) -> dict[str, Any]:
    """improve.json."""
    return {
        "start": {"directory": str(start.directory), "verdict": before.verdict},
        "steps": [
            {
                "overrides": list(step.tried.overrides),
                "metric": step.tried.metric,
                "before": list(step.tried.before),
                "after": list(step.tried.after),
                "directory": str(step.outcome.run.paths.directory),
                "verdict": step.outcome.verdict.verdict,
                "command": step.command,
            }
            for step in taken
        ],
        "final": None
        if final is None
        else {"directory": str(final.run.paths.directory), "verdict": final.verdict.verdict, "split": "test"},
    }


def _stored(paths: Paths) -> Evidence:
    try:
        return Evidence.from_json(paths.evidence.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(f"{paths.directory}: has no evidence.json; the run did not end; resume it") from None
    except ValueError as error:
        raise CheckpointError(f"{paths.evidence}: not readable as evidence ({error}); train again") from None


def _checked(config: dict[str, Any]) -> dict[str, Any]:
    problems = check(config)
    if problems:
        raise ConfigError(problems)
    return config
