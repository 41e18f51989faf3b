"""Bad command lines and configs: one line each, which names key, value and remedy, and no trace on the disk."""

from pathlib import Path

import pytest

from litmus.cli import main

BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 12)}]\n" for old, new in zip("abcd", "bcde", strict=True)
)
CAUSES = {
    "a command that does not exist": ("trian", ["'trian' is no command", "did you mean train?"]),
    "a flag that does not exist": ("train --mutirun", ["--mutirun: no such flag", "did you mean --multirun?"]),
    "a flag without its value": ("train --config-dir", ["--config-dir: needs a value, <dir>"]),
    "a folder of configs that is not there": ("train --config-dir nowhere", ["--config-dir 'nowhere': no such folder"]),
    "a word that is no override": ("train epochs", ["epochs: is not key=value; did you mean epochs=...?"]),
    "an empty word": ("train ", ["'': is not key=value"]),
    "a folder for Hydra outside the run": (
        "train hydra.output_subdir=../x",
        ["hydra.output_subdir: '../x' is no folder inside"],
    ),
    "a key of tables without a table": (
        "train data.target=y",
        ["data.target: is a key of your own tables; add data.path"],
    ),
    "a misspelled key of tables": ("train data.pth=a.csv", ["data.pth: no such key; did you mean data.path?"]),
    "a mapping to what is no kind": (
        "train data.path=a.csv data.kinds={z:cat}",
        ["data.kinds: must be a mapping of names, each to number, category, date", "not {z:cat}"],
    ),
    "several devices that nothing joins": (
        "train trainer.devices=7",
        ["trainer.devices: 7 need a way to share the work; did you mean trainer=ddp trainer.devices=7?"],
    ),
    "a resumed check": ("check resume=last", ["resume: check looks at what a new run would do; leave it out"]),
    "nothing to resume": ("train resume=", ["resume: is empty; write a run or sweep directory"]),
    "an option of Hydra that does not exist": ("train -m hydra/sweeper=optun", ["hydra/sweeper: no option 'optun'"]),
    "another tool's name of a metric": (
        "train criteria.acc=.9",
        ["criteria.acc: no such key; did you mean criteria.acc"],
    ),
    "a misspelled key": (
        "train trainer.max_epoch=3",
        ["trainer.max_epoch: no such key; did you mean trainer.max_epochs?"],
    ),
    "a key in the wrong place": ("train max_epochs=3", ["max_epochs: no such key; did you mean trainer.max_epochs?"]),
    "another tool's word": ("train optimizer.learning_rate=1", ["did you mean optimizer.lr?"]),
    "another tool's word at the root": ("train bs=32", ["bs: no such key; did you mean data.batch_size?"]),
    "a misspelled group": ("train modle=mlp", ["modle: no such key; did you mean model?"]),
    "a misspelled group before a key": (
        "train optimiser.lr=1",
        ["optimiser.lr: no such key; did you mean optimizer.lr?"],
    ),
    "an option that does not exist": ("train model=mpl", ["must be cnn, linear, mlp or text, not 'mpl'", "model=mlp?"]),
    "an experiment that does not exist": ("train experiment=circles_rely", ["did you mean experiment=circles_relu?"]),
    "a key that the option lacks": (
        "train optimizer.momentum=.9",
        ["optimizer.momentum: no such key; optimizer takes lr"],
    ),
    "a key of a schedule that is off": ("train scheduler.step_size=3", ["scheduler.step_size: no such key"]),
    "a word where a choice is": (
        "train model.activation=rellu",
        ["must be relu, tanh", "did you mean model.activation=relu?"],
    ),
    "text where a number is": ("train optimizer.lr=1e-3x", ["optimizer.lr: must be a number > 0, not '1e-3x'"]),
    "a switch where a number is": ("train optimizer.lr=true", ["optimizer.lr: must be a number > 0, not true"]),
    "a number out of range": ("train optimizer.lr=-1", ["optimizer.lr: must be a number > 0, not -1"]),
    "zero where there must be some": ("train trainer.max_epochs=0", ["a whole number >= 1, -1 or auto, not 0"]),
    "a share of more than all": ("train model.dropout=1.5", ["model.dropout: must be a number >= 0 and < 1, not 1.5"]),
    "momentum of one": (
        "train optimizer=sgd optimizer.momentum=1",
        ["optimizer.momentum: must be a number >= 0 and < 1"],
    ),
    "not a number": ("train optimizer.lr=nan", ["optimizer.lr: must be a number > 0, not nan"]),
    "infinity": ("train optimizer.weight_decay=inf", ["optimizer.weight_decay: must be a number >= 0, not inf"]),
    "a fraction where a count is": (
        "train data.batch_size=2.5",
        ["data.batch_size: must be a whole number >= 1 or null"],
    ),
    "a bad item of a list": ("train model.hidden=[8,0]", ["a list, each a whole number >= 1, not [8,0]"]),
    "one value where a list is": (
        "train model.hidden=64",
        ["model.hidden: must be a list, each a whole number >= 1, not 64"],
    ),
    "a list where one value is": ("train seed=[1,2]", ["seed: must be a whole number >= 0", "not [1,2]"]),
    "nothing where something is": ("train optimizer.lr=null", ["optimizer.lr: must be a number > 0, not null"]),
    "a name that is a path": ("train name=../up", ["name: must be a name of 1 to 100 letters", "not '../up'"]),
    "an empty path": ("train data.path=", ["data.path: is empty; write a value after the ="]),
    "a monitor on the test split": ("train monitor=test/loss", ["monitor: must be a logged value of train or val"]),
    "a status to fail on that is none": ("train fail_on=inadequat", ["did you mean fail_on=inadequate?"]),
    "probes neither on nor off": ("train verdict.probes=of", ["must be auto or off, not 'of'", "verdict.probes=off?"]),
    "a finding that does not exist": ("train verdict.accept=[target_leak:x]", ["'target_leak:x'", "target_leakage:x?"]),
    "a sweep without -m": ("train optimizer.lr=.1,.01", ["is several values; a sweep needs -m"]),
    "brackets that do not close": ("train model.hidden=[64,64", ["model.hidden: cannot read '[64,64'", "quote it"]),
    "a bad point of a sweep": ("train -m optimizer.lr=.1,-1", ["optimizer.lr: must be a number > 0, not -1"]),
    "a bad option in a sweep": ("train -m model=mlp,mpl", ["model: must be", "did you mean model=mlp?"]),
    "a class that configs may not name": ("train model._target_=os.system", ["--allow <package>"]),
    "a class that does not exist": ("train optimizer._target_=torch.optim.Adm", ["did you mean torch.optim.Adam?"]),
    "a class of the wrong kind": ("train optimizer._target_=torch.nn.ReLU", ["it is no Optimizer"]),
    "a package that is not trusted": ("train model._target_=mine.Model", ["trust a package of your own by --allow"]),
    "a package that is not there": ("train --allow absent model._target_=absent.Model", ["no package 'absent'"]),
    "no package's name": ("train --allow ./x", ["--allow './x': not the name of a package"]),
    "an interpolation that leads nowhere": ("train model.hidden=${nowhere}", ["model.hidden: ", "nowhere"]),
    "an environment variable that is not set": ("train logger.x=${oc.env:LITMUS_UNSET}", ["LITMUS_UNSET is not set"]),
    "a key of Hydra's that does not exist": ("train hydra.nonsense=1", ["hydra"]),
    "the checkpoint left out": ("train callback.checkpoint=null", ["callback.checkpoint", "cannot be left out"]),
    "a group left out": ("train ~model", ["model", "missing from the config"]),
    "code through Hydra's callbacks": ("train hydra.callbacks.x._target_=os.getcwd", ["hydra"]),
    "a launcher that does not exist": (
        "train -m hydra/launcher=jobli",
        ["'jobli'; did you mean hydra/launcher=joblib?"],
    ),
    "code in place of a launcher": ("train hydra.launcher._target_=os.getcwd", ["is no Hydra plugin"]),
    "a part of the config that does not exist": ("train --cfg job --package modle", ["modle: no such key"]),
    "a kind of config that does not exist": ("train --cfg jobb", ["--cfg: must be job, hydra or all, not 'jobb'"]),
    "a run to resume that is not there": ("train resume=nowhere", ["resume=nowhere: no such directory"]),
    "nothing that last could mean": ("train resume=last", ["holds no run that last could mean"]),
    "a place that cannot hold runs": ("train output_dir=file/out", ["output_dir: cannot make a run directory"]),
    "a command without what it needs": ("evaluate", ["checkpoint=... missing; usage: litmus evaluate"]),
    "a key that a command lacks": ("predict checkpint=a", ["no such key 'checkpint'; did you mean checkpoint?"]),
    "a port that is none": ("board port=http", ["port: must be a whole number >= 1 and <= 65535, not 'http'"]),
    "a shell that is not known": ("completion fish", ["no script for 'fish'; it knows bash and zsh"]),
}
FILES = {
    "an option that does not exist": (
        "defaults:\n  - override /model: mpl\n",
        ["model: no option 'mpl'", "model=mlp?"],
    ),
    "YAML that is torn": ("a: [1\nb: 2\n", ["mine.yaml, line 3: not valid YAML"]),
    "a bomb of aliases": (BOMB, ["its aliases stand for more than"]),
    "a misspelled key": (
        "trainer:\n  max_epoch: 3\n",
        ["trainer.max_epoch: no such key; did you mean trainer.max_epochs?"],
    ),
    "text where a number is": ("optimizer:\n  lr: small\n", ["optimizer.lr: must be a number > 0, not 'small'"]),
    "a class that configs may not name": ("model:\n  _target_: builtins.eval\n", ["'builtins.eval' is not a class"]),
}


