"""One training under Hydra, alone or in a sweep: what goes wrong is recorded, and never ends the jobs beside it."""

import logging
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast, final

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict

from litmus.cli.directory import job_name
from litmus.cli.loading import loading
from litmus.cli.plugins import join
from litmus.cli.signals import Stop
from litmus.config import make, replace_options, saved, settle, to_yaml, trust, trusted
from litmus.config.resolvers import import_trusted, imported
from litmus.disk import locked, write_text
from litmus.errors import ConfigError, InputError, InterruptedRun, LitmusError, Problem, described, printable, quote
from litmus.sweeps.hydra_job import BegunJob, HydraJob
from litmus.sweeps.pool import is_worker
from litmus.sweeps.settings import Settings

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
        reason: The message without the place of the log; "": the message.
    """

    directory: str
    message: str
    exit_code: int
    error: LitmusError | None = None
    reason: str = ""


@final
class Job:
    """The function that Hydra calls for each run; launchers pickle it, and what this process trusts travels with it.

    Args:
        command: The words after `litmus`, for provenance.
        sweep: Whether it is one of several.
        allow: Packages of the user's that configs may name.
        load: Those of them to import at once, for what they register.
    """

    def __init__(
        self, command: tuple[str, ...], *, sweep: bool, allow: tuple[str, ...] = (), load: tuple[str, ...] = ()
    ) -> None:
        self.command, self.sweep, self.allow = command, sweep, allow
        prepare(allow)
        import_trusted(load)

    def __reduce__(self) -> tuple[Callable[..., "Job"], tuple[Any, ...]]:
        return partial(Job, sweep=self.sweep, allow=trusted(), load=imported()), (self.command,)

    def __call__(self, cfg: DictConfig) -> float | Failure | None:
        """The value of the monitor; a Failure if there is none."""
        directory = Path(HydraConfig.get().runtime.output_dir)
        if not self.sweep:  # whoever made the directory holds it, and has settled the config
            return self._run(cfg, directory)
        if not is_worker():
            return self._apart(cfg, directory)
        try:
            if not OmegaConf.is_missing(HydraConfig.get().job, "num"):  # else the job of a sweep that goes on
                _claim(directory)
            replace_options(cfg, HydraConfig.get())
            settle(cfg)
            with locked(directory):
                begin(directory, cfg)
                return self._run(cfg, directory)
        except InputError as error:
            return Failure(str(directory), "; ".join(error.lines()), error.exit_code, error)
        except OSError as error:
            return Failure(str(directory), described(error), 1)

    def _apart(self, cfg: DictConfig, directory: Path) -> float | Failure | None:
        """Runs in a process of its own, and says here what came of it; raises Stop where the sweep is to stop."""
        from litmus.sweeps.launching import run_apart
        from litmus.sweeps.orphans import asked
        from litmus.sweeps.records import sweep_of

        place = sweep_of(directory)

        def look() -> None:
            if place is not None and asked(place):
                raise Stop(self._go_on(directory), 128 + signal.SIGTERM)

        look()
        own = HydraConfig.instance().cfg
        assert own is not None  # noqa: S101  # Hydra has called this
        # plain: the classes of launchers' configs are not always found again in another process
        parts = [cast("dict[str, Any]", OmegaConf.to_container(part, resolve=False)) for part in (cfg, own)]
        hydra = OmegaConf.create({**parts[0], **parts[1]})
        settings: Settings = make(cfg.sweep, "sweep")
        outcome: float | Failure | None = run_apart(BegunJob(self, cfg, hydra, directory), settings.job_timeout, look)
        if isinstance(outcome, Failure):
            print(printable(f"{directory.name}  failed: {outcome.reason or outcome.message}"), flush=True)
        elif outcome is not None:
            print(printable(f"{directory.name}  {cfg.monitor} {outcome:.4g}"), flush=True)
        return outcome

    def lost(self, cfg: DictConfig, directory: Path, reason: str) -> Failure:
        """Notes the failure of a job whose process died and could not; its log has what that said last."""
        log_file = directory / "log.txt"
        with suppress(OSError):
            directory.mkdir(parents=True, exist_ok=True)
            begin(directory, settle(cfg))
            with log_file.open("a", encoding="utf-8") as file:
                file.write(f"this job failed: {reason}\n")
        record_end(directory, "failed", reason)
        return Failure(str(directory), f"{reason}; see {log_file}", 1, reason=reason)

    def _run(self, cfg: DictConfig, directory: Path) -> float | Failure | None:
        """Trains in a directory that this process holds; says and records what goes wrong."""
        logging.captureWarnings(True)
        logging.raiseExceptions = False  # a log that cannot be written is not worth a traceback on the terminal
        try:
            with loading():
                from litmus.commands import train

            value: float = train.main(cfg, directory=directory, command=self.command, job=self.sweep)
        except InterruptedRun as error:
            message = self._go_on(directory) if self.sweep else str(error)
            raise Stop(message, error.exit_code) from error
        except KeyboardInterrupt as stop:
            record_end(directory, "interrupted", "stopped by a signal")
            if (directory / "checkpoints" / "last.ckpt").is_file():
                raise Stop(self._go_on(directory), _exit_code(stop)) from stop
            raise
        except LitmusError as error:
            log.exception("this run ends with status %d", error.exit_code)
            record_end(directory, "failed", str(error))
            return Failure(str(directory), "; ".join(error.lines()), error.exit_code, error)
        except (Exception, SystemExit) as error:
            log.exception("this run failed")
            message = described(error)
            record_end(directory, "failed", message)
            return Failure(str(directory), f"{message}; traceback in {directory / 'log.txt'}", 1, reason=message)
        return value

    def _go_on(self, directory: Path) -> str:
        """What was stopped, and the words that go on with it: with all of a sweep."""
        from litmus.sweeps.records import sweep_of  # numpy, which a config that is only shown does not need

        place = sweep_of(directory) if self.sweep else None
        return f"interrupted; go on with litmus train resume={place or directory}"


def _exit_code(stop: KeyboardInterrupt) -> int:
    return stop.exit_code if isinstance(stop, Stop) else 128 + signal.SIGINT


def beginning(cfg: DictConfig) -> dict[str, str]:
    """The files that a run's directory appears with: what is to run, once it is settled, and that it runs."""
    from litmus.run.status import status_text

    return {"config.yaml": to_yaml(saved(cfg)), "status.json": status_text("running")}


