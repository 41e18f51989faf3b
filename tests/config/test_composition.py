"""Configs composed by Hydra, with its complaints in our words."""

from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from litmus.config import check, compose, conf_dir
from litmus.config.command_words import Library
from litmus.errors import ConfigError

OPTIONS = Library((conf_dir(),)).options
NEEDED = {"csv": ["data.path=x", "data.target=y"], "parquet": ["data.path=x", "data.target=y"], "text": ["data.path=x"]}
NEEDED["image_folder"] = ["data.path=x"]


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """A user's config folder."""
    (tmp_path / "conf" / "experiment").mkdir(parents=True)
    (tmp_path / "conf" / "model").mkdir()
    return tmp_path / "conf"


@pytest.mark.parametrize("place", range(max(len(names) for group, names in OPTIONS.items() if group != "experiment")))
def test_every_shipped_option_composes_and_checks(place):
    """One option of each group at a time: what is wrong with one node does not depend on another."""
    chosen = {group: names[place % len(names)] for group, names in OPTIONS.items() if group != "experiment"}
    words = [f"{group}={option}" for group, option in chosen.items()] + NEEDED.get(chosen["data"], [])
    assert check(compose(words)) == []


@pytest.mark.parametrize("experiment", OPTIONS.get("experiment", []))
def test_every_shipped_experiment_composes_and_checks(experiment):
    assert check(compose([f"experiment={experiment}"])) == []


def test_the_default_config_checks_and_is_named_after_data_and_model():
    cfg = compose()
    assert check(cfg) == []
    assert cfg.name == "breast_cancer_mlp"
    assert "hydra" not in cfg


def test_an_experiment_gives_its_name(user):
    (user / "experiment" / "mine.yaml").write_text("# @package _global_\ndefaults:\n  - override /model: linear\n")
    cfg = compose(["experiment=mine"], config_dir=user)
    assert cfg.name == "mine"
    assert cfg.model._target_ == "litmus.model.linear.Linear"
    assert compose(["experiment=mine", "name=other"], config_dir=user).name == "other"


def test_values_arrive_with_the_types_that_were_meant(user):
    (user / "experiment" / "mine.yaml").write_text(
        "# @package _global_\nname: 2024\nverdict:\n  probes: off\nmodel:\n  norm: off\ntask:\n  positive: 1\n"
    )
    cfg = compose(["experiment=mine"], config_dir=user)
    assert (cfg.name, cfg.verdict.probes, cfg.model.norm, cfg.task.positive) == ("2024", "off", "none", "1")
    assert check(cfg) == []


def test_a_folder_of_ones_own_adds_options(user):
    (user / "model" / "wide.yaml").write_text("_target_: litmus.model.mlp.MLP\nhidden: [512]\n")
    assert compose(["model=wide"], config_dir=user).model.hidden == [512]


def test_composing_leaves_hydra_as_it_was():
    before = GlobalHydra.instance().hydra
    compose()
    assert GlobalHydra.instance().hydra is before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("defaults:\n  - override /model: mpl\n", r"model: no option 'mpl'; did you mean model=mlp\?"),
        ("name: ${nowhere}\n", "nowhere"),
        ("output_dir: ${oc.env:LITMUS_NOT_SET}\n", "environment variable LITMUS_NOT_SET is not set"),
        ("a: [1\nb: 2\n", r"mine\.yaml, line \d+: not valid YAML"),
        ("hydra:\n  callbacks:\n    x:\n      _target_: os.system\n", "Hydra's callbacks would run code"),
        ("hydra:\n  launcher:\n    _target_: os.system\n", "hydra.launcher._target_: 'os.system' is no Hydra plugin"),
        (
            "a: &a [x,x,x,x,x,x,x,x,x,x,x,x]\n"
            + "".join(f"{n}: &{n} [{','.join([f'*{o}'] * 12)}]\n" for o, n in zip("abcd", "bcde", strict=True)),
            "aliases stand for",
        ),
    ],
    ids=["option", "interpolation", "environment", "yaml", "callback", "launcher", "bomb"],
)
def test_what_hydra_complains_about_becomes_one_line_of_ours(user, text, message):
    (user / "experiment" / "mine.yaml").write_text(f"# @package _global_\n{text}")
    with pytest.raises(ConfigError, match=message) as caught:
        _compose_and_check(user)
    assert "+" not in str(caught.value)
    assert len(str(caught.value)) <= 300


