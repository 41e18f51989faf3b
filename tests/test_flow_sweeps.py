"""Sweeps from the command line to the leaderboard: in parallel, with jobs that die in every way, and stopped."""

import contextlib
import csv
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

LITMUS = [sys.executable, "-m", "litmus"]
# fails in its forward pass as FAULTS says: "<n>:<kinds>" has every nth job fail, each in the next of these ways
FAULTY = """
import ctypes, os, signal, sys, time
from torch import nn


class Faulty(nn.Module):
    def __init__(self, *, in_features: int, out_features: int, number: int = 0):
        super().__init__()
        self.layer = nn.Linear(in_features, out_features)
        every, _, kinds = os.environ.get("FAULTS", "").partition(":")
        place, last = divmod(number + 1, int(every or number + 2))
        self.fault = "" if last else kinds.split(",")[place - 1]

    def forward(self, x):
        if self.training and self.fault:
            return getattr(self, f"by_{self.fault}")(x)
        return self.layer(x)

    def by_raise(self, x):
        raise RuntimeError("broken on purpose")

    def by_exit(self, x):
        sys.exit(3)

    def by_quit(self, x):
        os._exit(7)

    def by_segfault(self, x):
        ctypes.string_at(0)

    def by_abort(self, x):
        os.abort()

    def by_kill(self, x):
        os.kill(os.getpid(), signal.SIGKILL)

    def by_hang(self, x):
        time.sleep(3600)

    def by_memory(self, x):
        return bytearray(1 << 60)

    def by_recursion(self, x):
        return self.by_recursion(x)

    def by_nan(self, x):
        return self.layer(x) * float("nan")
"""
KINDS = {  # what the leaderboard says of each
    "raise": "RuntimeError: broken on purpose",
    "exit": "SystemExit: 3",
    "quit": "ended itself with status 7",
    "segfault": "crashed (SIGSEGV)",
    "abort": "crashed (SIGABRT)",
    "kill": "(SIGKILL)",
    "hang": " s (sweep.job_timeout)",
    "memory": "MemoryError",
    "recursion": "RecursionError",
    "nan": "the loss is not finite from epoch 0",
}


def litmus(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LITMUS, *words], capture_output=True, text=True, check=False)


def statuses(sweep: Path) -> dict[str, str]:
    return {file.parent.name: json.loads(file.read_text())["status"] for file in sweep.glob("*/status.json")}


@pytest.fixture
def faulty(monkeypatch):
    Path("mine.py").write_text(FAULTY)
    Path("conf/model").mkdir(parents=True)
    Path("conf/model/mine.yaml").write_text("_target_: mine.Faulty\nnumber: 0\n")
    return ["--allow", "mine", "--config-dir", "conf"]


LAUNCHERS = {
    "pool": (),
    "basic": (),
    "joblib": ("hydra.launcher.n_jobs=2",),
    "submitit_local": ("hydra.launcher.timeout_min=30",),
    "submitit_slurm": ("hydra.launcher.timeout_min=30", "hydra.launcher.cpus_per_task=1"),
    "ray": (),
}


def launched_by(name: str) -> list[str]:
    """The words that choose a launcher; skips the test where it is not installed."""
    if name not in {"pool", "basic"}:
        pytest.importorskip(name.partition("_")[0])
    if name.startswith(("joblib", "submitit")):
        pytest.importorskip(f"hydra_plugins.hydra_{name.partition('_')[0]}_launcher")
    if name == "submitit_slurm" and (not shutil.which("sinfo") or subprocess.run(["sinfo"], check=False).returncode):
        pytest.skip("no SLURM here")
    return [f"hydra/launcher={name}", *LAUNCHERS[name]]


