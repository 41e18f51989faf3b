"""Tasks on a Ray cluster, here one that is played: the flow tests have a real one, where Ray is installed."""

import pickle
import signal
import sys
import types
from dataclasses import dataclass
from pathlib import Path

import pytest

from litmus.errors import ConfigError
from litmus.sweeps.pool import Lost, unforkable
from litmus.sweeps.ray_pool import RayPool, run_there


class RayError(Exception):
    pass


@dataclass(frozen=True, eq=False)
class Reference:
    function: object
    words: tuple


class Ray(types.ModuleType):
    """A cluster of four processors that runs a task when it is waited for."""

    def __init__(self):
        super().__init__("ray")
        self.exceptions = types.SimpleNamespace(RayError=RayError)
        self.waiting, self.most, self.cancelled, self.begun, self.asked = [], 0, [], None, {}

    def is_initialized(self):
        return self.begun is not None

    def init(self, **words):
        if words["address"] == "nowhere":
            raise ConnectionError("nobody answers")
        self.begun = words
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # as Ray puts a handler of its own

    def shutdown(self):
        self.begun = None

    def cluster_resources(self):
        return {"CPU": 4.0}

    def remote(self, **asked):
        self.asked = asked
        return lambda function: types.SimpleNamespace(remote=lambda *words: self._start(function, words))

    def _start(self, function, words):
        self.waiting.append((function, words))
        self.most = max(self.most, len(self.waiting))
        return Reference(function, words)

    def wait(self, references, num_returns=1, timeout=None):
        return references[-1:], references[:-1]  # the last one begun ends first

    def get(self, reference):
        self.waiting.remove((reference.function, reference.words))
        return reference.function(*reference.words)

    def cancel(self, reference, force=False):
        self.cancelled.append(force)


@dataclass(frozen=True)
class Task:
    directory: Path
    kind: str = "answer"

    def __call__(self):
        return getattr(self, self.kind)()

    def answer(self):
        return str(self.directory)

    def fail(self):
        raise ZeroDivisionError("in the reporting")

    def place(self):
        return str(Path.cwd())


@pytest.fixture
def ray(monkeypatch):
    ray = Ray()
    monkeypatch.setitem(sys.modules, "ray", ray)
    return ray


def test_every_task_has_its_outcome_as_many_at_a_time_as_there_is_room_for(ray):
    before = signal.getsignal(signal.SIGTERM)
    with RayPool(num_cpus=2) as pool:
        assert pool.width == 2
        assert unforkable() == "Ray runs in this process"
        found = dict(pool.run(Task(Path(str(number))) for number in range(7)))
        assert signal.getsignal(signal.SIGTERM) == before
    assert found == {number: str(number) for number in range(7)}
    assert (ray.most, ray.asked) == (2, {"max_retries": 0, "num_cpus": 2, "num_gpus": 0})
    assert ray.begun is None


def test_a_cluster_that_runs_is_used_and_left_running(ray):
    ray.begun = {}
    with RayPool(most=3) as pool:
        assert [outcome for _, outcome in pool.run([Task(Path("a"))])] == ["a"]
        assert pool.width == 3
    assert ray.begun == {}


def test_a_task_that_fails_and_a_worker_that_dies_are_outcomes(ray, monkeypatch):
    with RayPool() as pool:
        [(_, failed)] = pool.run([Task(Path("a"), "fail")])
        monkeypatch.setattr(ray, "get", lambda reference: (_ for _ in ()).throw(RayError("its node is gone")))
        [(_, lost)] = pool.run([Task(Path("b"))])
    assert failed == Lost("ZeroDivisionError: in the reporting")
    assert lost == Lost("its Ray worker ended: RayError: its node is gone")


def test_what_cannot_be_is_refused(ray):
    with pytest.raises(ConfigError, match=r"hydra.launcher.num_cpus: no job would ever start: the cluster has 4 CPU"):
        RayPool(num_cpus=8).__enter__()
    ray.shutdown()
    with pytest.raises(ConfigError, match=r"hydra.launcher.num_gpus: no job would ever start: the cluster has 0 GPU"):
        RayPool(num_gpus=1).__enter__()
    ray.shutdown()
    with pytest.raises(ConfigError, match=r"hydra.launcher.address: no Ray cluster there: .*nobody answers"):
        RayPool(address="nowhere").__enter__()


def test_ctrl_c_asks_the_workers_to_save_and_ends_them(ray, monkeypatch):
    def wait(references, num_returns=1, timeout=None):
        if timeout is None:
            raise KeyboardInterrupt
        return references, []

    monkeypatch.setattr(ray, "wait", wait)
    with pytest.raises(KeyboardInterrupt), RayPool(most=2) as pool:
        list(pool.run([Task(Path("a")), Task(Path("b")), Task(Path("c"))]))
    assert ray.cancelled == [False, False, True, True]
    assert ray.begun is None


def test_a_task_runs_where_its_sweep_was_started(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "there").mkdir()
    found = run_there(str(tmp_path / "there"), ["a/place/of/modules"], pickle.dumps(Task(Path("a"), "place")))
    assert found == str(tmp_path / "there")
    assert sys.path[-1] == "a/place/of/modules"
