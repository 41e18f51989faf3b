"""What people type who know Hydra: each line works and has its effect, or is refused with what to write."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
import yaml

from litmus.cli import main

sys.path.insert(0, str(Path(__file__).resolve().parent / "pairs"))

from warm_process import Answer, WarmProcess

QUICK = ["data=iris", "trainer.max_epochs=2", "verdict.probes=off", "verdict.references=off", "logger=csv"]
SWEEP = ["train", "-m", *QUICK]
OWN = ["--config-dir", "conf"]
PAIRED = ("first-second", "first")
FILES = {
    "t.csv": "a,b,y\n" + "".join(f"{i % 7},{i * 37 % 11},{'yes' if i % 7 > 3 else 'no'}\n" for i in range(120)),
    "conf/mine.yaml": "defaults: [train, _self_, {override optimizer: sgd}]\nname: own_root\nseed: 7\n",
    "conf/table.yaml": "defaults: [train, _self_]\ndata: {path: t.csv, target: y}\n",
    "conf/alone.yaml": "model: {hidden: [3]}\n",
    "conf/experiment/first.yaml": "# @package _global_\ndefaults: [{override /data: iris}]\noptimizer: {lr: 0.5}\n",
    "conf/experiment/second.yaml": "# @package _global_\noptimizer: {lr: 0.02}\n",
    "conf/experiment/table.yaml": "# @package _global_\ndata: {path: t.csv, target: y}\n",
    "conf/experiment/unpacked.yaml": "optimizer: {lr: 0.02}\n",
    "conf/experiment/points.yaml": (
        "# @package _global_\nhydra: {sweeper: {params: {optimizer.weight_decay: '0,0.1', model.norm: 'none,batch'}}}\n"
    ),
    "more/model/small.yaml": "_target_: litmus.model.mlp.MLP\nhidden: [5]\n",
    "conf/callback/say.yaml": "_target_: mine.Say\n",
    "conf/callback/several.yaml": "say:\n  _target_: mine.Say\n",
    "mine.py": (
        "import os\nfrom lightning.pytorch import Callback\nfrom omegaconf import OmegaConf\n"
        "OmegaConf.register_new_resolver('twice', lambda text: text + text, replace=True)\n"
        "class Say(Callback):\n    def on_fit_start(self, trainer, pl_module):\n"
        "        print('said by mine.Say', os.environ.get('FOO'))\n"
    ),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty directory with a table, a module and configs of the user's."""
    monkeypatch.setattr("litmus.config.targets._trusted", set())
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    yield tmp_path
    sys.modules.pop("mine", None)  # what is refused in this process may have been imported before


@pytest.fixture(scope="module")
def warm() -> Iterator[WarmProcess]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCRATCH", "scratch")
        patch.setenv("EPOCHS", "3")
        with WarmProcess() as process:
            yield process


@dataclass(frozen=True)
class Left:
    """What a command left in its directory."""

    place: Path
    answer: Answer

    def runs(self) -> list[str]:
        """Run directories, sorted, with stars for what differs each time."""
        found = [file.parent for file in self.place.rglob("status.json")]
        return sorted("/".join(map(_shown, run.relative_to(self.place).parts)) for run in found)

    def config(self) -> dict:
        """Of the first run."""
        return yaml.safe_load(min(self.place.rglob("status.json")).with_name("config.yaml").read_text())

    def files(self) -> set[str]:
        """Names in the first run."""
        return {file.name for file in min(self.place.rglob("status.json")).parent.iterdir()}

    def board(self) -> pl.DataFrame:
        """The leaderboard of the sweep."""
        return pl.read_csv(next(self.place.rglob("leaderboard.csv")))


def _shown(part: str) -> str:
    return "*" if part[:2] == "20" else "sweep_*" if part.startswith("sweep_20") else part