def fail_and_resume(launcher: str, jobs: int, kinds: list[str], faulty: list[str], monkeypatch, *, timeout: int):
    """A sweep with planted failures, evenly among its jobs, and its resume without them."""
    every = jobs // len(kinds)
    failing = {f"{(i + 1) * every - 1}_number={(i + 1) * every - 1}": kind for i, kind in enumerate(kinds)}
    words = ["-m", *faulty, "model=mine", "data=iris", "trainer.max_epochs=2", "verdict.references=off"]
    words += [f"model.number=range({jobs})", f"sweep.job_timeout={timeout}", "sweep.parallel=2", *launched_by(launcher)]
    monkeypatch.setenv("FAULTS", f"{every}:{','.join(kinds)}")
    done = litmus("train", *words)
    assert done.returncode == 1, done.stderr
    assert f"error: {len(kinds)} of {jobs} jobs failed" in done.stderr
    (sweep,) = Path("outputs/iris_mine").iterdir()
    found = statuses(sweep)
    assert len(found) == jobs
    assert {name for name, status in found.items() if status != "finished"} == failing.keys()
    assert {found[name] for name in failing} == {"failed"}
    with (sweep / "leaderboard.csv").open() as file:
        reasons = {row["runs"]: row["reason"] for row in csv.DictReader(file) if row["status"] == "failed"}
    assert reasons.keys() == failing.keys()
    for name, kind in failing.items():
        assert KINDS[kind] in reasons[name]
        log = (sweep / name / "log.txt").read_text()
        assert KINDS[kind] in log or kind in {"kill", "quit"}  # of which nobody is left to tell
        assert f"by_{kind}" in log or kind in {"kill", "quit", "nan"}
        if not launcher.startswith("submitit"):  # whose jobs speak into files
            assert f"{name}  failed: " in done.stdout
    before = {name: (sweep / name / "checkpoints" / "best.ckpt").stat().st_mtime_ns for name in found.keys() - failing}
    monkeypatch.setenv("FAULTS", "")
    again = litmus("train", "resume=last", *faulty)
    assert again.returncode == 0, again.stderr
    assert {*statuses(sweep).values()} == {"finished"}
    assert {line.split()[0] for line in again.stdout.splitlines() if "  val/loss " in line} >= failing.keys()
    assert before == {name: (sweep / name / "checkpoints" / "best.ckpt").stat().st_mtime_ns for name in before}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("launcher", "kinds"),
    [
        ("pool", ["raise", "exit", "segfault", "hang", "memory"]),
        ("basic", ["quit", "abort", "kill", "recursion", "nan"]),
    ],
)
def test_jobs_that_die_are_recorded_the_others_finish_and_resume_runs_exactly_what_is_missing(
    launcher, kinds, faulty, monkeypatch
):
    fail_and_resume(launcher, 10, kinds, faulty, monkeypatch, timeout=30)


@pytest.mark.verify
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_a_sweep_of_fifty_with_ten_failures_finishes_forty_and_resumes_ten(launcher, faulty, monkeypatch):
    fail_and_resume(launcher, 50, [*KINDS], faulty, monkeypatch, timeout=30)


FOUR = ("data=iris", "model.hidden=[4],[8]", "optimizer.lr=.1,.01", "trainer.max_epochs=5", "data.batch_size=16")


@pytest.fixture(scope="module")
def one_by_one(tmp_path_factory) -> dict[str, list[bytes]]:
    """What four jobs leave that run one after another in the sweep's own process."""
    place = tmp_path_factory.mktemp("basic")
    with contextlib.chdir(place):
        return results_of(["hydra/launcher=basic"])


def results_of(launcher: list[str]) -> dict[str, list[bytes]]:
    """The bytes of what matters of each job, by its name."""
    done = litmus("train", "-m", *FOUR, *launcher, "hydra.sweep.dir=s", "verdict.references=off")
    assert done.returncode == 0, done.stderr
    runs = sorted(path.parent for path in Path("s").glob("*/config.yaml"))
    assert len(runs) == 4
    names = (".hydra/config.yaml", "config.yaml", "history.csv", "metrics.json", "predictions.csv", "verdict.json")
    return {run.name: [(run / name).read_bytes() for name in names] for run in runs}


