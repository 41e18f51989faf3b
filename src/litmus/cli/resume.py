"""`resume=`: a run goes on with the config and the state that it left, a sweep with its unfinished jobs."""

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf, open_dict

from litmus.cli.directory import job_name
from litmus.cli.job import Failure, execute, refuse
from litmus.config import check, read
from litmus.config.composition import Composer
from litmus.config.words import Library, translate, values
from litmus.errors import CheckpointError, ConfigError, quote
from litmus.sweep.records import is_sweep, last

CHANGEABLE = ("trainer.max_epochs", "trainer.max_steps")
BASIC = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"


def asked(words: Sequence[str], library: Library) -> tuple[Path, list[Override]]:
    """The directory to go on in, and what is to change.

    Raises:
        InputError: There is none, or something else than its length is to change.
    """
    given = values(words)
    changes = [word for word in words if word.lstrip("+").partition("=")[0] not in {"resume", "output_dir"}]
    for word in changes:
        if word.lstrip("+").partition("=")[0] not in CHANGEABLE:
            raise ConfigError(
                f"{quote(word)}: a resumed run keeps its own config; only {' and '.join(CHANGEABLE)} may change"
            )
    wanted = given["resume"]
    if not wanted.strip():
        raise ConfigError("resume: is empty; write a run or sweep directory, or last, after the =")
    place = last(Path(given.get("output_dir", "outputs"))) if wanted == "last" else Path(wanted)
    if place.suffix == ".ckpt" and place.parent.name == "checkpoints":
        place = place.parent.parent
    if not place.is_dir():
        raise CheckpointError(f"resume={wanted}: no such directory; give a run or sweep directory, or last")
    if not is_sweep(place) and not (place / "config.yaml").is_file():
        raise CheckpointError(f"resume={wanted}: holds no run (no config.yaml); give a run's own directory, or last")
    return place, list(translate(changes, library).parsed)


def resume_run(
    place: Path, changes: Sequence[Override], composer: Composer, command: tuple[str, ...], *, sweep: bool = False
) -> Any:
    """Goes on with one run, alone or as the job of a sweep; gives what its job returns.

    Raises:
        InputError: Its config is not one of ours, or there is nothing left to do.
    """
    stored = read(place / "config.yaml")
    for change in changes:
        OmegaConf.update(stored, change.key_or_group, change.value(), force_add=True)
    if status(place) == "finished" and not changes:
        raise CheckpointError(f"{place}: this run has finished; to go on, give it more: trainer.max_epochs=<more>")
    stored.resume = str(place)
    refuse(check(stored), stored)
    return execute(_under_hydra(stored, composer), place.absolute(), command, sweep=sweep)


def resume_sweep(
    place: Path, changes: Sequence[Override], composer: Composer, command: tuple[str, ...]
) -> list[float | Failure | None]:
    """Goes on with every job of a sweep that did not finish, in their order."""
    outcomes: list[float | Failure | None] = []
    for name, point in _points(place):
        job = place / name
        if status(job) == "finished":
            continue
        if (job / "checkpoints" / "last.ckpt").is_file():
            outcomes.append(resume_run(job, changes, composer, command, sweep=True))
        else:
            outcomes.append(_start(job, point, composer, command))
    return outcomes


def status(run: Path) -> str:
    """What a run's status.json says; "" if it says nothing."""
    try:
        return str(json.loads((run / "status.json").read_text(encoding="utf-8"))["status"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _start(job: Path, point: list[str], composer: Composer, command: tuple[str, ...]) -> Any:
    """A job that never got as far as a checkpoint, from its overrides."""
    cfg = composer.compose(point)
    refuse(check(cfg), cfg)
    job.mkdir(exist_ok=True)
    return execute(cfg, job.absolute(), command, sweep=True)


def _points(place: Path) -> list[tuple[str, list[str]]]:
    """Folder and overrides of every job of a sweep, in the order of their numbers."""
    stored = read(place / "multirun.yaml")
    if OmegaConf.select(stored, "hydra.sweeper._target_") != BASIC:
        raise CheckpointError(f"{place}: only a grid's jobs can be resumed by themselves; start the search again")
    params = OmegaConf.select(stored, "hydra.sweeper.params") or {}
    lines = [*(f"{key}={value}" for key, value in params.items()), *stored.hydra.overrides.task]
    batches = BasicSweeper.split_arguments(OverridesParser.create().parse_overrides(lines), None)
    fixed = set(OmegaConf.select(stored, "hydra.job.config.override_dirname.exclude_keys") or [])
    return [(_folder(number, point, fixed), point) for number, point in enumerate(itertools.chain(*batches))]


def _folder(number: int, point: list[str], fixed: set[str]) -> str:
    """The name that Hydra gave, or would have given, to a job's folder."""
    varying = sorted(line for line in point if line.lstrip("+~").partition("=")[0] not in fixed)
    return job_name(number, "|".join(varying))


def _under_hydra(stored: DictConfig, composer: Composer) -> DictConfig:
    """The stored config with a fresh `hydra` node, which leaves the run's own .hydra as it is."""
    cfg = composer.compose(["hydra.output_subdir=null"])
    with open_dict(cfg):
        for key in [key for key in cfg if key != "hydra"]:
            del cfg[key]
        for key in list(stored):
            cfg[key] = stored._get_node(key)  # noqa: SLF001  # `stored[key]` would resolve it
    return cfg
