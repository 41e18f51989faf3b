"""`resume=`: a run goes on with the config and the state that it left, a sweep with its unfinished jobs."""

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf, open_dict

from litmus.cli.directory import job_name
from litmus.cli.job import Failure, Job, execute, placed, refuse, returned
from litmus.cli.points import GRIDS
from litmus.cli.points import is_search as searches
from litmus.config import check, make, read, settle, trusted
from litmus.config.command_words import translate, values
from litmus.config.composition import OURS, Composer, Configs, translated_errors
from litmus.config.keys import quoted
from litmus.errors import CheckpointError, ConfigError, LitmusError, printable, quote
from litmus.sweeps.launching import Jobs
from litmus.sweeps.places import WORDS, find_place, find_run
from litmus.sweeps.records import is_sweep, runs_in
from litmus.sweeps.settings import BASIC, JOBLIB, POOL, RAY, SUBMITIT, Settings

CHANGEABLE = ("trainer.max_epochs", "trainer.max_steps")
KNOWN = {None, POOL, BASIC, RAY, JOBLIB, SUBMITIT}  # which run here again, or where they ran
SETTINGS = f"{Settings.__module__}.{Settings.__qualname__}"


def own_configs(words: Sequence[str], given: Configs) -> Configs:
    """Where the configs of the sweep that is to go on are: as the command line says, or else as the sweep has noted.

    Folders and root say what is composed, and nothing of what is trusted: that is the command line's alone.
    """
    known = values(words)
    try:
        place = find_place(known.get("resume", ""), output_dir=known.get("output_dir", "outputs"))
        stored = read(place / "multirun.yaml")
    except (LitmusError, OSError):  # no sweep; what else is wrong, whoever looks for the place next will say
        return given
    sources = OmegaConf.select(stored, "hydra.runtime.config_sources") or []
    folders = tuple(("--config-dir", str(source.path)) for source in sources if source.provider == "command-line")
    root = str(OmegaConf.select(stored, "hydra.job.config_name") or OURS.root)
    found = Configs(given.folders or folders, root if given.root == OURS.root else given.root)
    if found != given:
        _tell(f"configs: {', '.join(folder for _, folder in found.folders)}, root {found.root}, as the sweep was begun")
    return found


def asked(words: Sequence[str], composer: Composer) -> tuple[Path, list[Override]]:
    """The directory to go on in, and what is to change.

    Raises:
        InputError: There is none, or something else than its length is to change.
    """
    given = values(words)
    changes = [word for word in words if word.lstrip("+").partition("=")[0] not in {"resume", "output_dir"}]
    for word in changes:
        key = word.lstrip("+").partition("=")[0]
        if key not in CHANGEABLE and not key.startswith("sweep."):
            allowed = f"{' and '.join(CHANGEABLE)} may change, and sweep.* of a sweep"
            raise ConfigError(f"{quote(word)}: a resumed run keeps its own config; only {allowed}")
    wanted = given["resume"]
    if not wanted.strip():
        raise ConfigError("resume: is empty; write a run or sweep directory, or last, after the =")
    try:
        whole = any(word.lstrip("+").startswith("sweep.") for word in changes)
        place = _meant(wanted, given.get("output_dir", "outputs"), composer, whole=whole)
    except CheckpointError as error:
        raise CheckpointError(f"resume={error}") from None
    if not is_sweep(place) and not (place / "config.yaml").is_file():
        raise CheckpointError(f"resume={wanted}: holds no run (no config.yaml); give a run's own directory, or last")
    overrides = list(translate(changes, composer.library).parsed)
    if not is_sweep(place) and (own := [o.key_or_group for o in overrides if o.key_or_group.startswith("sweep.")]):
        raise ConfigError(f"{own[0]}: {place} is a single run, no sweep; leave it out")
    return place, overrides


def _meant(word: str, output_dir: str, composer: Composer, *, whole: bool) -> Path:
    """What a word names, and says it: `last` is a sweep while it has jobs to do, and then its winner.

    Args:
        word: As typed.
        output_dir: Where `last` is looked for.
        composer: For the points of a grid.
        whole: Whether something of the sweep itself is to change, such as the total of a search.
    """
    place = find_place(word, output_dir=output_dir)
    if word == "last" and is_sweep(place) and not whole and not _unfinished(place, composer):
        return find_run(word, output_dir=output_dir, tell=_tell)
    if word in WORDS:
        _tell(f"{word}: {place}")
    return place


def _tell(line: str) -> None:
    print(printable(line), flush=True)


def _unfinished(place: Path, composer: Composer) -> bool:
    """Whether a sweep has jobs that did not finish, or were not begun."""
    if is_search(place):
        jobs = runs_in(place)
        if len(jobs) < read(place / "multirun.yaml").sweep.trials:
            return True
    else:
        jobs = [place / name for name, _ in _points(place, composer)]
    return any(status(job) != "finished" for job in jobs)


def resume_run(place: Path, changes: Sequence[Override], composer: Composer, command: tuple[str, ...]) -> Any:
    """Goes on with one run; gives what it returns.

    Raises:
        InputError: Its config is not one of ours, or there is nothing left to do.
    """
    if status(place) == "finished" and not changes:
        raise CheckpointError(f"{place}: this run has finished; to go on, give it more: trainer.max_epochs=<more>")
    return execute(_continued(place, changes, composer), place.absolute(), command)


