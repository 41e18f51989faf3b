"""The keys at the root of a config, which belong to no group: their types, ranges and defaults."""

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import Annotated, Literal

from annotated_types import Ge, Lt, Predicate

GROUPS = (
    "model",
    "data",
    "task",
    "loss",
    "optimizer",
    "scheduler",
    "trainer",
    "callback",
    "criteria",
    "logger",
)
SECTIONS = (*GROUPS, "metrics", "verdict", "report", "sweep")


def is_name(text: str) -> bool:
    """A name of 1 to 100 letters, digits, dots, dashes or underscores."""
    return re.fullmatch(r"[A-Za-z0-9._-]{1,100}", text) is not None and text not in {".", ".."}


def is_monitor(text: str) -> bool:
    """A logged value of train or val, such as val/loss; test never selects."""
    return re.fullmatch(r"(?!test)[A-Za-z0-9_@./-]+", text) is not None


def is_measured(text: str) -> bool:
    """A value that we measure in every epoch: of train or val, such as val/loss."""
    return re.fullmatch(r"(train|val)/[A-Za-z0-9_@.]+", text) is not None


def is_inside(text: str) -> bool:
    """A relative path that leads into the folder it starts from, and not out of it again."""
    path = PurePath(text)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


def is_filled(text: str) -> bool:
    """A path."""
    return bool(text.strip())


Name = Annotated[str, Predicate(is_name)]

FailOn = Literal["undetermined", "limited", "inadequate"]
"""Verdicts that a run can be failed on, the mildest first."""


@dataclass(frozen=True, kw_only=True)
class Root:
    """Keys that stand alone.

    Args:
        seed: Of weights, order of rows, and the split unless split_seed says otherwise.
        split_seed: Of the split alone; null: as seed. Where a sweep varies seed, all jobs share one split without it.
        name: Folder of the run under output_dir; null: the experiment's name, or <data>_<model>.
        monitor: What selects the best epoch and is returned to a sweep.
        test: Score the test split once at the end; auto: yes, except in the jobs of a sweep.
        resume: Run or sweep directory to go on with, last or best.
        fail_on: Exit with status 3 when the verdict is this or worse: undetermined, limited or inadequate.
        output_dir: Folder that all runs are written below.
    """

    seed: Annotated[int, Ge(0), Lt(2**32)] = 42
    split_seed: Annotated[int, Ge(0), Lt(2**32)] | None = None
    name: Name | None = None
    monitor: Annotated[str, Predicate(is_monitor)] = "val/loss"
    test: Literal["auto"] | bool = "auto"
    resume: Annotated[str, Predicate(is_filled)] | None = None
    fail_on: FailOn | None = None
    output_dir: Annotated[str, Predicate(is_filled)] = "outputs"
