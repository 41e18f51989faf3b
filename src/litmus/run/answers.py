"""What the user has answered about which data, so that a question is asked once and not by every run."""

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from litmus.disk import locked, write_text
from litmus.evidence import Evidence
from litmus.run.training import Run

ANSWERS = "answers.json"
ASKED, ACCEPTED, DROPPED = "asked", "accepted", "dropped"

log = logging.getLogger(__name__)


def with_answers(run: Run, evidence: Evidence) -> Evidence:
    """The evidence with what was answered about these data, by this run's own overrides or by an earlier one's.

    `verdict.accept=[<finding>:<column>]` accepts the column; `data.drop_columns` answers a question that was asked.
    """
    folder, sha256 = run.config.output_dir, run.data.origin.sha256
    known = _stored(folder).get(sha256, {})
    accept = [str(entry) for entry in run.config.verdict.accept or () if ":" in str(entry)]
    dropped = {str(column) for column in run.config.data.drop_columns or ()}
    given = dict.fromkeys(accept, ACCEPTED)
    given |= {entry: DROPPED for entry in known if entry.partition(":")[2] in dropped}
    if any(known.get(entry) != answer for entry, answer in given.items()):
        _store(folder, sha256, given)
    answers = {entry: answer for entry, answer in {**known, **given}.items() if answer != ASKED}
    return replace(evidence, answers=answers)


def note_questions(run: Run, asked: Iterable[str]) -> None:
    """Keeps what is asked, `<finding>:<column>` each, so that leaving the column out is understood as the answer."""
    if given := dict.fromkeys(asked, ASKED):
        _store(run.config.output_dir, run.data.origin.sha256, given)


def _store(folder: Path, sha256: str, given: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder, f".{ANSWERS}.lock", wait=True):
        stored = _stored(folder)
        stored[sha256] = {**stored.get(sha256, {}), **given}
        write_text(folder / ANSWERS, json.dumps(stored, indent=1, sort_keys=True, ensure_ascii=False), durable=True)


def _stored(folder: Path) -> dict[str, dict[str, str]]:
    """Answers by the data's sha256."""
    path = folder / ANSWERS
    try:
        stored: Any = json.loads(path.read_text(encoding="utf-8"))
        return {
            str(key): {str(entry): str(answer) for entry, answer in answers.items()} for key, answers in stored.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        log.warning("%s cannot be read (%s); what was answered is asked again", path, error)
        return {}