@pytest.mark.slow
@pytest.mark.parametrize(
    "launcher",
    [
        "pool",
        "joblib",
        pytest.param("submitit_local", marks=[pytest.mark.verify, pytest.mark.timeout(900)]),
        pytest.param("submitit_slurm", marks=[pytest.mark.verify, pytest.mark.timeout(900)]),
        pytest.param("ray", marks=[pytest.mark.verify, pytest.mark.timeout(900)]),
    ],
)
def test_every_launcher_comes_to_the_results_of_one_job_after_another_to_the_last_byte(launcher, one_by_one):
    assert results_of(launched_by(launcher)) == one_by_one


@pytest.mark.slow
def test_the_command_that_a_sweep_ends_with_trains_its_winner_again():
    words = ["data=iris", "optimizer.lr=.1,.01,.001", "seed=1,2", "trainer.max_epochs=5", "verdict.references=off"]
    assert litmus("train", "-m", *words, "hydra.sweep.dir=s").returncode == 0
    answer = json.loads(Path("s/sweep.json").read_text())
    winner = answer["winner"]
    assert (winner["seeds"], len(winner["runs"])) == ([1, 2], 2)
    assert winner["test"]["balanced_accuracy"]["n"] == 30
    command = shlex.split(answer["command"])
    assert command[:2] == ["litmus", "train"]
    done = litmus("train", *command[2:], "hydra.run.dir=again", "verdict.probes=off")
    assert done.returncode == 0, done.stderr
    assert "on these data (" not in done.stdout  # the sweep is not below outputs
    assert Path("again/history.csv").read_text() == Path("s", winner["run"], "history.csv").read_text()