def begin(directory: Path, cfg: DictConfig) -> None:
    """Writes the beginning of a run into a folder that has none yet; in another one, marks it as begun again."""
    if (directory / "config.yaml").exists():
        (directory / "config.yaml").touch()
    else:
        for name, text in beginning(cfg).items():
            write_text(directory / name, text)


def _claim(directory: Path) -> None:
    """Refuses a job's folder that leads out of its sweep's, or is another job's; raises ConfigError."""
    if not directory.is_relative_to(os.path.abspath(HydraConfig.get().sweep.dir)):  # noqa: PTH100  # takes a/../ out
        raise ConfigError(f"hydra.sweep.subdir: {quote(str(directory))} is not in the folder of its sweep")
    if (directory / "config.yaml").exists():
        message = f"two jobs would share {quote(directory.name)}; put ${{hydra.job.num}} into it"
        raise ConfigError(f"hydra.sweep.subdir: {message}")


def prepare(allow: tuple[str, ...] = ()) -> None:
    """What a process needs before it can compose or run a job."""
    OmegaConf.register_new_resolver("litmus.job", job_name, replace=True)
    trust(allow)
    join(allow)


def record_end(directory: Path, status: Literal["failed", "interrupted"], reason: str) -> None:
    """Notes how a run ended that could not note it itself."""
    from litmus.run import Paths, write_status
    from litmus.run.status import read_status

    paths = Paths(directory)
    with suppress(OSError):  # a full disk is what ended the run, perhaps, and that is said already
        if read_status(paths) in {"running", None} and directory.is_dir():
            write_status(paths, status, reason=reason)


def execute(cfg: DictConfig, directory: Path, command: tuple[str, ...]) -> Any:
    """Hydra's run of one run in `directory`; gives what it returned.

    Args:
        cfg: With its `hydra` node.
        directory: Made already.
        command: The words after `litmus`.
    """
    return placed(cfg, directory, Job(command, sweep=False, allow=trusted()))()


def placed(cfg: DictConfig, directory: Path, job: Job) -> HydraJob:
    """A job that is to run in this directory, wherever the config's own would be."""
    with open_dict(cfg):
        cfg.hydra.mode = RunMode.RUN
        cfg.hydra.run.dir = str(directory)
    return HydraJob(job, cfg, directory)


def returned(results: Any) -> list[Any]:
    """What the jobs returned, whatever a sweeper makes of their results."""
    if isinstance(results, list | tuple):
        return [value for item in results for value in returned(item)]
    return [getattr(results, "_return_value", None)]


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
