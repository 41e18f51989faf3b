"""Runs `train` and `check`: composed, checked, given a directory, and only then started."""

import os
import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.types import Override
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict

from litmus.cli.directory import AUTO, Directory, make_directory, use_directory
from litmus.cli.job import Failure, Job, beginning, execute, prepare, record_end, refuse, returned
from litmus.cli.loading import loading
from litmus.cli.points import (
    GRID,
    GRIDS,
    batches,
    check_points,
    dirname_overrides,
    judge_plugins,
    points,
    shared_split,
    swept,
)
from litmus.cli.signals import Stop, stopped_by_signals
from litmus.config import check as problems_of
from litmus.config import settle, trusted
from litmus.config.command_words import Overrides, path_of, translate, values
from litmus.config.composition import OURS, Composer, Configs, composer, name_of, translated_errors
from litmus.config.keys import quoted
from litmus.disk import holder, locked
from litmus.errors import ConfigError, InputError, InterruptedRun, LitmusError, Problem, RunError
from litmus.sweeps.settings import BASIC, POOL, RAY, SUBMITIT

OWN = {POOL, BASIC, RAY}
UNSAVED = "interrupted before there was anything to save"


def _command(words: Sequence[str], configs: Configs) -> tuple[str, ...]:
    """The command line as it is kept: the words with the flags without which they mean nothing."""
    allowed = [part for package in trusted() for part in ("--allow", package)]
    folders = [part for flag in configs.folders for part in flag]
    root = [] if configs.root == OURS.root else ["--config-name", configs.root]
    return ("train", *allowed, *folders, *root, *words)


def train(words: Sequence[str], *, configs: Configs = OURS) -> int:
    """One run; raises what ended it, and leaves nothing behind when it was refused."""
    if values(words).get("resume", "null") != "null":
        return resume(words, configs=configs)
    prepare()
    with stopped_by_signals(UNSAVED), composer(configs) as composing:
        overrides = translate(words, composing.library)
        cfg = composing.compose(overrides.all)
        if open_keys := [item.key_or_group for item in swept(overrides, cfg, composing.library)]:
            listed = ", ".join(open_keys[:4])
            raise ConfigError(
                f"the config holds the points of a sweep ({listed}); start it by litmus train -m, or leave out sweep="
            )
        with loading():
            problems = problems_of(cfg)
        refuse(problems, cfg)
        if _is_trial(cfg):
            return _try(cfg)
        with loading():
            files = beginning(settle(cfg))
        with _held(cfg, "run", name=cfg.name, files=files) as directory:
            try:
                outcome = execute(cfg, directory.path, _command(words, configs))
            except KeyboardInterrupt as stop:
                _leave_no_shell(directory, stop)
                raise
            if isinstance(outcome, Failure):
                _take_back(directory, [outcome])
                raise outcome.error or RunError(outcome.message)
    return 0


def sweep(words: Sequence[str], *, configs: Configs = OURS) -> int:
    """A multirun: every point is checked first; a job that fails does not end the others."""
    prepare()
    os.environ.setdefault("POLARS_MAX_THREADS", "1")  # which it reads when it is imported: jobs share the cores
    with stopped_by_signals(UNSAVED), composer(configs) as composing:
        overrides = translate(words, composing.library, sweep=True)
        _refuse_swept_settings(overrides)
        base = composing.compose(overrides.fixed)
        varying = swept(overrides, base, composing.library)
        judge_plugins(base, varying)
        if _is_trial(base):
            raise ConfigError("trainer.fast_dev_run: tries a single run and judges nothing; leave it or -m out")
        with loading():
            problems = check_points(composing, overrides, varying)
        refuse(problems, base)
        name, naming = _names(composing, overrides, base, varying)
        job = Job(_command(["-m", *words], configs), sweep=True, allow=trusted())
        with _held(base, "sweep", name=name, files={}) as directory:
            shared = shared_split(base, overrides, varying)
            if shared:
                print(
                    f"the jobs share one split, that of seed {base.seed}; split_seed=null gives each its own",
                    flush=True,
                )
            own = [*naming, *shared, *dirname_overrides(overrides)]
            # what a config file sweeps, with its patterns listed, instead of the file's own words for it
            if written := [str(item.input_line) for item in varying if item not in overrides.swept]:
                own += [*written, "hydra.sweeper.params=null"]
            if OmegaConf.select(base, "hydra.sweeper._target_") in GRIDS:
                own += [f"hydra.sweeper._target_={GRID}", *batches(base)]
            place = f"hydra.sweep.dir={quoted(str(directory.path))}"
            with translated_errors(composing.library):
                try:
                    launcher = OmegaConf.select(base, "hydra.launcher._target_")
                    with _passed_on(directory.path, launcher):
                        hydra = GlobalHydra.instance().hydra
                        assert hydra is not None  # noqa: S101  # `composer` has just started it
                        results = hydra.multirun(composing.root, job, [*own, *overrides.all, place])
                except KeyboardInterrupt as stop:
                    _leave_no_shell(directory, stop)
                    raise _stopped(directory, stop) from stop
            _sum_up(directory, returned(results), test=base.test is not False)
    return 0