def _compose_and_check(user: Path) -> None:
    if problems := check(compose(["experiment=mine"], config_dir=user)):
        raise ConfigError(problems)


def test_a_config_folder_that_is_not_there_is_refused():
    with pytest.raises(ConfigError, match="--config-dir 'nowhere': no such folder"):
        compose(config_dir="nowhere")


def test_unknown_keys_of_hydra_itself_are_refused_without_advice_to_add_a_plus():
    with pytest.raises(ConfigError, match="hydra") as caught:
        compose(["hydra.nonsense=3"])
    assert "+hydra" not in str(caught.value)


@pytest.mark.parametrize("node", ["null", "text", "[1]", "7", "{run: null}", "{job: null}", "{sweeper: 3}", "{no: 1}"])
def test_a_hydra_node_of_a_users_own_works_or_is_refused_in_one_line(user, capsys, node):
    from litmus.cli import main

    (user / "experiment" / "mine.yaml").write_text(f"# @package _global_\nhydra: {node}\n")
    for words in (["--cfg", "job"], ["data=iris"]):
        status = main(["check", "--config-dir", str(user), "experiment=mine", *words])
        error = capsys.readouterr().err
        assert (status, error) == (0, "") or (status == 2 and error.startswith("error: ") and error.count("\n") == 1)


LINE = "optimizer._target_=torch.optim."


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ([f"{LINE}LBFGS"], {"lr": 1}),
        ([f"{LINE}NAdam"], {"lr": 0.002}),
        ([f"{LINE}NAdam", "optimizer.lr=0.1"], {"lr": 0.1}),
        ([f"{LINE}NAdam", "optimizer=sgd"], {"lr": 0.002}),
        ([f"{LINE}SGD", "optimizer=sgd"], {"lr": 0.01, "momentum": 0.0, "weight_decay": 0.0}),
        ([f"{LINE}Adagrad", "experiment=circles_relu"], {"lr": 0.3}),
    ],
)
def test_a_target_on_the_line_replaces_the_option_that_stood_there(words, keys):
    cfg = compose(words)
    assert {key: value for key, value in cfg.optimizer.items() if not key.startswith("_")} == keys
    assert check(cfg) == []


def test_a_key_that_the_new_target_does_not_take_is_complained_of_where_the_line_has_it():
    problems = check(compose([f"{LINE}LBFGS", "optimizer.weight_decay=0.0"]))
    assert [problem.key for problem in problems] == ["optimizer.weight_decay"]


def test_a_target_in_a_file_keeps_the_keys_that_it_takes(user):
    text = "# @package _global_\noptimizer:\n  _target_: torch.optim.LBFGS\n  lr: 0.001\n"
    (user / "experiment" / "mine.yaml").write_text(text)
    cfg = compose(["experiment=mine"], config_dir=user)
    assert dict(cfg.optimizer) == {"_target_": "torch.optim.LBFGS", "_partial_": True, "lr": 0.001}
    assert check(cfg) == []


def test_an_option_over_another_one_is_replaced_whole():
    cfg = compose(["trainer=cpu", "trainer._target_=lightning.pytorch.Trainer"])
    assert set(cfg.trainer) == {"_target_"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ExponentialLR", "gamma=.9"], ""),
        (["ExponentialLR", "gamma=.9", "interval=step"], ""),
        (["CyclicLR", "base_lr=.1", "max_lr=.2"], ""),
        (["ExponentialLR"], "scheduler.gamma: is required: a number"),
        (["ExponentialLR", "gamma=x"], "scheduler.gamma: must be a number, not 'x'"),
        (["ExponentialLR", "gamma=.9", "interval=week"], "scheduler.interval: must be epoch or step, not 'week'"),
        (["ExponentialLR", "gama=.9", "gamma=.9"], "scheduler.gama: no such key; did you mean scheduler.gamma?"),
    ],
)
def test_any_scheduler_of_torchs_is_checked_by_its_signature(words, said):
    name, *settings = words
    target = f"scheduler._target_=torch.optim.lr_scheduler.{name}"
    problems = check(compose([target, *(f"scheduler.{setting}" for setting in settings)]))
    assert "; ".join(map(str, problems)) == said