@pytest.mark.slow
def test_a_search_that_is_killed_goes_on_to_its_total_without_losing_or_repeating_a_trial():
    pytest.importorskip("optuna")
    words = ["data=iris", "trainer.max_epochs=300", "callback.early_stopping=null", "hydra/sweeper=optuna"]
    words += ["optimizer.lr=tag(log,interval(1e-4,1e-1))", "sweep.trials=8", "sweep.parallel=2", "hydra.sweep.dir=s"]
    with subprocess.Popen([*LITMUS, "train", "-m", *words], stdout=subprocess.DEVNULL) as searching:
        while len([*Path().glob("s/*/checkpoints/best.ckpt")]) < 2:
            assert searching.poll() is None
            time.sleep(0.05)
        searching.kill()
    before = {file.parent.name for file in Path().glob("s/*/status.json") if '"finished"' in file.read_text()}
    time.sleep(2)  # its workers end by themselves
    done = litmus("train", "resume=s")
    assert done.returncode == 0, done.stderr
    names = [file.parent.name for file in Path().glob("s/*/status.json")]
    assert sorted(int(name.partition("_")[0]) for name in names) == list(range(8))
    assert len({name.partition("_")[2] for name in names}) == 8
    assert before <= {*names}
    assert {*statuses(Path("s")).values()} == {"finished"}


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(3, marks=pytest.mark.slow),
        pytest.param(20, marks=[pytest.mark.verify, pytest.mark.timeout(1500)]),
    ],
)
def test_sweeps_that_start_in_one_second_in_one_folder_are_all_whole(count):
    line = [*LITMUS, "train", "-m", "data=iris", "trainer.max_epochs=1", "seed=1,2", "verdict.references=off"]
    started = [subprocess.Popen([*line, "sweep.parallel=1"], stdout=subprocess.DEVNULL) for _ in range(count)]
    assert [one.wait() for one in started] == [0] * count
    sweeps = list(Path("outputs/iris_mlp").glob("sweep_*"))
    assert len(sweeps) == count
    for sweep in sweeps:
        assert statuses(sweep) == {"0_seed=1": "finished", "1_seed=2": "finished"}
        assert {"leaderboard.csv", "leaderboard.html", "sweep.json"} <= {path.name for path in sweep.iterdir()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("launcher", "number", "to"),
    [
        ("pool", signal.SIGINT, os.killpg),  # as a terminal does on Ctrl-C: to all of its processes
        pytest.param("joblib", signal.SIGTERM, os.kill, marks=pytest.mark.verify),
        pytest.param("submitit_local", signal.SIGINT, os.killpg, marks=pytest.mark.verify),
        pytest.param("pool", signal.SIGTERM, os.kill, marks=pytest.mark.verify),
        pytest.param("basic", signal.SIGINT, os.kill, marks=pytest.mark.verify),
        pytest.param("joblib", signal.SIGINT, os.killpg, marks=pytest.mark.verify),
        pytest.param("submitit_local", signal.SIGTERM, os.kill, marks=pytest.mark.verify),
        pytest.param("submitit_slurm", signal.SIGINT, os.killpg, marks=pytest.mark.verify),
        pytest.param("submitit_slurm", signal.SIGTERM, os.kill, marks=pytest.mark.verify),
        pytest.param("ray", signal.SIGINT, os.killpg, marks=[pytest.mark.verify, pytest.mark.timeout(900)]),
    ],
)
def test_a_signal_ends_a_sweep_with_the_leaderboard_so_far_and_resume_runs_what_is_missing(launcher, number, to):
    words = ["-m", "data=iris", "callback.early_stopping=null", "callback.checkpoint.every_seconds=0.2"]
    words += ["trainer.max_epochs=20,4000,4001,21", "verdict.references=off", "sweep.parallel=2"]
    line = [*LITMUS, "train", *words, *launched_by(launcher)]
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(line, start_new_session=True, **piped) as sweeping:
        while not _half_done():
            assert sweeping.poll() is None, sweeping.communicate()
            time.sleep(0.02)
        to(sweeping.pid, number)
        out, err = sweeping.communicate()
    (sweep,) = Path("outputs/iris_mlp").iterdir()
    assert sweeping.returncode == 128 + number, err
    assert err.endswith(f"error: interrupted; go on with litmus train resume={sweep}\n")
    before = statuses(sweep)
    assert {*before.values()} == {"finished", "interrupted"}, before
    assert "interrupted: " in out
    assert (sweep / "leaderboard.csv").is_file()
    finished = [name for name, status in before.items() if status == "finished"]
    assert len(finished) < 4
    written = {name: (sweep / name / "metrics.json").stat().st_mtime_ns for name in finished}
    done = litmus("train", "resume=last")
    assert done.returncode == 0, done.stderr
    jobs = {f"{i}_max_epochs={epochs}": epochs for i, epochs in enumerate((20, 4000, 4001, 21))}
    assert statuses(sweep) == dict.fromkeys(jobs, "finished")
    said = {line.split()[0] for line in done.stdout.splitlines() if "  val/loss " in line}
    assert said == jobs.keys() - {*finished}
    again = [name for name in finished if (sweep / name / "metrics.json").stat().st_mtime_ns != written[name]]
    assert len(again) <= 1  # the winner's scores are written anew, with the test split's
    for name, epochs in jobs.items():
        rows = (sweep / name / "history.csv").read_text().splitlines()[1:]
        assert [row.partition(",")[0] for row in rows] == [str(i) for i in range(epochs)]


def _half_done() -> bool:
    """Whether a job of the sweep has finished, and another one could be gone on with."""
    found = [(file.parent, '"finished"' in file.read_text()) for file in Path().glob("outputs/*/*/*/status.json")]
    begun = [(run / "checkpoints" / "last.ckpt").exists() for run, finished in found if not finished]
    return len(begun) < len(found) and any(begun)


@pytest.mark.slow
def test_what_cannot_be_forked_is_started_anew_and_it_says_why(faulty):
    text = "\nimport threading\nthreading.Thread(target=threading.Event().wait, daemon=True, name='own').start()\n"
    Path("mine.py").write_text(FAULTY + text)
    words = ["-m", *faulty, "model=mine", "data=iris", "trainer.max_epochs=1", "seed=1,2", "sweep.parallel=1"]
    done = litmus("train", *words)
    assert done.returncode == 0, done.stderr
    assert "for a module has started threads (own)" in done.stdout
    (sweep,) = Path("outputs/iris_mine").iterdir()
    assert statuses(sweep) == {"0_seed=1": "finished", "1_seed=2": "finished"}