WORKS: dict[str, tuple[list[str], Callable[[Left], bool]]] = {
    "a root of one's own, found in the folder": (
        ["train", *OWN, "--config-name", "mine", *QUICK],
        lambda left: left.runs() == ["outputs/own_root/*"] and left.config()["optimizer"]["_target_"].endswith("SGD"),
    ),
    "the same by Hydra's name for the folder, in a sweep": (
        ["train", "-m", "--config-path", "conf", "--config-name=mine.yaml", "optimizer.lr=0.1,0.2", *QUICK],
        lambda left: (
            left.runs() == ["outputs/own_root/sweep_*/0_lr=0.1", "outputs/own_root/sweep_*/1_lr=0.2"]
            and left.config()["seed"] == 7
        ),
    ),
    "a place for the run": (
        ["train", *QUICK, "hydra.run.dir=here/now"],
        lambda left: left.runs() == ["here/now"] and {"config.yaml", "verdict.json", ".hydra"} <= left.files(),
    ),
    "places for a sweep and its jobs": (
        [*SWEEP, "seed=1,2", "hydra.sweep.dir=there", "hydra.sweep.subdir=${hydra.job.num}"],
        lambda left: left.runs() == ["there/0", "there/1"],
    ),
    "a name that says what is set": (
        ["train", *QUICK, "name=lr_${optimizer.lr}"],
        lambda left: left.runs() == ["outputs/lr_0.001/*"],
    ),
    "a name that says what is swept": (
        [*SWEEP, "name=lr_${optimizer.lr}", "optimizer.lr=.1,.2"],
        lambda left: left.runs() == [f"outputs/iris_mlp/sweep_*/{job}" for job in ("0_lr_0.1", "1_lr_0.2")],
    ),
    "a folder out of the environment": (
        ["train", *QUICK, "output_dir=${oc.env:SCRATCH}/runs"],
        lambda left: left.runs() == ["scratch/runs/iris_mlp/*"],
    ),
    "a resolver of one's own": (
        ["train", *QUICK, "--allow", "mine", "name=${twice:go}"],
        lambda left: left.runs() == ["outputs/gogo/*"],
    ),
    "several experiments, the last of which wins": (
        ["train", *OWN, "experiment=[first,second]", *QUICK],
        lambda left: left.runs() == ["outputs/first_second/*"] and left.config()["optimizer"]["lr"] == 0.02,
    ),
    "several experiments in a sweep": (
        ["train", "-m", *OWN, "experiment=[first,second],[first]", *QUICK],
        lambda left: left.runs() == [f"outputs/sweep/sweep_*/{n}_experiment={e}" for n, e in enumerate(PAIRED)],
    ),
    "several loggers": (
        ["train", *QUICK, "logger=[tensorboard,csv]"],
        lambda left: (
            set(left.config()["logger"]) == {"tensorboard", "csv"}
            and "logger: tensorboard+csv" in next(left.place.rglob(".hydra/hydra.yaml")).read_text()
            and any(name.startswith("events.out") for name in left.files())
        ),
    ),
    "a callback of one's own under a name of one's own": (
        ["train", *OWN, "--allow", "mine", *QUICK, "+callback@callback.x=say"],
        lambda left: "said by mine.Say" in left.answer.out,
    ),
    "callbacks of one's own beside the default ones": (
        ["train", *OWN, "--allow", "mine", *QUICK, "callback=[default,several]"],
        lambda left: "said by mine.Say" in left.answer.out and "early_stopping" in left.config()["callback"],
    ),
    "variables of a job's environment, one by one": (
        ["train", *OWN, "--allow", "mine", *QUICK, "+callback@callback.x=say", "+hydra.job.env_set.FOO=bar"],
        lambda left: "said by mine.Say bar" in left.answer.out,
    ),
    "variables of a job's environment, all at once": (
        ["train", *OWN, "--allow", "mine", *QUICK, "+callback@callback.x=say", "hydra.job.env_set={FOO: baz}"],
        lambda left: "said by mine.Say baz" in left.answer.out,
    ),
    "a group as a mapping, whose target takes the old option's place": (
        ["train", *QUICK, "model={_target_: litmus.model.mlp.MLP, hidden: [4]}", "+optimizer={weight_decay: 0.1}"],
        lambda left: left.config()["model"]["hidden"] == [4] and left.config()["optimizer"]["weight_decay"] == 0.1,
    ),
    "an interpolation within another": (
        ["train", *QUICK, "trainer.max_epochs=${oc.decode:${oc.env:EPOCHS}}"],
        lambda left: len((next(left.place.rglob("history.csv"))).read_text().splitlines()) == 1 + 3,
    ),
    "a job's folder called by what it varies": (
        [*SWEEP, "model.hidden=[8,8],[4]", "hydra.sweep.subdir=${hydra:job.override_dirname}"],
        lambda left: len(left.runs()) == 2 and all("hidden=[" in run for run in left.runs()),
    ),
    "jobs by Joblib": (
        [*SWEEP, "hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "seed=1,2"],
        lambda left: left.board()["seeds"].to_list() == [2],
    ),
    "two folders of options": (
        ["train", *QUICK, *OWN, "--config-dir", "more", "callback=[default,several]", "model=small", "--allow", "mine"],
        lambda left: left.config()["model"]["hidden"] == [5] and "said by mine.Say" in left.answer.out,
    ),
    "a further folder of options by Hydra's key for it": (
        ["train", *QUICK, "hydra.searchpath=[file://more]", "model=small"],
        lambda left: left.config()["model"]["hidden"] == [5],
    ),
    "Hydra's names, its log and its folder of configs": (
        ["train", *QUICK, "hydra.job.name=abc", "hydra.verbose=true", "hydra.output_subdir=null"],
        lambda left: left.runs() == ["outputs/iris_mlp/*"] and ".hydra" not in left.files(),
    ),
    "no schedule": (
        ["train", *QUICK, "scheduler=step", "~scheduler"],
        lambda left: left.config()["scheduler"]["_target_"] is None,
    ),
    "no early stopping": (
        ["train", *QUICK, "~callback.early_stopping"],
        lambda left: list(left.config()["callback"]) == ["checkpoint"],
    ),
    "no logger": (
        ["train", *QUICK, "logger=tensorboard", "~logger"],
        lambda left: not any(name.startswith("events.out") for name in left.files()),
    ),
    "an experiment that names a table": (
        ["train", *OWN, "experiment=table", *QUICK[1:]],
        lambda left: left.runs() == ["outputs/table/*"] and left.config()["data"]["path"] == "t.csv",
    ),
    "a root that names a table": (
        ["train", *OWN, "--config-name=table", *QUICK[1:]],
        lambda left: left.config()["data"]["_target_"].endswith(".CSV"),
    ),
    "options by a pattern": (
        [*SWEEP, "optimizer=glob(adam*)"],
        lambda left: left.board()["optimizer"].to_list() in (["Adam", "AdamW"], ["AdamW", "Adam"]),
    ),
    "a range and a choice": (
        [*SWEEP, "optimizer.lr=range(1,3)", "model.norm=choice(none,batch)"],
        lambda left: left.board().height == 4,
    ),
    "an interval with a sweeper that searches": (
        [*SWEEP, "hydra/sweeper=random", "optimizer.lr=interval(.1,.2)", "sweep.trials=2"],
        lambda left: left.board()["optimizer.lr"].is_between(0.1, 0.2).all(),
    ),
    "points in a file, over keys that no option lists": (
        ["train", "-m", *OWN, *QUICK, "experiment=points"],
        lambda left: left.board().height == 4 and {"model.norm", "optimizer.weight_decay"} <= set(left.board().columns),
    ),
    "a sweep by Hydra's own word for it, one job after another": (
        ["train", *QUICK, "hydra.mode=MULTIRUN", "hydra/launcher=basic", "logger=[tensorboard,csv]", "seed=1,2"],
        lambda left: (
            any(name.startswith("events.out") for name in left.files())
            and left.runs() == [f"outputs/iris_mlp/sweep_*/{job}" for job in ("0_seed=1", "1_seed=2")]
        ),
    ),
    "Hydra's own logging": (
        ["train", *QUICK, "hydra/job_logging=default", "hydra/hydra_logging=default"],
        lambda left: left.runs() == ["outputs/iris_mlp/*"] and "litmus.log" in left.files(),
    ),
    "a target on the line, which takes the keys of the old option away": (
        ["train", *QUICK, "optimizer=sgd", "optimizer._target_=torch.optim.NAdam"],
        lambda left: set(left.config()["optimizer"]) == {"_target_", "_partial_", "lr"},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("words", "holds"), WORKS.values(), ids=WORKS)
def test_a_habit_works_and_leaves_nothing_beside_its_run(warm, folder, words, holds):
    answer = warm.run(words, folder, figures=False)
    left = Left(folder, answer)
    assert (answer.status, answer.err) == (0, "")
    assert holds(left), (left.runs(), answer.out)
    theirs = {name.partition("/")[0] for name in FILES} | {"__pycache__"}
    assert {path.name for path in folder.iterdir()} - theirs <= {"outputs", *(run.split("/")[0] for run in left.runs())}


@pytest.mark.slow
def test_a_point_whose_loss_is_not_finite_is_called_by_its_value(warm, folder):
    answer = warm.run([*SWEEP, "optimizer.lr=1e20,0.1"], folder, figures=False)
    assert answer.status == 1
    assert Left(folder, answer).runs() == [f"outputs/iris_mlp/sweep_*/{job}" for job in ("0_lr=1e20", "1_lr=0.1")]
    assert json.loads(next(folder.rglob("0_lr=1e20/status.json")).read_text())["status"] == "failed"


@pytest.mark.slow
def test_last_means_the_winner_of_a_sweep_and_it_is_said(warm, folder):
    assert warm.run([*SWEEP, "optimizer.lr=1e-9,0.1"], folder, figures=False).status == 0
    answer = warm.run(["evaluate", "checkpoint=last"], folder)
    assert (answer.status, answer.err) == (0, "")
    assert answer.out.startswith("last: outputs/iris_mlp/sweep_")
    assert "1_lr=0.1, the best of its sweep on val/loss" in answer.out


SHOWN = {
    "the defaults list": (["train", "--info", "defaults"], "| optimizer/adam"),
    "plugins": (["check", "--info=plugins"], "GridSweeper"),
    "the search path, with the user's folder": (["train", *OWN, "-i", "searchpath"], "/conf"),
    "the config": (["train", "--info", "config", "seed=3"], "seed: 3"),
    "Hydra's help": (["train", "--hydra-help"], "Hydra (1."),
    "a key of a root of one's own": (["train", "-cp", "conf", "-cn", "mine", "--cfg", "job", "-p", "seed"], "7"),
}


@pytest.mark.parametrize(("words", "shown"), SHOWN.values(), ids=SHOWN)
def test_hydra_answers_what_it_is_asked(folder, capfd, words, shown):
    assert main(words) == 0
    assert shown in capfd.readouterr().out
    assert not (folder / "outputs").exists()


REFUSED = {
    "two models": (["train", "+model@second=mlp"], ["model@second", "'second'", "write model=mlp"]),
    "an entry to replace that is not there": (
        ["train", *OWN, "callback@callback.x=say"],
        ["callback@callback.x", "write +callback@callback.x=<option>"],
    ),
    "callbacks where one is meant": (["train", "+callback@callback.x=default"], ["callback.x", "callback=[default,"]),
    "one callback in the place of all": (
        ["train", *OWN, "--allow", "mine", "callback=say"],
        ["callback: 'mine.Say'", "+callback@callback.<name>=<file>"],
    ),
    "a second logger beside a nameless one": (["train", "+logger@logger.x=csv"], ["logger.x", "logger=[<option>,"]),
    "a data module by another name": (["train", "datamodule=iris"], ["data=<option>", "data._target_=<class>"]),
    "extras of the template's": (["train", "extras.print_config=true"], ["--cfg job prints the config"]),
    "no model": (["train", "~model"], ["model", "choose one, model=<option>"]),
    "an option that is misspelt in a list": (
        ["train", "logger=[tensorbord,csv]"],
        ["did you mean logger=tensorboard?"],
    ),
    "a root that is not there": (
        ["train", *OWN, "--config-name", "mien"],
        ["--config-name mien", "did you mean mine?"],
    ),
    "a root without its folder": (["train", "--config-name", "mine"], ["--config-name mine", "--config-path <dir>"]),
    "a root that does not start from ours": (["train", *OWN, "--config-name", "alone"], ["defaults: [train, _self_]"]),
    "an experiment without its package": (["train", *OWN, "experiment=unpacked"], ["# @package _global_"]),
    "a resolver that nobody has": (["train", "name=${thrice:go}"], ["no resolver thrice", "--allow <module>"]),
    "a package that is not there": (
        ["train", "--allow", "nowhere_to_be", "name=${thrice:go}"],
        ["--allow nowhere_to_be"],
    ),
    "callbacks of Hydra's": (["train", "hydra.callbacks.x._target_=mine.Say"], ["hydra.callbacks", "callback.<name>"]),
    "a folder to change into": (["train", "hydra.job.chdir=true"], ["hydra.job.chdir", "output_dir=<dir>"]),
    "a key of Hydra's that is misspelt": (["train", "hydra.swep.dir=x"], ["hydra.swep.dir", "--cfg hydra"]),
    "a key to take away that is not set": (["train", "data=iris", "~data.shuffle"], ["data.shuffle: is not set"]),
    "a continuous range in a grid": (["train", "-m", "optimizer.lr=interval(0,1)"], ["hydra/sweeper=optuna"]),
    "a checkpoint by Lightning's name": (["train", "ckpt_path=x.ckpt"], ["ckpt_path", "resume=<run dir|last>"]),
    "a checkpoint of the trainer's": (["train", "trainer.resume_from_checkpoint=x"], ["resume=<run dir|last>"]),
    "a debug config": (["train", "debug=default"], ["debug", "--debug shows where", "trainer.fast_dev_run=true"]),
    "a search config of the template's": (["train", "hparams_search=mnist_optuna"], ["sweep=<preset>"]),
    "a pickled job": (["train", "--experimental-rerun", "x"], ["pickled", "resume=<run dir>"]),
    "Hydra's completion": (["train", "--shell-completion", "install=bash"], ["litmus completion bash"]),
    "a kind of info that there is not": (["train", "--info=confg"], ["'confg'", "did you mean config?"]),
}


@pytest.mark.parametrize(("words", "parts"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_is_one_line_that_says_what_to_write(folder, capfd, words, parts):
    before = sorted(folder.rglob("*"))
    assert main(words) == 2
    out, error = capfd.readouterr()
    assert out == ""
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert len(error) <= len("error: ") + 301
    assert [part for part in parts if part not in error] == []
    assert sorted(folder.rglob("*")) == before


HANDLER = "hydra: {job_logging: {handlers: {x: %s}}}"
CODE = {
    "a class of a handler": HANDLER % "{class: subprocess.Popen, args: touch pwned, shell: true}",
    "a factory of a handler": HANDLER % "{(): subprocess.getoutput, cmd: touch pwned}",
    "a factory of a formatter": "hydra: {job_logging: {formatters: {x: {(): subprocess.getoutput, cmd: touch pwned}}}}",
    "a factory of a filter": "hydra: {hydra_logging: {filters: {x: {(): subprocess.getoutput, cmd: touch pwned}}}}",
    "an object looked up": HANDLER % "{class: logging.StreamHandler, stream: ext://pwn.stream}",
    "a class behind an interpolation": HANDLER % "{class: '${oc.env:EVIL}'}",
    "a whole node behind an interpolation": "evil: {}\nhydra: {job_logging: {handlers: '${evil}'}}",
    "a file elsewhere": HANDLER % "{class: logging.FileHandler, filename: pwned}",
    "a file above the run": HANDLER % "{class: logging.FileHandler, filename: '${hydra.runtime.output_dir}/../pwned'}",
    "a variable that loads code": "hydra: {job: {env_set: {LD_PRELOAD: ./pwned.so}}}",
    "a callback of Hydra's": "hydra: {callbacks: {x: {_target_: subprocess.getoutput}}}",
    "a launcher": "hydra: {launcher: {_target_: subprocess.getoutput}}",
}


@pytest.mark.parametrize("text", CODE.values(), ids=CODE)
def test_a_config_cannot_run_code_through_hydra(folder, capfd, monkeypatch, text):
    monkeypatch.setenv("EVIL", "subprocess.Popen")
    (folder / "pwn.py").write_text("open('pwned', 'w')\n")
    (folder / "conf" / "experiment" / "evil.yaml").write_text(f"# @package _global_\n{text}\n")
    for words in (["train"], ["train", "-m", "seed=1,2"], ["train", "--info", "config"]):
        assert main([*words, *OWN, "experiment=evil"]) == 2
        assert capfd.readouterr().err.startswith("error: ")
    assert not (folder / "pwned").exists()
    assert not (folder / "outputs").exists()


@pytest.mark.parametrize(
    "place",
    ["pkg://pwn", "pkg://pwn.conf", "${oc.env:NONE,'pkg:/'}/pwn", "${oc.decode:'pkg://pwn'}", "structured://pwn"],
)
def test_configs_are_not_looked_for_in_packages_that_are_not_allowed(folder, capfd, place):
    (folder / "pwn").mkdir()
    (folder / "pwn" / "__init__.py").write_text("open('pwned', 'w')\n")
    root = {"defaults": ["train", "_self_"], "hydra": {"searchpath": [place]}}
    (folder / "conf" / "far.yaml").write_text(yaml.safe_dump(root))
    for words in ([*OWN, "--config-name", "far"], [f'hydra.searchpath=["{place}"]']):
        assert main(["train", *words, "--cfg", "job"]) == 2
        assert capfd.readouterr().err.startswith("error: ")
    assert not (folder / "pwned").exists()


def test_configs_are_looked_for_in_further_folders(folder, capfd):
    (folder / "more" / "model").mkdir(parents=True, exist_ok=True)
    (folder / "more" / "model" / "mine.yaml").write_text("_target_: litmus.model.mlp.MLP\nhidden: [3]\n")
    root = {
        "defaults": ["train", "_self_", {"override model": "mine"}],
        "hydra": {"searchpath": [f"file://{folder}/more"]},
    }
    (folder / "conf" / "far.yaml").write_text(yaml.safe_dump(root))
    assert main(["train", *OWN, "--config-name", "far", "--cfg", "job", "-p", "model.hidden"]) == 0
    assert capfd.readouterr().out == "- 3\n"