def _continued(place: Path, changes: Sequence[Override], composer: Composer) -> DictConfig:
    """The config of a run that goes on, under Hydra."""
    stored = read(place / "config.yaml")
    for change in changes:
        OmegaConf.update(stored, change.key_or_group, change.value(), force_add=True)
    stored.resume = str(place)
    refuse(check(stored), stored)
    return _under_hydra(settle(stored), composer)


def resume_sweep(
    place: Path, changes: Sequence[Override], composer: Composer, command: tuple[str, ...]
) -> list[float | Failure | None]:
    """Goes on with every job of a sweep that did not finish: as many at a time as the sweep ran."""
    stored = read(place / "multirun.yaml")
    job = Job(command, sweep=True, allow=trusted())
    own = [change for change in changes if not change.key_or_group.startswith("sweep.")]
    jobs = []
    for name, point in _points(place, composer):
        directory = (place / name).absolute()
        if status(directory) == "finished":
            continue
        if (directory / "checkpoints" / "last.ckpt").is_file():
            cfg = _continued(directory, own, composer)
        else:  # it never got as far as a checkpoint
            cfg = composer.compose(point)
            refuse(check(cfg), cfg)
        jobs.append(placed(cfg, directory, job))
    if not jobs:
        return []
    settings = _settings(stored, changes)
    launcher = OmegaConf.select(stored, "hydra.launcher._target_")
    if launcher not in KNOWN:
        _tell(f"these jobs run on this machine, not by {launcher}; several machines go on with sweeps of their own")
    with Jobs(settings, stored, len(jobs)) as running:
        return running.run(jobs)


def is_search(place: Path) -> bool:
    """Whether a sweep is a search."""
    return (place / "multirun.yaml").is_file() and searches(read(place / "multirun.yaml"))


def resume_search(place: Path, changes: Sequence[Override], composer: Composer, command: tuple[str, ...]) -> list[Any]:
    """Goes on with a search to its total: first with the trials that were running."""
    stored = read(place / "multirun.yaml")
    hydra = GlobalHydra.instance().hydra
    assert hydra is not None  # noqa: S101  # `composer` has started it
    lines = [*stored.hydra.overrides.hydra, *stored.hydra.overrides.task]
    with translated_errors(composer.library):
        parsed = OverridesParser.create().parse_overrides(lines)
    base = composer.compose([str(item.input_line) for item in parsed if not item.is_sweep_override()])
    refuse(check(base), base)  # before Hydra builds anything of what the folder's files say
    job = Job(command, sweep=True, allow=trusted())
    with translated_errors(composer.library):
        lines += [*(str(change.input_line) for change in changes), f"hydra.sweep.dir={quoted(str(place.absolute()))}"]
        return returned(hydra.multirun(composer.root, job, lines))


def _settings(stored: DictConfig, changes: Sequence[Override]) -> Settings:
    """What the sweep was started with, and what is asked for now."""
    node = OmegaConf.create({"sweep": stored.get("sweep") or {"_target_": SETTINGS}})
    for change in changes:
        if change.key_or_group.startswith("sweep."):
            OmegaConf.update(node, change.key_or_group, change.value(), force_add=True)
    settings: Settings = make(node.sweep, "sweep")
    return settings


def status(run: Path) -> str:
    """What a run's status.json says; "" if it says nothing."""
    try:
        return str(json.loads((run / "status.json").read_text(encoding="utf-8"))["status"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _points(place: Path, composer: Composer) -> list[tuple[str, list[str]]]:
    """Folder and overrides of every job of a sweep, in the order of their numbers."""
    stored = read(place / "multirun.yaml")
    if OmegaConf.select(stored, "hydra.sweeper._target_") not in GRIDS:
        raise CheckpointError(f"{place}: only a grid's jobs can be resumed by themselves; start the search again")
    params = OmegaConf.select(stored, "hydra.sweeper.params") or {}
    lines = [*(f"{key}={value}" for key, value in params.items()), *stored.hydra.overrides.task]
    parser = OverridesParser.create(config_loader=GlobalHydra.instance().config_loader())
    batches = BasicSweeper.split_arguments(parser.parse_overrides(lines), None)
    fixed = set(OmegaConf.select(stored, "hydra.job.config.override_dirname.exclude_keys") or [])
    subdir = str(stored.hydra.sweep._get_node("subdir")._value())  # noqa: SLF001  # each job resolves it
    points = enumerate(itertools.chain(*batches))
    return [(_folder(number, point, fixed, subdir, composer), point) for number, point in points]


def _folder(number: int, point: list[str], fixed: set[str], subdir: str, composer: Composer) -> str:
    """The name that Hydra gave, or would have given, to a job's folder."""
    varying = "|".join(sorted(line for line in point if line.lstrip("+~").partition("=")[0] not in fixed))
    if "${litmus.job:" in subdir:
        return job_name(number, varying)
    cfg = composer.compose(point)
    with open_dict(cfg):
        cfg.hydra.job.num, cfg.hydra.job.id = number, str(number)
        cfg.hydra.job.override_dirname = varying
        cfg.hydra.sweep.subdir = subdir
    return str(cfg.hydra.sweep.subdir)


def _under_hydra(stored: DictConfig, composer: Composer) -> DictConfig:
    """The stored config with a fresh `hydra` node, which leaves the run's own .hydra as it is."""
    cfg = composer.compose(["hydra.output_subdir=null"])
    with open_dict(cfg):
        for key in [key for key in cfg if key != "hydra"]:
            del cfg[key]
        for key in [key for key in stored if key != "hydra"]:  # which Hydra's own file has
            cfg[key] = stored._get_node(key)  # noqa: SLF001  # `stored[key]` would resolve it
    return cfg
