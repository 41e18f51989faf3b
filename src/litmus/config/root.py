"""The keys at the root of a config, which belong to no group: their types, ranges and defaults."""

import re
from dataclasses import dataclass
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
SECTIONS = (*GROUPS, "verdict")


def is_name(text: str) -> bool:
    """A name of 1 to 100 letters, digits, dots, dashes or underscores."""
    return re.fullmatch(r"[A-Za-z0-9._-]{1,100}", text) is not None and text not in {".", ".."}


def is_monitor(text: str) -> bool:
    """A logged value of train or val, such as val/loss; test never selects."""
    return re.fullmatch(r"(train|val)/[a-z0-9_@.]+", text) is not None


def is_filled(text: str) -> bool:
    """A path."""
    return bool(text.strip())


Name = Annotated[str, Predicate(is_name)]


@dataclass(frozen=True, kw_only=True)
class Root:
    """Keys that stand alone.

    Args:
        seed: Of weights, order of rows, splits and made data.
        name: Folder of the run under output_dir; null: the experiment's name, or <data>_<model>.
        monitor: What selects the best epoch and is returned to a sweep.
        test: Score the test split once at the end; auto: yes, except in the jobs of a sweep.
        resume: Run or sweep directory to go on with, or last.
        fail_on: Exit with status 3 when the verdict is this or worse.
        output_dir: Folder that all runs are written below.
    """

    seed: Annotated[int, Ge(0), Lt(2**32)] = 42
    name: Name | None = None
    monitor: Annotated[str, Predicate(is_monitor)] = "val/loss"
    test: Literal["auto"] | bool = "auto"
    resume: Annotated[str, Predicate(is_filled)] | None = None
    fail_on: Literal["inadequate", "undetermined"] | None = None
    output_dir: Annotated[str, Predicate(is_filled)] = "outputs"
