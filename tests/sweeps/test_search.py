"""Searches, with a launcher that computes a value instead of training."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn
from hydra.types import RunMode
from omegaconf import OmegaConf

from litmus.cli import main
from litmus.cli.job import prepare
from litmus.config.composition import composer
from litmus.errors import ConfigError
from litmus.sweeps.pruning import PRUNED, make_pruner, open_storage
from litmus.sweeps.search import Search, distribution, holds, standing

optuna = pytest.importorskip("optuna")

LR = "++optimizer.lr=tag(log,interval(1e-4,1))"


class Launcher:
    """Notes the points it is given; a job's value is its distance from a learning rate of .01."""

    def __init__(self, end=math.inf):
        self.points, self.numbers, self.end = [], [], end

    def launch(self, job_overrides, initial_job_idx):
        results = []
        for place, lines in enumerate(job_overrides):
            if len(self.points) >= self.end:
                raise KeyboardInterrupt
            self.points.append(lines)
            self.numbers.append(initial_job_idx + place)
            pairs = dict(line.lstrip("+").split("=", 1) for line in lines)
            results.append(JobReturn(_return_value=abs(math.log(float(pairs["optimizer.lr"]) / 0.01))))
        return results


def search(launcher, words=(LR,), directory="s", **settings):
    prepare()
    with composer():
        hydra = GlobalHydra.instance().hydra
        lines = [f"++sweep.{key}={value}" for key, value in {"trials": 12, "parallel": 2, **settings}.items()]
        master = hydra.compose_config(
            "train", [f"hydra.sweep.dir={directory}", "++seed=1", *lines], run_mode=RunMode.MULTIRUN
        )
        Search(hydra.config_loader, launcher, master).run(list(words))


def override(text):
    return OverridesParser.create().parse_override(text)


def trials():
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return optuna.load_study(study_name="s", storage=JournalStorage(JournalFileBackend("s/study.log"))).trials


@pytest.mark.parametrize(
    ("text", "kind", "inside", "outside"),
    [
        ("a=interval(0.5,2)", "FloatDistribution", 1.7, 0.4),
        ("a=tag(log,interval(1e-4,1e-1))", "FloatDistribution", 1e-3, 1.0),
        ("a=int(interval(1,8))", "IntDistribution", 3, 9),
        ("a=range(2,10,2)", "IntDistribution", 8, 10),
        ("a=8,16,text", "CategoricalDistribution", "16", "17"),
        ("a=[8],[16,8]", "CategoricalDistribution", "[16,8]", "[9]"),
        ("a=choice(true,false)", "CategoricalDistribution", "True", "None"),
    ],
)
def test_spaces_are_written_in_hydras_syntax(text, kind, inside, outside):
    found = distribution(override(text))
    assert type(found).__name__ == kind
    assert holds(found, inside)
    assert not holds(found, outside)
    assert getattr(found, "log", "log" in text) is ("log" in text)


def test_what_has_no_logarithm_is_refused():
    with pytest.raises(ConfigError, match=r"optimizer\.lr: cannot be searched"):
        distribution(override("optimizer.lr=tag(log,interval(0,1))"))


def test_the_defaults_come_first_and_every_trial_has_a_number_of_its_own():
    launcher = Launcher()
    search(
        launcher,
        [
            LR,
            "++model.dropout=interval(0,.5)",
            "++model.hidden=[8],[64,64]",
            "optimizer=adam,sgd",
            "++data.shuffle=false,true",
        ],
    )
    assert sorted(launcher.points[0]) == [
        "++data.shuffle=True",
        "++model.dropout=0.0",
        "++model.hidden=[64,64]",
        "++optimizer.lr=0.001",
        "optimizer=adam",
    ]
    assert launcher.numbers == list(range(12))
    assert len({tuple(point) for point in launcher.points}) == 12


def test_a_search_learns_from_what_it_has_seen():
    launcher = Launcher()
    search(launcher, trials=40)
    far = [trial.value for trial in trials()]
    assert sum(far[30:]) < sum(far[1:11])


def test_a_search_that_was_stopped_goes_on_to_its_total_and_repeats_nothing():
    first, second = Launcher(end=5), Launcher()
    with pytest.raises(KeyboardInterrupt):
        search(first)
    search(second, trials=15)
    assert [trial.number for trial in trials()] == list(range(15))
    assert all(trial.state.name == "COMPLETE" for trial in trials())
    told = first.points[:4]  # the fifth ended in a batch that nobody could tell of
    assert not {tuple(point) for point in told} & {tuple(point) for point in second.points}
    assert second.numbers[0] == 4
    assert second.points[0] == first.points[4]


def test_a_job_that_ended_before_its_search_was_told_is_told_and_not_run_again():
    with pytest.raises(KeyboardInterrupt):
        search(Launcher(end=2))
    job = Path("s/2_lr=0.5")
    job.mkdir()
    OmegaConf.save({"monitor": "val/loss"}, job / "config.yaml")
    (job / "status.json").write_text(json.dumps({"status": "finished"}))
    (job / "history.csv").write_text("epoch,val/loss\n0,0.75\n1,0.25\n")
    launcher = Launcher()
    search(launcher)
    assert trials()[2].value == 0.25
    assert launcher.numbers == list(range(3, 12))


@pytest.mark.parametrize("sampler", ["random", "gp"])
def test_there_are_other_ways_to_propose(sampler):
    launcher = Launcher()
    search(launcher, sampler=sampler, trials=13)
    assert len(launcher.points) == 13


