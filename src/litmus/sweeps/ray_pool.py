"""The jobs of a sweep on a Ray cluster, with the same answers as from processes of this machine."""

import logging
import os
import pickle
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, final

from litmus.errors import ConfigError, Problem, described
from litmus.sweeps.pool import GRACE, Lost, Task

PLACE = "hydra.launcher"
QUIET: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}


@final
class RayPool:
    """A cluster's workers; leave its block to end what they do.

    Args:
        address: Of the cluster; None: one is started on this machine, and ends with the block.
        num_cpus: Processors of a task.
        num_gpus: GPUs of a task.
        most: Tasks at a time; None: as many as there is room for.
    """

    def __init__(
        self, *, address: str | None = None, num_cpus: float = 1, num_gpus: float = 0, most: int | None = None
    ) -> None:
        self._address, self._most = address, most
        self._needs = {"num_cpus": num_cpus, "num_gpus": num_gpus}
        self._running: dict[Any, int] = {}
        self._ours = False
        self.width = most or 1

    def __enter__(self) -> "RayPool":
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere unasked
        import ray

        if not ray.is_initialized():
            if self._address is None:  # which Ray says of a cluster that nobody else sees
                logging.getLogger("ray").setLevel(logging.ERROR)
            handler = signal.getsignal(signal.SIGTERM)
            try:
                ray.init(address=self._address or "local", include_dashboard=False, **QUIET)
            except (ConnectionError, ValueError) as error:
                raise ConfigError([Problem(f"{PLACE}.address", f"no Ray cluster there: {described(error)}")]) from error
            with suppress(ValueError):  # elsewhere than in the main thread Ray has set none
                signal.signal(signal.SIGTERM, handler)  # Ray's own would end this process with nothing saved
            self._ours = True
        self.width = self._most or self._room(ray.cluster_resources())
        return self

    def _room(self, resources: dict[str, float]) -> int:
        """Tasks that the cluster has room for at a time; raises ConfigError where it is none."""
        shares = {"CPU": self._needs["num_cpus"], "GPU": self._needs["num_gpus"]}
        room = {name: resources.get(name, 0.0) / share for name, share in shares.items() if share > 0}
        short = next((name for name, count in room.items() if count < 1), None)
        if short is not None:
            there = f"the cluster has {resources.get(short, 0):g} {short} and a job asks for {shares[short]:g}"
            raise ConfigError([Problem(f"{PLACE}.num_{short.lower()}s", f"no job would ever start: {there}")])
        return int(min(room.values(), default=1))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        import ray

        try:
            if self._running and isinstance(error, KeyboardInterrupt):
                for reference in self._running:
                    ray.cancel(reference)  # Ctrl-C in its worker, which saves what it has
                ray.wait(list(self._running), num_returns=len(self._running), timeout=GRACE)
        finally:
            for reference in self._running:
                ray.cancel(reference, force=True)
            self._running.clear()
            if self._ours:
                ray.shutdown()

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[int, Any]]:
        """As `Pool.run`."""
        import ray

        start = ray.remote(max_retries=0, **self._needs)(run_there).remote
        source = iter(enumerate(tasks))
        over = False
        while not over or self._running:
            while not over and len(self._running) < self.width:
                place, task = next(source, (-1, None))
                over = task is None
                if task is not None:
                    self._running[start(str(Path.cwd()), sys.path, pickle.dumps(task))] = place
            ended = ray.wait(list(self._running))[0] if self._running else []
            for reference in ended:
                yield self._running.pop(reference), _outcome(reference)


def run_there(directory: str, path: Sequence[str], task: bytes) -> Any:
    """Runs a task as it would be run where it comes from.

    Args:
        directory: To work in.
        path: Of modules.
        task: Pickled.
    """
    with suppress(OSError):  # a worker of another machine, which may lack it
        os.chdir(directory)
    sys.path.extend(place for place in path if place not in sys.path)
    try:
        return pickle.loads(task)()  # noqa: S301  # made by `RayPool.run` in this cluster
    except Exception as error:  # noqa: BLE001  # a task reports its own failures: this one is in reporting
        return Lost(described(error))


def _outcome(reference: Any) -> Any:
    import ray

    try:
        return ray.get(reference)
    except ray.exceptions.RayError as error:
        return Lost(f"its Ray worker ended: {described(error)}")
