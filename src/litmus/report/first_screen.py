"""What a reader sees first of a run: what predicts what, why the verdict is what it is, and the one command to run."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from litmus.evidence import Evidence
from litmus.report.phrases import clean, paste_all
from litmus.task import kind_of
from litmus.verdict import Finding, Verdict
from litmus.verdict.tried import result_of
from litmus.verdict.wording import figure, name_from_data, percent

KEPT = re.compile(r"[0-9a-f]{16}\.parquet")  # a table that was given in Python, kept under its digest
MOST_NAMED = 4  # columns or classes that a sentence names
SCORED_ONCE = "data.folds=5"


@final
@dataclass(frozen=True)
class FirstScreen:
    """The first screen, beside the verdict's own sentences.

    Args:
        facts: What was predicted from what, by which model, and on which rows; whole sentences.
        because: The evidence of the cause in one sentence; "" where the summary has said it.
        purpose: What the command is for, "" where the summary says it.
        command: To paste into a shell; "" where there is nothing to run.
        known: Whether what the command changes was tried; "" where it changes nothing.
    """

    facts: tuple[str, ...]
    because: str = ""
    purpose: str = ""
    command: str = ""
    known: str = ""


def make_first_screen(
    verdict: Verdict, evidence: Evidence, *, words: Sequence[str] | None = None, directory: Path | None = None
) -> FirstScreen:
    """The first screen of a run.

    Args:
        verdict: Of the run.
        evidence: What it rests on.
        words: What stood behind `litmus train`; None: not known, so that no command is given.
        directory: Of the run, as the reader would type it.
    """
    root = next((finding for finding in verdict.findings if finding.alarms), None)
    because = root.summary if root is not None and root.summary not in verdict.summary else ""
    purpose, command, known = ("", "", "") if words is None else _next(verdict, evidence, words, root, directory)
    return FirstScreen(tuple(facts(evidence)), because, purpose, command, known)


def replaced(words: Sequence[str], overrides: Sequence[str]) -> tuple[str, ...]:
    """The words of a command with overrides in the place of what was said about their keys, or below their groups."""
    keys = {override.partition("=")[0] for override in overrides}

    def stays(word: str) -> bool:
        key = word.lstrip("+").partition("=")[0]
        return key not in keys and key.partition(".")[0] not in keys

    return (*filter(stays, words), *overrides)


def facts(evidence: Evidence) -> list[str]:
    """What was predicted from what by which model, which class is positive, and on which rows: whole sentences."""
    task = evidence.task
    known = "" if _is_only_judged(evidence) else f" from {_inputs(evidence)}"
    predicts = f"{_model(evidence)} predicts {name_from_data(task.target) or 'the target'}{known}."
    return [predicts, *_target(evidence), _rows(evidence)]


def _is_only_judged(evidence: Evidence) -> bool:
    """Whether predictions of another tool were given, of whose model and training nothing is known."""
    return not evidence.data.sizes.get("train") and not evidence.model.parameters


def _model(evidence: Evidence) -> str:
    model = evidence.model
    if _is_only_judged(evidence):
        return f"A model of which nothing is known but what it predicts ({clean(model.name)})"
    size = f"{model.name}, {model.parameters:,} parameter{'' if model.parameters == 1 else 's'}"
    if not model.hidden_layers:
        return f"A {'linear model' if model.linear else 'model'} ({size})"
    layers = f"{model.hidden_layers} hidden layer{'' if model.hidden_layers == 1 else 's'}"
    if model.ensemble_size > 1:
        return f"The mean of {model.ensemble_size} {'linear ' if model.linear else ''}networks with {layers} ({size})"
    return f"A {'linear ' if model.linear else ''}network with {layers} ({size})"


def _inputs(evidence: Evidence) -> str:
    path = evidence.settings.data.path
    where = f" of {clean(Path(str(path)).name)}" if path and not KEPT.fullmatch(Path(str(path)).name) else ""
    kind = evidence.data.input
    if kind != "table":
        return f"the {kind}s{where}"
    names = [clean(column.name) for column in evidence.data.columns]
    if not names:
        return f"a table{where}"
    if len(names) <= MOST_NAMED:
        return _and(names) + where
    return f"{len(names)} columns{where}"


def _target(evidence: Evidence) -> list[str]:
    task, data = evidence.task, evidence.data
    kind = kind_of(task.kind)
    if kind.numeric:
        if data.target_low is None:
            return ["The target is a number."]
        return [f"The target is a number, from {figure(data.target_low)} to {figure(data.target_high)} in train."]
    labels = [name_from_data(label) for label in task.classes]
    if kind.has_positive and len(labels) == 2:
        counts = data.class_counts.get(evidence.scored, {})
        total = sum(counts.values())
        share = f", {percent(counts.get(task.classes[1], 0) / total)} of the {evidence.scored} rows" if total else ""
        return [f"The positive class is {labels[1]}{share}; the other is {labels[0]}."]
    words = "grades, in this order" if kind.ordered else "classes"
    named = f": {_and(labels)}" if len(labels) <= MOST_NAMED else f", from {labels[0]} to {labels[-1]}"
    return [f"There are {len(labels)} {words}{named}."]


def _rows(evidence: Evidence) -> str:
    sizes = evidence.data.sizes
    if evidence.folds:
        return f"Each row was scored by the one of {len(evidence.folds)} fits that had not seen it."
    if _is_only_judged(evidence):
        return f"The verdict is about {sizes.get(evidence.scored, 0):,} rows."
    train = f"It learnt from {sizes.get('train', 0):,} rows"
    val, test = sizes.get("val"), sizes.get("test")
    if evidence.scored == "test" and test:
        chosen = f", {val:,} others (val) guided its training" if val else ""
        return f"{train}{chosen}, and the verdict is about {test:,} rows (test) that it had not seen."
    unread = f"; the {test:,} test rows were not read" if test else ""
    return f"{train}, and the verdict is about the {val or 0:,} rows (val) that guided its training{unread}."


def _next(
    verdict: Verdict, evidence: Evidence, words: Sequence[str], root: Finding | None, directory: Path | None
) -> tuple[str, str, str]:
    """Purpose, command and what is known of it."""
    first = verdict.try_first
    if first is not None:
        return "", _again(words, first.overrides), _known(first, evidence)
    if root is not None and root.choices:
        return "If the answer is no:", _again(words, root.choices[0]), ""
    if verdict.verdict == "undetermined" and SCORED_ONCE in verdict.summary:
        return "To score every row once:", _again(words, [SCORED_ONCE]), ""
    if verdict.verdict in {"adequate", "inadequate"}:
        return _with_the_run(verdict, evidence.settings.data.path, directory)
    return "To look at the data:", f"litmus check {paste_all(words)}".rstrip(), ""


def _again(words: Sequence[str], overrides: Sequence[str]) -> str:
    return f"litmus train {paste_all(replaced(words, overrides))}"


def _with_the_run(verdict: Verdict, data: object, directory: Path | None) -> tuple[str, str, str]:
    """A good model is used, and another one improved."""
    if directory is None:
        return "", "", ""
    place = paste_all([str(directory)])
    if verdict.verdict == "inadequate":
        return "To look for a change that helps:", f"litmus improve {place}", ""
    if data is None:
        return "To write its model card:", f"litmus card {place}", ""
    command = f"litmus predict checkpoint={place} {paste_all([f'input={data}'])} output=predictions.csv"
    return "To use it on rows like these:", command, ""


def _known(finding: Finding, evidence: Evidence) -> str:
    if finding.tried is not None or result_of(evidence, finding):
        return ""  # the summary says it
    return "Whether it helps was not tried."


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