def test_a_job_without_a_value_is_a_failed_trial_and_counts():
    class Failing(Launcher):
        def launch(self, job_overrides, initial_job_idx):
            super().launch(job_overrides, initial_job_idx)
            return [JobReturn(_return_value="no number") for _ in job_overrides]

    launcher = Failing()
    search(launcher, trials=4)
    assert len(launcher.points) == 4
    assert {trial.state.name for trial in trials()} == {"FAIL"}


def test_time_may_end_a_search():
    launcher = Launcher()
    search(launcher, minutes=1e-9)
    assert launcher.points == []


def test_trials_may_be_kept_elsewhere():
    search(Launcher(), storage="sqlite:///all.db", trials=3)
    assert len(optuna.load_study(study_name="s", storage="sqlite:///all.db").trials) == 3


@pytest.mark.parametrize(
    ("key", "value"), [("optimizer.lr", 0.001), ("model.dropout", 0.0), ("model.hidden", [64, 64])]
)
def test_what_is_not_written_stands_as_its_targets_own(key, value):
    prepare()
    with composer() as composing:
        assert standing(composing.compose([]), key) == value


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["optimizer.lr=interval(1e-4,1)"], "choose a sweeper that searches: hydra/sweeper=optuna"),
        (["hydra/sweeper=optuna", "data=iris"], "hydra/sweeper: there is nothing to search; name a space"),
        (["hydra/sweeper=optuna", "optimizer.lr=interval(-1,1)"], "optimizer.lr: must be a number > 0, not -1.0"),
        (["seed=1,2", "sweep.trials=10,20"], "sweep.trials: holds for the whole sweep; give it one value"),
        (["seed=1,2", "sweep.paralel=2"], "sweep.paralel: no such key; did you mean sweep.parallel?"),
        (["seed=1,2", "sweep.parallel=0"], "sweep.parallel: must be a whole number >= 1 or auto, not 0"),
        (["seed=1,2", "hydra/sweeper=optunaa"], "hydra/sweeper"),
    ],
)
def test_what_no_sweep_can_do_is_refused_before_it_begins(words, said, capsys):
    assert main(["train", "-m", *words]) == 2
    assert said in capsys.readouterr().err
    assert list(Path().iterdir()) == []


def test_without_optuna_one_line_names_the_extra(monkeypatch, capsys):
    monkeypatch.setattr("litmus.sweeps.search.import_extra", _missing)
    assert main(["train", "-m", "hydra/sweeper=optuna", "optimizer.lr=interval(.1,1)"]) == 2
    assert "pip install 'litmus[optuna]'" in capsys.readouterr().err


def _missing(module, key):
    from litmus.config import import_extra

    import_extra(f"{module}.nowhere.at_all", key)


def test_sweeps_on_one_study_share_its_trials_and_total():
    class Meanwhile(Launcher):
        """While its first batch runs, another sweep on the same study begins and ends."""

        def launch(self, job_overrides, initial_job_idx):
            if not self.points and other is not self:
                search(other, trials=8, directory="t", **shared)
            return super().launch(job_overrides, initial_job_idx)

    other, shared = Launcher(), {"storage": "all.log", "study": "both"}
    first = Meanwhile()
    search(first, trials=8, **shared)
    assert sorted([*first.numbers, *other.numbers]) == list(range(8))
    assert other.numbers == [2, 3, 4, 5, 6, 7]
    points = [tuple(point) for point in [*first.points, *other.points]]
    assert len({*points}) == len(points)


def test_what_another_sweep_on_the_study_is_running_is_left_to_it():
    shared = {"storage": "all.log", "study": "both"}
    with pytest.raises(KeyboardInterrupt):
        search(Launcher(end=2), trials=6, **shared)  # two ran, two were begun and are still its own
    launcher = Launcher()
    search(launcher, trials=6, directory="t", **shared)
    assert launcher.numbers == [4, 5]
    again = Launcher()
    search(again, trials=6, **shared)
    assert again.numbers == [2, 3]


@pytest.mark.slow
def test_trials_that_go_worse_than_others_are_ended_in_either_loop():
    for loop in ("lean", "stock"):
        words = [
            "data=iris",
            "trainer.max_epochs=40",
            "optimizer.lr=tag(log,interval(1e-6,1e-1))",
            f"trainer.loop={loop}",
        ]
        fixed = ["hydra/sweeper=random", "sweep.trials=14", "sweep.pruner=median", "sweep.parallel=2"]
        line = [sys.executable, "-m", "litmus", "train", "-m", *words, *fixed, f"hydra.sweep.dir={loop}"]
        subprocess.run([*line, "verdict.references=off"], check=True, capture_output=True)
        study = optuna.load_study(study_name=loop, storage=open_storage(f"{loop}/study.log"))
        ended = [trial for trial in study.trials if trial.state.name == "PRUNED"]
        assert 0 < len(ended) < 14
        for trial in ended:
            (job,) = Path(loop).glob(f"{trial.number}_*")
            epochs = len((job / "history.csv").read_text().splitlines()) - 1
            assert epochs == trial.user_attrs[PRUNED] < 40
            status = json.loads((job / "status.json").read_text())
            assert (status["status"], status["reason"]) == ("finished", f"ended after epoch {epochs} by sweep.pruner")
        assert "by sweep.pruner" in Path(loop, "leaderboard.csv").read_text()
        assert "sweep.trial" not in Path(loop, "sweep.json").read_text()


def test_a_pruner_says_by_its_name_what_it_is():
    names = {name: type(make_pruner(name)).__name__ for name in ("none", "median", "hyperband")}
    assert names == {"none": "NopPruner", "median": "MedianPruner", "hyperband": "HyperbandPruner"}
