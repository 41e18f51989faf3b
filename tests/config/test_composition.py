"""Configs composed by Hydra, with its complaints in our words."""

from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from litmus.config import check, compose, conf_dir
from litmus.config.words import Library
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
        ("hydra:\n  callbacks:\n    x:\n      _target_: os.system\n", "may not run code through Hydra's callbacks"),
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