@pytest.fixture(autouse=True)
def nothing_trains(monkeypatch):
    """What reaches the training was not refused."""

    def reached(*_, **__):
        pytest.fail("training began")

    monkeypatch.setattr("litmus.cli.job.Job.__call__", reached)


def predicted(capsys, status: int, *, lines: int = 1) -> str:
    """The one error line, held to the rules of all of them."""
    out, err = capsys.readouterr()
    assert status == 2
    assert out == ""
    found = err.splitlines()
    assert len(found) == lines, err
    assert all(line.startswith("error: ") and len(line) <= len("error: ") + 300 for line in found)
    assert "Traceback" not in err
    assert " +" not in err
    return err


@pytest.mark.parametrize("cause", CAUSES)
def test_a_bad_line_is_refused_with_one_line_and_leaves_no_trace(cause, capsys):
    line, wanted = CAUSES[cause]
    Path("file").touch()
    err = predicted(capsys, main(line.split(" ")))
    assert [part for part in wanted if part not in err] == [], err
    assert [path.name for path in Path().iterdir()] == ["file"]


@pytest.mark.parametrize("cause", FILES)
def test_a_bad_config_file_is_refused_alike(cause, capsys, tmp_path):
    text, wanted = FILES[cause]
    folder = tmp_path / "conf" / "experiment"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text(f"# @package _global_\n{text}")
    err = predicted(capsys, main(["train", "--config-dir", "conf", "experiment=mine"]))
    assert [part for part in wanted if part not in err] == [], err
    assert [path.name for path in Path().iterdir()] == ["conf"]


def test_several_causes_are_told_together_a_line_each(capsys):
    err = predicted(capsys, main(["train", "epochs=3", "optimizer.lr=-1", "model.activation=rellu"]), lines=3)
    assert all(key in err for key in ("epochs", "optimizer.lr", "model.activation"))


def test_a_path_that_would_overflow_the_line_is_cut(capsys):
    err = predicted(capsys, main(["train", f"model.activation={'x' * 1000}"]))
    assert "..." in err