@contextmanager
def _passed_on(sweep: Path, launcher: str | None) -> Iterator[None]:
    """Passes a signal on to the jobs of a sweep, as our own launchers do, and ends what another one would leave."""
    from litmus.sweeps.orphans import ask_jobs, end_descendants  # numpy, which a config that is only shown does without

    try:
        ask = (lambda: None) if launcher in OWN else partial(ask_jobs, sweep)
        with stopped_by_signals(UNSAVED, insists=True, first=ask):
            yield
    except KeyboardInterrupt:
        if launcher == SUBMITIT:  # whose processes outlive it
            end_descendants()
        raise


def _is_trial(cfg: DictConfig) -> bool:
    """Whether only a few batches are to run through."""
    return bool(OmegaConf.select(cfg, "trainer.fast_dev_run"))


def _try(cfg: DictConfig) -> int:
    with loading():
        from litmus.commands import smoke

    settle(cfg)
    with open_dict(cfg):
        del cfg["hydra"]
    smoke.main(cfg)
    return 0


def resume(words: Sequence[str], *, configs: Configs = OURS) -> int:
    """Goes on with a run, or with the jobs of a sweep that did not finish; each keeps the config that it has."""
    from litmus.cli.resume import asked, is_search, own_configs, resume_run, resume_search, resume_sweep
    from litmus.sweeps.orphans import take_back
    from litmus.sweeps.records import is_sweep

    prepare()
    configs = own_configs(words, configs)
    with stopped_by_signals(UNSAVED), composer(configs) as composing:
        place, changes = asked(words, composing)
        with locked(place):
            if is_sweep(place):
                go_on = resume_search if is_search(place) else resume_sweep
                take_back(place)
                try:
                    with stopped_by_signals(UNSAVED, insists=True):
                        outcomes = go_on(place, changes, composing, _command(words, configs))
                except KeyboardInterrupt as stop:
                    raise _stopped(Directory(place, ()), stop) from stop
                _sum_up(Directory(place, ()), outcomes, resumed=True)
                return 0
            outcome = resume_run(place, changes, composing, _command(words, configs))
    if isinstance(outcome, Failure):
        raise outcome.error or RunError(outcome.message)
    return 0


def check(words: Sequence[str], *, configs: Configs = OURS) -> int:
    """Data and config without training."""
    if values(words).get("resume", "null") != "null":
        raise ConfigError("resume: check looks at what a new run would do; leave it out")
    with loading():
        from litmus.commands import check as command

    prepare()
    with composer(configs) as composing:
        cfg = composing.compose(translate(words, composing.library).all)
    refuse(problems_of(cfg), cfg)
    settle(cfg)
    with open_dict(cfg):
        del cfg["hydra"]
    command.main(cfg)
    return 0


def show(words: Sequence[str], kind: str, package: str, *, resolve: bool, configs: Configs = OURS) -> str:
    """The composed config as YAML, as `--cfg` prints it."""
    if kind not in {"job", "hydra", "all"}:
        raise ConfigError(f"--cfg: must be job, hydra or all, not {kind!r}")
    prepare()
    with composer(configs) as composing, translated_errors(composing.library):
        cfg = composing.compose(translate(words, composing.library).all)
        with open_dict(cfg):
            cfg.hydra.mode = RunMode.RUN
            shown: Any = OmegaConf.masked_copy(cfg, ["hydra"]) if kind == "hydra" else cfg
            if kind == "job":
                del cfg["hydra"]
        if package:
            shown = OmegaConf.select(shown, package)
            if shown is None:
                raise ConfigError([Problem(package, "no such key in the config")])
        if not OmegaConf.is_config(shown):
            return str(shown)
        return OmegaConf.to_yaml(shown, resolve=resolve).rstrip()


def explain(words: Sequence[str], kind: str, *, multirun: bool, configs: Configs = OURS) -> int:
    """What Hydra says of a config with `--info`."""
    prepare()
    with composer(configs) as composing, translated_errors(composing.library):
        overrides = translate(words, composing.library, sweep=multirun)
        composing.compose(overrides.fixed)  # which refuses what Hydra's own output would not
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None  # noqa: S101  # `composer` has just started it
        hydra.show_info(kind, composing.root, overrides.fixed, RunMode.MULTIRUN if multirun else RunMode.RUN)
    return 0


def hydra_help(*, configs: Configs = OURS) -> int:
    """Hydra's own help."""
    prepare()
    with composer(configs) as composing, translated_errors(composing.library):
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None  # noqa: S101  # `composer` has just started it
        hydra.hydra_help(composing.root, get_args_parser(), SimpleNamespace(overrides=[]))
    return 0


