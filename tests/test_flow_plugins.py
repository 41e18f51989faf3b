"""A package that extends Litmus, installed: let in by `--allow` and by nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "plugin"
QUICK = ["data=iris", "trainer.max_epochs=3", "verdict.probes=off", "verdict.references=off", "logger=csv"]
OWN = ["model=gated", "model.width=2", "criteria.markedness=0.99"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the example is installed."""
    folder = tmp_path_factory.mktemp("site")
    source = tmp_path_factory.mktemp("plugin") / "plugin"
    subprocess.run(["cp", "-r", str(EXAMPLE), str(source)], check=True)  # building writes beside what it builds
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--target", str(folder), str(source)], check=True)
    return folder


@pytest.fixture
def litmus(site):
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")]))
        command = [sys.executable, "-m", "litmus", *words]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": path}
        )

    return run


def test_its_model_metric_and_finding_are_there_for_every_command(litmus, tmp_path):
    done = litmus("train", "--allow", "litmus_extras", *QUICK, *OWN, "monitor=val/markedness")
    assert (done.returncode, done.stderr) == (0, "")
    (run,) = (tmp_path / "outputs" / "iris_gated").iterdir()
    assert "markedness" in json.loads((run / "metrics.json").read_text())["test"]
    verdict = json.loads((run / "verdict.json").read_text())
    assert {one["name"]: one["stated"] for one in verdict["criteria"]}["markedness"] is True
    assert "tiny_model" in {one["name"] for one in verdict["findings"]}
    done = litmus("evaluate", "--allow", "litmus_extras", "checkpoint=last")
    assert (done.returncode, done.stderr) == (0, "")
    assert "markedness" in done.stdout


def test_the_jobs_of_a_sweep_have_it_too(litmus, tmp_path):
    done = litmus("train", "-m", "--allow", "litmus_extras", *QUICK, *OWN, "seed=1,2")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list(tmp_path.rglob("verdict.json"))) == 2
    assert all("markedness" in file.read_text() for file in tmp_path.rglob("metrics.json"))


def test_without_being_allowed_it_is_not_there_and_only_named_by_the_help(litmus, tmp_path):
    for words in (["model=gated"], ["criteria.markedness=0.6"]):
        done = litmus("train", *QUICK, *words)
        assert done.returncode == 2
        assert done.stderr.startswith("error: ")
    shown = litmus("--help").stdout
    assert "--allow litmus_extras" in shown
    assert "version 1.0" in shown
    assert list(tmp_path.iterdir()) == []
