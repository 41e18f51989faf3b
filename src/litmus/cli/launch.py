"""Runs `train` and `check`: composed, checked, given a directory, and only then started."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import OmegaConf, open_dict

from litmus.cli.directory import Directory, leftovers, make_directory
from litmus.cli.job import Failure, Job, execute, prepare, refuse
from litmus.cli.loading import loading
from litmus.cli.points import check_points, dirname_overrides, swept
from litmus.cli.signals import stopped_by_signals
from litmus.config import check as problems_of
from litmus.config import settle, trusted
from litmus.config.composition import ROOT, composer, name_of, translated_errors
from litmus.config.keys import quoted
from litmus.config.words import translate, values
from litmus.errors import ConfigError, InputError, Problem, RunError

UNSAVED = "interrupted before there was anything to save"


def train(words: Sequence[str], *, config_dir: str | None = None) -> int:
    """One run; raises what ended it, and leaves nothing behind when it was refused."""
    if values(words).get("resume", "null") != "null":
        return resume(words, config_dir=config_dir)
    prepare()
    with stopped_by_signals(UNSAVED), composer(config_dir) as composing:
        cfg = composing.compose(translate(words, composing.library).all)
        if OmegaConf.select(cfg, "hydra.sweeper.params"):
            raise ConfigError(
                "the config holds the points of a sweep; start it by litmus train -m, or leave out sweep="
            )
        with loading():
            problems = problems_of(cfg)
        refuse(problems, cfg)
        directory = make_directory(cfg.output_dir, cfg.name)
        try:
            outcome = execute(cfg, directory.path, ("train", *words))
        except KeyboardInterrupt as stop:
            _leave_no_shell(directory, stop)
            raise
    if isinstance(outcome, Failure):
        _take_back(directory, [outcome])
        raise outcome.error or RunError(outcome.message)
    return 0


def sweep(words: Sequence[str], *, config_dir: str | None = None) -> int:
    """A multirun: every point is checked first; a job that fails does not end the others."""
    prepare()
    with stopped_by_signals(UNSAVED), composer(config_dir) as composing:
        overrides = translate(words, composing.library, sweep=True)
        base = composing.compose(overrides.fixed)
        varying = swept(overrides, base)
        with loading():
            problems = check_points(composing, overrides, varying)
        refuse(problems, base)
        name = base.name if "name" in _keys(overrides.fixed) else name_of(base, [item.key_or_group for item in varying])
        directory = make_directory(base.output_dir, name, "sweep_")
        own = [*composing.own, f"++name={name}", f"hydra.sweep.dir={quoted(str(directory.path))}"]
        job = Job(("train", "-m", *words), sweep=True, allow=trusted())
        with translated_errors(composing.library):
            hydra = GlobalHydra.instance().hydra
            assert hydra is not None  # noqa: S101  # `composer` has just started it
            try:
                results = hydra.multirun(ROOT, job, [*own, *dirname_overrides(overrides), *overrides.all])
            except KeyboardInterrupt as stop:
                _leave_no_shell(directory, stop)
                raise
    _sum_up(directory, _returned(results), test=base.test is not False)
    return 0


def resume(words: Sequence[str], *, config_dir: str | None = None) -> int:
    """Goes on with a run, or with the jobs of a sweep that did not finish; each keeps the config that it has."""
    from litmus.cli.resume import asked, resume_run, resume_sweep
    from litmus.sweep.records import is_sweep

    prepare()
    with stopped_by_signals(UNSAVED), composer(config_dir) as composing:
        place, changes = asked(words, composing.library)
        if is_sweep(place):
            outcomes = resume_sweep(place, changes, composing, ("train", *words))
        else:
            outcomes = [resume_run(place, changes, composing, ("train", *words))]
    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    if is_sweep(place):
        _sum_up(Directory(place, ()), outcomes, keep=True)
    elif failures:
        raise failures[0].error or RunError(failures[0].message)
    return 0


def check(words: Sequence[str], *, config_dir: str | None = None) -> int:
    """Data and config without training."""
    if values(words).get("resume", "null") != "null":
        raise ConfigError("resume: check looks at what a new run would do; leave it out")
    with loading():
        from litmus import check as command

    prepare()
    with composer(config_dir) as composing:
        cfg = composing.compose(translate(words, composing.library).all)
    refuse(problems_of(cfg), cfg)
    settle(cfg)
    with open_dict(cfg):
        del cfg["hydra"]
    command.main(cfg)
    return 0


def show(words: Sequence[str], kind: str, package: str, *, resolve: bool, config_dir: str | None = None) -> str:
    """The composed config as YAML, as `--cfg` prints it."""
    if kind not in {"job", "hydra", "all"}:
        raise ConfigError(f"--cfg: must be job, hydra or all, not {kind!r}")
    prepare()
    with composer(config_dir) as composing, translated_errors(composing.library):
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


def _keys(overrides: Iterable[str]) -> set[str]:
    return {override.lstrip("+~").partition("=")[0] for override in overrides}


def _returned(results: Any) -> list[Any]:
    """What the jobs returned, whatever a sweeper makes of their results."""
    if isinstance(results, list | tuple):
        return [value for item in results for value in _returned(item)]
    return [getattr(results, "_return_value", None)]


def _sum_up(directory: Directory, outcomes: list[Any], *, keep: bool = False, test: bool = True) -> None:
    """The leaderboard, and which jobs failed; a sweep whose jobs were all refused leaves nothing behind."""
    from litmus import compare  # pulls torch, which a config that is only shown does not need

    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    if len(failures) < len(outcomes) or keep:
        compare.conclude(str(_shown(directory.path)), test=test)
    if not failures:
        return
    first = failures[0]
    if len(failures) == len(outcomes) and all(failure.exit_code == InputError.exit_code for failure in failures):
        _take_back(directory, failures)
        raise first.error or ConfigError(first.message)
    many = f"{len(failures)} of {len(outcomes)} jobs failed"
    raise RunError(f"{many}; the first, {Path(first.directory).name}: {first.message}; see {_shown(directory.path)}")


def _shown(path: Path) -> Path:
    """As short as it can be said from here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _leave_no_shell(directory: Directory, stop: KeyboardInterrupt) -> None:
    """Removes the directory of what was stopped before it had saved anything that it could go on with."""
    if stop.__cause__ is None and not any(leftovers(directory.path)):
        directory.remove()


def _take_back(directory: Directory, failures: Sequence[Failure]) -> None:
    """Removes the directory of what was refused, unless training had begun or it stood there before."""
    refused = all(failure.exit_code == InputError.exit_code for failure in failures)
    if refused and directory.made and not any(leftovers(directory.path)):
        directory.remove()
