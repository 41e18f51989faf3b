"""One training under Hydra, alone or in a sweep: what goes wrong is recorded, and never ends the jobs beside it."""

import json
import logging
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, final

from hydra._internal.callbacks import Callbacks
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import run_job
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf, open_dict

from litmus.cli.directory import job_name
from litmus.cli.loading import loading
from litmus.cli.signals import Stop
from litmus.config import make, saved, settle, trust, trusted
from litmus.errors import ConfigError, InterruptedRun, LitmusError, Problem, described

log = logging.getLogger(__name__)


@final
@dataclass(frozen=True)
class Failure:
    """What a job returns instead of a value when it failed.

    Args:
        directory: Its run directory.
        message: One line.
        exit_code: As the error's.
        error: The error itself; None where it is not one of ours.
    """

    directory: str
    message: str
    exit_code: int
    error: LitmusError | None = None


@final
class Job:
    """The function that Hydra calls for each run; launchers pickle it, and what this process trusts travels with it.

    Args:
        command: The words after `litmus`, for provenance.
        sweep: Whether it is one of several.
        allow: Packages of the user's that configs may name.
    """

    def __init__(self, command: tuple[str, ...], *, sweep: bool, allow: tuple[str, ...] = ()) -> None:
        self.command, self.sweep, self.allow = command, sweep, allow
        prepare(allow)

    def __reduce__(self) -> tuple[Callable[..., "Job"], tuple[Any, ...]]:
        return partial(Job, sweep=self.sweep, allow=trusted()), (self.command,)

    def __call__(self, cfg: DictConfig) -> float | Failure | None:
        """The value of the monitor; a Failure if there is none."""
        directory = Path(HydraConfig.get().runtime.output_dir)
        logging.captureWarnings(True)
        logging.raiseExceptions = False  # a log that cannot be written is not worth a traceback on the terminal
        try:
            with loading():
                from litmus import train

            value: float = train.main(settle(cfg), directory=directory, command=self.command, job=self.sweep)
        except InterruptedRun as error:
            message = self._go_on(directory) if self.sweep else str(error)
            raise Stop(message, error.exit_code) from error
        except KeyboardInterrupt as stop:
            _record(directory, "interrupted", "stopped by a signal", cfg)
            if (directory / "checkpoints" / "last.ckpt").is_file():
                raise Stop(self._go_on(directory), _exit_code(stop)) from stop
            raise
        except LitmusError as error:
            log.exception("this run ends with status %d", error.exit_code)
            _record(directory, "failed", str(error), cfg)
            return Failure(str(directory), "; ".join(error.lines()), error.exit_code, error)
        except (Exception, SystemExit) as error:
            log.exception("this run failed")
            message = described(error)
            _record(directory, "failed", message, cfg)
            return Failure(str(directory), f"{message}; traceback in {directory / 'log.txt'}", 1)
        if self.sweep:
            print(f"{directory.name}  {cfg.monitor} {value:.4g}", flush=True)
        return value

    def _go_on(self, directory: Path) -> str:
        """What was stopped, and the words that go on with it: with all of a sweep."""
        return f"interrupted; go on with litmus train resume={directory.parent if self.sweep else directory}"


def _exit_code(stop: KeyboardInterrupt) -> int:
    return stop.exit_code if isinstance(stop, Stop) else 128 + signal.SIGINT


def prepare(allow: tuple[str, ...] = ()) -> None:
    """What a process needs before it can compose or run a job."""
    OmegaConf.register_new_resolver("litmus.job", job_name, replace=True)
    trust(allow)


def _record(directory: Path, status: Literal["failed", "interrupted"], reason: str, cfg: DictConfig) -> None:
    """Notes how a run ended that could not note it itself, and what it was."""
    from litmus.run import Paths, write_status

    paths = Paths(directory)
    try:
        known = json.loads(paths.status.read_text(encoding="utf-8"))["status"]
    except (OSError, ValueError, KeyError):
        known = "running"
    with suppress(OSError):  # a full disk is what ended the run, perhaps, and that is said already
        if known == "running" and directory.is_dir():
            write_status(paths, status, reason=reason)
        if not paths.config.exists() and directory.is_dir():
            OmegaConf.save(saved(cfg), paths.config)


def execute(cfg: DictConfig, directory: Path, command: tuple[str, ...], *, sweep: bool = False) -> Any:
    """Hydra's run of one job in `directory`; gives what the job returned.

    Args:
        cfg: With its `hydra` node.
        directory: Made already.
        command: The words after `litmus`.
        sweep: Whether it is one of several.
    """
    with open_dict(cfg):
        cfg.hydra.mode = RunMode.RUN
        cfg.hydra.run.dir = str(directory)
    hydra = GlobalHydra.instance().hydra
    assert hydra is not None  # noqa: S101  # `composer` has started it
    context = HydraContext(config_loader=hydra.config_loader, callbacks=Callbacks())
    result = run_job(Job(command, sweep=sweep, allow=trusted()), cfg, "hydra.run.dir", None, context)
    return result.return_value


def refuse(problems: Sequence[Problem], cfg: DictConfig) -> None:
    """Raises all problems together, those included that only the verdict's settings know.

    Raises:
        ConfigError: There are any.
    """
    if problems:
        raise ConfigError(problems)
    settings = make(cfg.verdict, "verdict")
    if found := settings.problems():
        raise ConfigError(found)