def _keys(overrides: Iterable[str]) -> set[str]:
    return {override.lstrip("+~").partition("=")[0] for override in overrides}


def _refuse_swept_settings(overrides: Overrides) -> None:
    """What holds for a sweep as a whole has one value."""
    found = [item.key_or_group for item in overrides.swept if item.key_or_group.startswith("sweep.")]
    if found:
        raise ConfigError([Problem(key, "holds for the whole sweep; give it one value") for key in found])


def _sum_up(directory: Directory, outcomes: list[Any], *, resumed: bool = False, test: bool = True) -> None:
    """The leaderboard, and which jobs failed; a new sweep whose jobs were all refused leaves nothing behind."""
    from litmus.commands import compare  # pulls torch, which a config that is only shown does not need
    from litmus.report.phrases import paste

    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    if len(failures) < len(outcomes) or resumed:
        place = str(_shown(directory.path))
        try:
            with stopped_by_signals(insists=True):
                compare.conclude(place, test=test)
        except (KeyboardInterrupt, InterruptedRun) as stop:
            message = f"interrupted, the jobs are done; sum them up with litmus train resume={paste(place)}"
            raise Stop(message, int(getattr(stop, "exit_code", 128 + signal.SIGINT))) from stop
    if not failures:
        return
    first = failures[0]
    if len(failures) == len(outcomes) and all(failure.exit_code == InputError.exit_code for failure in failures):
        if not resumed:
            _take_back(directory, failures)
        raise first.error or ConfigError(first.message)
    many = f"{len(failures)} of {len(outcomes)} jobs failed"
    log_file = Path(first.directory) / "log.txt"
    see = _shown(log_file if first.reason and log_file.is_file() else directory.path)
    name = Path(first.directory).name
    raise RunError(f"{many}; the first, {name}: {first.reason or first.message}; see {see}")


@contextmanager
def _held(cfg: DictConfig, kind: Literal["run", "sweep"], *, name: str, files: dict[str, str]) -> Iterator[Directory]:
    """The directory of a new run or sweep, where it belongs or where the config says, locked."""
    key = f"hydra.{kind}.dir"
    place = str(OmegaConf.select(cfg, key))
    with ExitStack() as locks:
        if place == AUTO:
            directory = make_directory(cfg.output_dir, name, "sweep_" if kind == "sweep" else "", files=files)
        else:
            if path_of(place).is_dir():  # looked into and written into by one process at a time
                locks.enter_context(locked(path_of(place).absolute()))
            directory = use_directory(place, key, files=files)
        if directory.made:
            locks.enter_context(locked(directory.path))
        yield directory


def _names(
    composing: Composer, overrides: Overrides, base: DictConfig, varying: Sequence[Override]
) -> tuple[str, list[str]]:
    """The name of a sweep, and the overrides that name its jobs: where the name says what varies, their folders do."""
    without = name_of(base, [item.key_or_group for item in varying])
    if base.name == name_of(base) and "name" not in _keys(overrides.fixed):
        return without, [f"++name={without}"]
    if (
        not OmegaConf.is_interpolation(base, "name")
        or len({point.name for point in points(composing, overrides, varying)}) == 1
    ):
        return str(base.name), []
    return without, ["hydra.sweep.subdir='${hydra.job.num}_${name}'"]


def _shown(path: Path) -> Path:
    """As short as it can be said from here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _leave_no_shell(directory: Directory, stop: KeyboardInterrupt) -> None:
    """Removes the directory of what was stopped before it had saved anything that it could go on with."""
    if stop.__cause__ is None and not directory.begun:
        directory.remove()


def _stopped(directory: Directory, stop: KeyboardInterrupt) -> KeyboardInterrupt:
    """How a sweep ends that a signal stopped: with the leaderboard so far, and the words that go on."""
    if not directory.begun:
        return stop
    from litmus.commands import compare
    from litmus.report.phrases import paste
    from litmus.report.terminal import Terminal
    from litmus.sweeps.records import runs_below

    for run in runs_below(directory.path):
        if holder(run) is None:  # its launcher may have killed it
            record_end(run, "interrupted", "stopped by a signal")
    with suppress(LitmusError):  # no job has got as far as a config
        compare.show_all([str(_shown(directory.path))], "outputs", Terminal(), hint=False)
    message = f"interrupted; go on with litmus train resume={paste(str(_shown(directory.path)))}"
    return Stop(message, int(getattr(stop, "exit_code", 128 + signal.SIGINT)))


def _take_back(directory: Directory, failures: Sequence[Failure]) -> None:
    """Removes the directory of what was refused, unless training had begun."""
    refused = all(failure.exit_code == InputError.exit_code for failure in failures)
    if refused and not directory.begun:
        directory.remove()
